package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/server/webhook"
	"clew/store/journal"
)

// The test binary plays the process that sends: CLEW_WEBHOOK_CHILD names its journal, and
// CLEW_WEBHOOK_LATER how much later than now it is there.
func TestMain(m *testing.M) {
	path := os.Getenv("CLEW_WEBHOOK_CHILD")
	if path == "" {
		os.Exit(m.Run())
	}
	if err := childSend(path, os.Getenv("CLEW_WEBHOOK_LATER")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childSend sends what is due until it is killed, or until its standard input ends.
func childSend(path, later string) error {
	ahead, err := time.ParseDuration(later)
	if err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(ahead) }
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j, err := journal.Open(ctx, path, journal.Options{Now: now})
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // however it ends
		cancel()
	}()
	webhook.NewSender(j, webhook.Options{Guard: loopback(), Now: now, Poll: 5 * time.Millisecond}).Run(ctx)
	return j.Close()
}

// TestKilledSenderLosesNothing kills the process that sends in the middle of it, again and again:
// every event arrives, and what arrives twice has the same id. What its process had in hand is sent
// by the next one when the lease is over.
func TestKilledSenderLosesNothing(t *testing.T) {
	const events, perRound = 60, 13
	path := filepath.Join(t.TempDir(), "j.db")
	j, err := journal.Open(t.Context(), path, journal.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })

	got := make(chan string)
	secret, err := webhook.NewSecret()
	require.NoError(t, err)
	server, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = webhook.Verify(secret, r.Header, body, 24*time.Hour)
		}
		id := r.Header.Get(webhook.HeaderID)
		if err != nil {
			id = err.Error()
		}
		select {
		case got <- id: // taken, then killed before or behind the answer
		case <-r.Context().Done():
		}
	})
	var all []journal.Delivery
	for i := range events {
		all = append(all, event(i, "e", ""))
	}
	put(t, j, []journal.Endpoint{{ID: "e", URL: server.URL, Secret: secret}}, all...)

	taken := map[string]int{}
	rounds := 0
	for ; len(taken) < events; rounds++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CLEW_WEBHOOK_CHILD="+path, fmt.Sprintf("CLEW_WEBHOOK_LATER=%dm", rounds))
		cmd.Stderr = os.Stderr
		_, err := cmd.StdinPipe() // it ends when this process does
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		for n := 0; n < perRound && len(taken) < events; n++ {
			taken[<-got]++
		}
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
	}
	require.GreaterOrEqual(t, rounds, events/perRound)
	for _, d := range all {
		require.NotZero(t, taken[d.ID], d.ID)
	}
	require.Len(t, taken, events, "nothing else came")
}
