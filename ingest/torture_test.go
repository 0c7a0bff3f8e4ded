package ingest_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin/nodetest"
	"clew/store"
)

// tortures is how many rounds TestTorture has unless CLEW_TORTURE_N says. CLEW_TORTURE_SEED
// repeats what was drawn in the run that printed it.
const tortures = 6

// rack is what a TestTorture works with.
type rack struct {
	*game
	program string
	db      string
	middle  *middle
	mount   bool
	whole   time.Duration // that a sync in peace takes
	size    int64         // of its store, in KiB
	kept    map[chains.BlockHash]bool
	counts  map[string]int
}

// The program syncs as a process of its own from a real node. It is killed, runs out of room, is told nonsense, and the chain changes under it, in
// rounds of which each adds some of that. Whatever happens the store opens, is sound and has
// whole batches, an end other than by a kill is success or a named error, and a sync in peace
// leads to the same store as a fresh one.
func TestTorture(t *testing.T) {
	t.Parallel()
	n := number(t, "CLEW_TORTURE_N", tortures)
	seed := uint64(number(t, "CLEW_TORTURE_SEED", int(time.Now().Unix())))
	t.Logf("%d rounds; CLEW_TORTURE_SEED=%d repeats them", n, seed)
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(50, 100, seed)
	r := &rack{
		game: &game{t: t, node: node}, program: build(t), middle: newMiddle(t, node.URL), mount: canMount(t),
		db: filepath.Join(t.TempDir(), "tortured.db"), kept: map[chains.BlockHash]bool{}, counts: map[string]int{},
	}
	began := time.Now()
	calm := filepath.Join(t.TempDir(), "calm.db")
	r.through(calm)
	r.whole, r.size = time.Since(began), kib(t, calm)
	for i := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		t.Logf("round %d", i+1)
		r.round(rng)
		if rng.IntN(4) == 0 {
			r.peace()
		}
	}
	r.peace()
	t.Logf("%v", r.counts)
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// sync starts `clew sync` on the node at url.
func (r *rack) sync(db, url string, on disk, kib int64, batch int) *child {
	return start(r.t, r.program, db, on, kib, "sync", "--rpc", url, "--rpc-cookie", r.node.CookieFile, "--batch", strconv.Itoa(batch))
}

// round runs one sync with what is drawn for it.
func (r *rack) round(rng *rand.Rand) {
	r.t.Helper()
	have := r.check()
	if have >= r.node.Height()-5 { // little is left to be read
		require.NoError(r.t, os.Remove(r.db))
		clear(r.kept)
		have = -1
	}
	// Most is left of the blocks that have transactions.
	left := r.node.Height() - max(have, empty)
	p := newPlan(rng)
	defer p.finish()
	first := int(max(0, empty-have))
	for range rng.IntN(5) {
		p.gates[first+rng.IntN(int(max(1, left)))] = true
	}
	for range rng.IntN(2) * (1 + rng.IntN(6)) {
		p.faults[1+rng.IntN(3*int(max(1, left))+3*first)] = faults[rng.IntN(len(faults))]
	}
	on, room := roomy, int64(0)
	switch rng.IntN(5) {
	case 0:
		on = limited
	case 1:
		if r.mount {
			on = mounted
		}
	}
	if on != roomy {
		room = kib(r.t, r.db) + rng.Int64N(r.size)
	}
	batch := []int{1, 500, 2000, 1e6}[rng.IntN(4)]
	r.t.Logf("  have %d of %d, batches of %d, %s (%d KiB), stops at %v, faults %v", have, r.node.Height(), batch, on, room, slices.Collect(maps.Keys(p.gates)), p.faults)
	r.middle.play(p)
	c := r.sync(r.db, r.middle.url, on, room, batch)
	r.watch(c, p, rng)
	p.finish()
	r.middle.play(nil)
	r.judge(c, p, on)
}

// watch does what was drawn at the gates of a run, until it has ended. Many are killed.
func (r *rack) watch(c *child, p *plan, rng *rand.Rand) {
	r.t.Helper()
	var timer <-chan time.Time
	if rng.IntN(4) == 0 {
		timer = time.After(time.Duration(rng.Int64N(int64(r.whole))))
	}
	for {
		select {
		case <-c.ended:
			return
		case <-timer:
			c.kill(r.t)
			return
		case <-p.reached:
		}
		switch rng.IntN(8) {
		case 0:
			c.kill(r.t)
			return
		case 1: // some while after this
			timer = time.After(time.Duration(rng.Int64N(int64(r.whole / 16))))
		case 2, 3:
			r.note(r.back)
		default:
			r.note(func() { r.reorganise(rng, 1+rng.Int64N(20)) })
		}
		select {
		case p.pass <- struct{}{}:
		case <-c.ended:
			return
		}
	}
}

// judge says whether a run ended as it may.
func (r *rack) judge(c *child, p *plan, on disk) {
	r.t.Helper()
	switch code := c.code(); {
	case code < 0 || code == 128+9: // by the shell's word
		r.count("killed")
	case code == 0:
		r.count("went through")
	default:
		said := c.last(r.t)
		r.t.Logf("  ended with %d: %s (%s)", code, said.Message, said.Hint)
		require.True(r.t, named(said.Message), "%d: %s", code, c.stderr.String())
		switch {
		case strings.Contains(said.Message, store.ErrFull.Error()), strings.Contains(said.Message, store.ErrDisk.Error()):
			require.NotEqual(r.t, roomy, on)
			require.Contains(r.t, said.Message, filepath.Base(r.db), "where")
			require.Regexp(r.t, "free (some )?space", said.Message+said.Hint, "the way out")
			r.count("no room, " + string(on))
		default:
			require.NotEmpty(r.t, p.done, "an error without a reason")
			r.count("a named error")
		}
	}
	for _, fault := range p.done {
		r.t.Logf("  happened: %s", fault)
		r.count(fault[:strings.LastIndex(fault, " of ")])
	}
	r.check()
}

func (r *rack) count(what string) { r.counts[what]++ }

// kib returns the size of a store; 0 where there is none.
func kib(t *testing.T, db string) int64 {
	t.Helper()
	sum := int64(0)
	for _, end := range []string{"", "-wal"} {
		info, err := os.Stat(db + end)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		sum += info.Size() / 1024
	}
	return sum
}

// check opens the store, which must be sound and begin at block 0, and returns its last
// block; −1 where there is none.
func (r *rack) check() int64 {
	r.t.Helper()
	st, err := store.Open(context.Background(), r.db, store.Options{Create: true})
	require.NoError(r.t, err, "a store whose sync broke off opens")
	defer func() { require.NoError(r.t, st.Close()) }()
	problems, err := st.Check(context.Background())
	require.NoError(r.t, err)
	require.Empty(r.t, problems)
	spans, err := st.Spans(context.Background(), regtest)
	require.NoError(r.t, err)
	require.LessOrEqual(r.t, len(spans), 1)
	if len(spans) == 0 {
		return -1
	}
	require.Zero(r.t, spans[0].From)
	return spans[0].To
}
