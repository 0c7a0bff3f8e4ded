package watch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen/watch"
	"clew/store"
	"clew/store/journal"
)

// The test binary plays the process that watches: CLEW_WATCH_CHILD names the folder of its store and
// journal.
func TestMain(m *testing.M) {
	dir := os.Getenv("CLEW_WATCH_CHILD")
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := childWatch(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childWatch looks through what is new.
func childWatch(ctx context.Context, dir string) (err error) {
	s, err := store.Open(ctx, filepath.Join(dir, "clew.db"), store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	j, err := journal.Open(ctx, filepath.Join(dir, "clew.screening.db"), journal.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	w, err := watch.NewWatcher(watch.Options{Journal: j, Chains: views{s}, Codec: codec{}})
	if err != nil {
		return err
	}
	return w.OnBlocks(ctx, regtest)
}

// ids are the events in a journal, in their order.
func (r *rig) ids() []string {
	r.t.Helper()
	all := r.queued()
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].ID
	}
	return out
}

// TestKilledWatcherTellsEachOnce kills the process that watches again and again, in the middle of a long
// stretch of blocks. What is told in the end is what one that was never killed tells, in its order.
func TestKilledWatcherTellsEachOnce(t *testing.T) {
	const blocks = 600
	build := func() *rig {
		r := newRig(t)
		r.sink("end-1")
		c := newMade(r)
		last := c.block("thief")
		for range blocks {
			next := c.block("thief")
			c.tx([]chains.OutPoint{last}, pay{"shop", 1}, pay{"thief", 2})
			last = next
		}
		c.save()
		r.watch(at("thief"), watch.Settings{Seen: 0})
		r.watch(at("shop"), watch.Settings{Seen: 0})
		return r
	}
	straight := build()
	straight.onBlocks()
	want := straight.ids()
	require.Len(t, want, 3*blocks)

	r := build()
	kills := 0
	for told := -1; told < len(want); {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CLEW_WATCH_CHILD="+r.dir)
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		before := told
		for told == before { // until it has written some more
			all, _, err := r.journal.Deliveries(t.Context(), "", 0, 2*len(want))
			require.NoError(t, err)
			told = len(all)
		}
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it may have ended well just before
		kills++
	}
	require.Greater(t, kills, 1)
	r.onBlocks() // the last one may not have said how far it came
	got := r.ids()
	require.Equal(t, want, got)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(got))), len(want), "each once")
}
