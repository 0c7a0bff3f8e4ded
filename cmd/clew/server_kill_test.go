package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/screen"
	"clew/server"
	"clew/store/journal"
)

// acked is what clients of a server were told before it died.
type acked struct {
	mu       sync.Mutex
	jobs     []string // accepted with 202
	verdicts []string // given with 200
	requests []string // ids of the calls that were answered
}

func (a *acked) note(status int, request string, body []byte) error {
	var got struct{ ID string }
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, request)
	if status == http.StatusAccepted {
		a.jobs = append(a.jobs, got.ID)
	} else {
		a.verdicts = append(a.verdicts, got.ID)
	}
	return nil
}

func (a *acked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.requests)
}

// TestServeKilledUnderLoad kills clew serve several times while several clients ask for verdicts and jobs.
// What a client was told is so: each verdict is there, each job ends, and is told to the webhook; the log of
// calls has an entry for each answer, and every hash of it agrees.
func TestServeKilledUnderLoad(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.clew(0, "demo", "--quiet")
	h.clew(0, "incident", "add", "clew-demo/peel/trace.json", "--quiet")
	subjects := placesOfDemo(t, h, "peel", 60)
	args := []string{"--allow-webhook", "127.0.0.0/8"}
	h.serve(args...)
	hooks := h.receives(server.EventScreened)
	var told acked
	for round := range 3 {
		var clients sync.WaitGroup
		began := told.count()
		for client := range 6 {
			clients.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(round), uint64(client)))
				for n := 0; ; n++ {
					mode := [...]string{"async", "async", "sync", "auto"}[rng.IntN(4)]
					id := fmt.Sprintf("call-%d-%d-%d", round, client, n)
					body := fmt.Sprintf(`{"subject":%s,"mode":%q}`, subjects[rng.IntN(len(subjects))], mode)
					headers := []string{"X-Request-Id", id}
					if rng.IntN(3) == 0 {
						headers = append(headers, "Idempotency-Key", id)
					}
					status, text, err := h.ask(http.MethodPost, "/v1/screenings", body, headers...)
					if err != nil {
						return // it was killed
					}
					if status/100 != 2 {
						t.Errorf("%d: %s", status, text)
						return
					}
					if err := told.note(status, id, text); err != nil {
						t.Error(err)
					}
				}
			})
		}
		h.waits("enough was answered", func() bool { return told.count() > began+150 || t.Failed() })
		h.kill()
		clients.Wait()
		h.serve(args...)
	}
	require.NotEmpty(t, told.jobs)
	require.NotEmpty(t, told.verdicts)
	for _, id := range told.verdicts {
		v, err := screen.ReadVerdict(h.wants(http.StatusOK, http.MethodGet, "/v1/screenings/"+id, "", nil))
		require.NoError(t, err)
		require.Equal(t, id, v.ID)
	}
	verdictOf := map[string]string{}
	for _, id := range told.jobs {
		done := h.job(id)
		require.NotEmpty(t, done.Screening)
		verdictOf[id] = done.Screening
	}
	h.waits("every job is told to the webhook", func() bool {
		heard := map[string]string{}
		for _, e := range hooks.events(t, server.EventScreened) {
			var of struct{ Job, Screening string }
			require.NoError(t, json.Unmarshal(e.Data, &of))
			require.Empty(t, heard[of.Job], "an event is told again under its own id alone")
			heard[of.Job] = of.Screening
		}
		for id, verdict := range verdictOf {
			if heard[id] == "" {
				return false
			}
			require.Equal(t, verdict, heard[id])
		}
		return true
	})
	h.stop()
	h.callsLogged(told.requests)
	t.Logf("%d answers, %d jobs", len(told.requests), len(told.jobs))
}

// callsLogged checks every hash of the log of calls, and that each of these requests stands in it.
func (h *house) callsLogged(requests []string) {
	h.t.Helper()
	h.clew(0, "log", "verify", "--calls")
	j, err := journal.Open(h.t.Context(), h.dir+"/clew.screening.db", journal.Options{ReadOnly: true})
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, j.Close()) }()
	logged := map[string]int{}
	for after := int64(0); ; {
		lines, err := j.LogLines(h.t.Context(), after, 1000)
		require.NoError(h.t, err)
		if len(lines) == 0 {
			break
		}
		for i := range lines {
			after = lines[i].Seq
			var e struct {
				Details struct{ Request string }
			}
			require.NoError(h.t, json.Unmarshal([]byte(lines[i].Entry), &e))
			logged[e.Details.Request]++
		}
	}
	for _, id := range requests {
		require.Equal(h.t, 1, logged[id], "entries of request %s", id)
	}
}
