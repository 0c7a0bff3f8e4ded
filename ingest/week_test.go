package ingest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/bench/chaingen"
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/store"
	"clew/tracer"
)

// week is a chain like a week of Bitcoin's main network, or a smaller one, on a server that
// can reorganise it.
type week struct {
	t       *testing.T
	rng     *rand.Rand
	blocks  int // beside block 0
	batch   int
	program string
	db      string
	server  *chaingen.Server
	door    *middle
	busiest chains.Address // of the chain
	fork    int            // the height from which branches differ
	shared  []chaingen.Record
	branch  [][]chaingen.Record // each one block longer than the one before
}

// A week of blocks is read, is killed and goes on, is reorganised twice while it is read, and
// is traced: the store is that of a sync in peace, and traces from the store, over the node
// and from the recording agree. CLEW_WEEK_BLOCKS and CLEW_WEEK_TXS say how large it is.
func TestWeek(t *testing.T) {
	t.Parallel()
	w := newWeek(t, number(t, "CLEW_WEEK_BLOCKS", 60), number(t, "CLEW_WEEK_TXS", 300))
	w.killed()
	w.reorganised()
	w.compared()
	w.traced()
}

func newWeek(t *testing.T, blocks, txs int) *week {
	t.Helper()
	seed := uint64(number(t, "CLEW_TORTURE_SEED", int(time.Now().Unix())))
	t.Logf("%d blocks of %d transactions; CLEW_TORTURE_SEED=%d repeats what is drawn", blocks, txs, seed)
	w := &week{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), blocks: blocks, batch: max(1, blocks*txs/15),
		program: build(t), db: filepath.Join(t.TempDir(), "week.db"), fork: blocks - blocks/10 + 1,
	}
	g := chaingen.New(seed, txs)
	w.busiest = g.Busiest()
	w.shared = w.generate(g, "shared", w.fork)
	for i := range 3 {
		w.branch = append(w.branch, w.generate(g.Branch(uint64(i)), fmt.Sprintf("branch%d", i), blocks/10+i))
	}
	w.server = chaingen.NewServer(append(w.shared[:w.fork:w.fork], w.branch[0]...))
	w.door = newDoor(t, w.server)
	return w
}

func (w *week) generate(g *chaingen.Generator, name string, blocks int) []chaingen.Record {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	require.NoError(w.t, g.Write(path, blocks))
	records, file, err := chaingen.Open(path)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, file.Close()) })
	return records
}

// sync starts a sync that waits at the gates, counted in blocks asked for.
func (w *week) sync(gates ...int) (*child, *plan) {
	w.t.Helper()
	p := newPlan(w.rng)
	w.t.Cleanup(p.finish)
	for _, g := range gates {
		p.gates[g] = true
	}
	w.door.play(p)
	return start(w.t, w.program, w.db, roomy, 0, "sync", "--chain", string(chaingen.Chain), "--rpc", w.door.url, "--from", "1", "--batch", strconv.Itoa(w.batch)), p
}

// reach waits until a run stands at a gate.
func (w *week) reach(c *child, p *plan) {
	w.t.Helper()
	select {
	case <-p.reached:
	case <-c.ended:
		require.Fail(w.t, "it ended before", c.stderr.String())
	}
}

// end waits for a run to end by itself.
func (w *week) end(c *child, p *plan) {
	w.t.Helper()
	<-c.ended
	p.finish()
	require.NoError(w.t, c.err, c.stderr.String())
}

// killed reads the chain to its end, over some kills.
func (w *week) killed() {
	w.t.Helper()
	for range 4 {
		left := w.blocks - int(w.last())
		if left < 4 {
			break // a kill came after the end
		}
		c, p := w.sync(left/4 + w.rng.IntN(left/4)) // half of what was read is lost at the most
		w.reach(c, p)
		p.pass <- struct{}{}
		timer := time.NewTimer(time.Duration(w.rng.IntN(200)) * time.Millisecond)
		select {
		case <-timer.C: // while it reads, sorts, writes
		case <-c.ended:
		}
		c.kill(w.t)
		p.finish()
		w.t.Logf("killed: the store has %d blocks of %d", w.last(), w.blocks)
	}
	w.end(w.sync())
	require.EqualValues(w.t, w.blocks, w.last())
}

// reorganised replaces the last blocks twice: between two syncs, and in the midst of the one
// that reads the branch, which is killed after that.
func (w *week) reorganised() {
	w.t.Helper()
	w.server.Replace(w.fork, w.branch[1])
	c, p := w.sync(len(w.branch[1]) / 2)
	w.reach(c, p)
	w.server.Replace(w.fork, w.branch[2])
	p.pass <- struct{}{}
	w.end(c, p)

	w.server.Replace(w.fork, w.branch[1])
	c, p = w.sync(len(w.branch[1]) / 2)
	w.reach(c, p)
	c.kill(w.t)
	p.finish()
	w.server.Replace(w.fork, w.branch[2])
	w.end(w.sync())
	require.EqualValues(w.t, w.fork+len(w.branch[2])-1, w.last())

	st := w.open(w.db)
	history := stale(w.t, st)
	require.NoError(w.t, st.Close())
	for _, rec := range w.branch[0] {
		require.Contains(w.t, history, rec.Hash, "what left the chain is kept")
	}
	for _, rec := range w.branch[2] {
		require.NotContains(w.t, history, rec.Hash, "what came back is no history")
	}
}

