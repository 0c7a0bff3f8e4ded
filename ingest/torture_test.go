package ingest_test

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/store"
)

// tortures is how often TestTorture kills a sync unless CLEW_TORTURE_N says.
const tortures = 3

// victim is a process of this test binary that syncs.
type victim struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	last  string          // the last line that it printed
	says  strings.Builder // on standard error
}

func startVictim(t *testing.T, node *nodetest.Bitcoind, path string, batch int) *victim {
	t.Helper()
	v := &victim{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	v.cmd.Env = append(os.Environ(), tortureNode+"="+node.URL, tortureCookie+"="+node.CookieFile,
		tortureStore+"="+path, tortureBatch+"="+strconv.Itoa(batch))
	out, err := v.cmd.StdoutPipe()
	require.NoError(t, err)
	v.cmd.Stderr = &v.says
	require.NoError(t, v.cmd.Start())
	v.lines = bufio.NewScanner(out)
	return v
}

// readTo reads what it prints until it has read a block of that height, or is done.
func (v *victim) readTo(height int64) (reached bool) {
	for v.lines.Scan() {
		v.last = v.lines.Text()
		if h, err := strconv.ParseInt(v.last, 10, 64); err == nil && h >= height {
			return true
		}
	}
	return false
}

// finish lets it end by itself.
func (v *victim) finish(t *testing.T) {
	t.Helper()
	v.readTo(1 << 40)
	require.NoError(t, v.cmd.Wait(), v.says.String())
	require.Contains(t, v.last, "done")
}

// kill ends it as a loss of power would, that long after now at the latest.
func (v *victim) kill(t *testing.T, after time.Duration) {
	t.Helper()
	timer := time.AfterFunc(after, func() {
		if err := v.cmd.Process.Kill(); err != nil {
			t.Logf("it was gone already: %v", err)
		}
	})
	defer timer.Stop()
	v.readTo(1 << 40) // until it is gone
	err := v.cmd.Wait()
	if err != nil && v.cmd.ProcessState.Exited() { // not by a signal
		require.NoError(t, err, v.says.String())
	}
}

// A process that syncs from a real node is killed at random moments, again and again, and
// between that the chain is reorganised: the store then has what a sync in peace has.
func TestTorture(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(os.Getenv("CLEW_TORTURE_N"))
	if err != nil {
		n = tortures
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("random seed %d, %d kills", seed, n)
	rng := rand.New(rand.NewPCG(seed, 0))
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(60, 300, seed)

	peace := openStore(t)
	syncAll(t, dial(t, node), peace)
	path := filepath.Join(t.TempDir(), "tortured.db")
	began := time.Now()
	startVictim(t, node, filepath.Join(t.TempDir(), "quick.db"), 2000).finish(t)
	whole := time.Since(began)

	kept := map[chains.BlockHash]bool{}
	for i := range n {
		batch := []int{1, 500, 2000, 1e6}[rng.IntN(4)]
		from := int64(99) // below, blocks are empty
		if have := torturedSpans(t, path); len(have) > 0 {
			from = max(from, have[0].To)
		}
		if from >= node.Height()-5 && len(kept) == 0 { // nothing is left to be killed in
			require.NoError(t, os.Remove(path))
			from = 99
		}
		v := startVictim(t, node, path, batch)
		if i%2 == 0 { // in the midst of the reading
			v.readTo(from + rng.Int64N(max(1, node.Height()-from)))
			v.kill(t, time.Duration(rng.Int64N(int64(whole/16))))
		} else {
			v.kill(t, time.Duration(rng.Int64N(int64(whole/2))))
		}
		t.Logf("kill %d, batches of %d: the last line was %q, the store has %v", i+1, batch, v.last, torturedSpans(t, path))
		switch {
		case i%3 == 0:
			reorganise(t, node, rng, path, kept)
		case i%6 == 5:
			atPeace(t, node, path, kept)
		}
	}
	atPeace(t, node, path, kept)
	atPeace(t, node, path, kept)
}

// atPeace lets a sync come to its end and compares the store with a fresh one. The blocks of
// kept must be its history, and are forgotten.
func atPeace(t *testing.T, node *nodetest.Bitcoind, path string, kept map[chains.BlockHash]bool) {
	t.Helper()
	startVictim(t, node, path, 2000).finish(t)
	st, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	same(t, fresh(t, dial(t, node)), dump(t, st))
	sound(t, st)
	for _, hash := range stale(t, st) {
		delete(kept, hash)
	}
	require.Empty(t, kept, "blocks that left the chain are kept")
}

// torturedSpans returns what the store in a file has; none where there is no store yet.
func torturedSpans(t *testing.T, path string) []ingest.Span {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{Create: true})
	require.NoError(t, err, "a store whose process was killed opens")
	defer func() { require.NoError(t, st.Close()) }()
	have := spans(t, st)
	require.LessOrEqual(t, len(have), 1)
	if len(have) == 1 {
		require.Zero(t, have[0].From)
	}
	return have
}

// reorganise replaces some blocks at the top of the chain, and notes those of them that the
// store has: it must keep them.
func reorganise(t *testing.T, node *nodetest.Bitcoind, rng *rand.Rand, path string, kept map[chains.BlockHash]bool) {
	t.Helper()
	have := torturedSpans(t, path)
	depth := 1 + rng.Int64N(20)
	fork := node.Height() - depth
	for i, hash := range replace(node, fork, int(depth)+1) {
		if len(have) > 0 && fork+1+int64(i) <= have[0].To {
			kept[hash] = true
		}
	}
	t.Logf("%d blocks left the chain, of which the store has %d", depth, len(kept))
}