func (w *week) open(db string) *store.Store {
	w.t.Helper()
	st, err := store.Open(context.Background(), db, store.Options{Create: true})
	require.NoError(w.t, err)
	return st
}

// last returns the last block of the store, 0 where it has none.
func (w *week) last() int64 {
	w.t.Helper()
	st := w.open(w.db)
	defer func() { require.NoError(w.t, st.Close()) }()
	have := spans(w.t, st)
	require.LessOrEqual(w.t, len(have), 1)
	if len(have) == 0 {
		return 0
	}
	require.EqualValues(w.t, 1, have[0].From)
	return have[0].To
}

// compared compares the store with one that was read in peace.
func (w *week) compared() {
	w.t.Helper()
	tortured := w.db
	defer func() { w.db = tortured }()
	w.db = filepath.Join(w.t.TempDir(), "peace.db")
	began := time.Now()
	c, p := w.sync()
	w.end(c, p)
	peak := int64(-1) // not known
	if use, ok := c.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = use.Maxrss
	}
	w.t.Logf("a sync in peace took %s, %d KiB of memory", time.Since(began), peak)
	a, b := w.open(tortured), w.open(w.db)
	x, y := lines(a), lines(b)
	n := 0
	for x.Scan() {
		require.True(w.t, y.Scan(), "line %d", n+1)
		if x.Text() != y.Text() {
			require.Equal(w.t, y.Text(), x.Text(), "line %d", n+1)
		}
		n++
	}
	require.False(w.t, y.Scan(), "line %d", n+1)
	require.NoError(w.t, x.Err())
	require.NoError(w.t, y.Err())
	require.Greater(w.t, n, 3*w.blocks)
	w.t.Logf("%d lines of both dumps are the same", n)
	sound(w.t, a)
	require.NoError(w.t, a.Close())
	require.NoError(w.t, b.Close())
}

// lines reads the dump of a store line by line.
func lines(st *store.Store) *bufio.Scanner {
	r, out := io.Pipe()
	go func() { out.CloseWithError(st.Dump(context.Background(), out)) }()
	s := bufio.NewScanner(r)
	s.Buffer(nil, 16<<20)
	return s
}

// traced traces from the store, over the node, and from the recording of that.
func (w *week) traced() {
	w.t.Helper()
	dir := w.t.TempDir()
	file := filepath.Join(dir, "incident.yaml")
	require.NoError(w.t, os.WriteFile(file, []byte(w.incident()), 0o644))
	out := filepath.Join(dir, "report")
	fromStore := w.trace(file, w.db)
	followed := w.trace(file, filepath.Join(dir, "follow.db"), "--rpc", w.door.url, "--out", out)
	again := w.trace(file, filepath.Join(dir, "again.db"), "--rpc", "recording:"+filepath.Join(out, "recording"))
	require.Equal(w.t, shaHex(followed), shaHex(again), "a recording gives the same bytes")
	require.Equal(w.t, shaHex([]byte(conserve(w.t, parse(w.t, fromStore)))), shaHex([]byte(conserve(w.t, parse(w.t, followed)))))
}

// incident declares single outputs and all that a busy address received for some blocks, far
// apart and up to the blocks that were replaced.
func (w *week) incident() string {
	w.t.Helper()
	text := "clew: incident/1\nid: week\nrule: fifo\nseeds:\n"
	for i, height := range []int{w.blocks / 20, w.blocks / 3, w.fork - 2, w.fork + 1} {
		hash := w.shared[min(height, w.fork-1)]
		if height >= w.fork {
			hash = w.branch[2][height-w.fork]
		}
		b, err := hash.Decode(int64(height))
		require.NoError(w.t, err)
		text += fmt.Sprintf("  - {id: V%d, output: \"%s:%s:0\", height: %d}\n", i, chaingen.Chain, b.Txs[len(b.Txs)/2].ID, height)
	}
	text += fmt.Sprintf("  - {id: A, chain: %s, address: %s, from: %d, to: %d}\n", chaingen.Chain,
		bitcoin.FormatAddress(chaingen.Chain, w.busiest), w.blocks/2, w.blocks/2+2)
	return text + "stop: {hops: 6, touched: 2000}\n"
}

// trace runs clew trace, whose limits are gaps.
func (w *week) trace(file, db string, args ...string) []byte {
	w.t.Helper()
	began := time.Now()
	c := start(w.t, w.program, db, roomy, 0, append([]string{"trace", file}, args...)...)
	<-c.ended
	require.Equal(w.t, 3, c.code(), c.stderr.String())
	t := parse(w.t, c.stdout.Bytes())
	require.Greater(w.t, len(t.Hops), 100)
	w.t.Logf("%d hops and %d endpoints in %s", len(t.Hops), len(t.Endpoints), time.Since(began))
	return c.stdout.Bytes()
}

func parse(t *testing.T, text []byte) *tracer.Trace {
	t.Helper()
	trace := &tracer.Trace{}
	require.NoError(t, json.Unmarshal(text, trace))
	return trace
}
