package ingest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// randomIncident draws one to three seeds among what a wallet made, in all three forms, and
// sometimes stops.
func (w *wallet) randomIncident() string {
	var b strings.Builder
	b.WriteString("seeds:\n")
	for i := range 1 + w.rng.IntN(3) {
		p := w.made[w.rng.IntN(len(w.made))]
		fmt.Fprintf(&b, "  - {id: V%d, ", i+1)
		switch w.rng.IntN(5) {
		case 0:
			fmt.Fprintf(&b, "chain: %s, tx: %s, to: %s}\n", regtest, p.Point.Tx, p.Lock)
		case 1:
			fmt.Fprintf(&b, "chain: %s, address: %s, from: %d, to: %d}\n", regtest, p.Lock, p.height-int64(w.rng.IntN(3)), p.height+int64(w.rng.IntN(6)))
		case 2:
			fmt.Fprintf(&b, "output: \"%s:%s\", amount: \"%d\", take: last}\n", regtest, p.Point, 1+w.rng.Uint64N(p.Value))
		default:
			fmt.Fprintf(&b, "output: \"%s:%s\"}\n", regtest, p.Point)
		}
	}
	var stops []string
	if w.rng.IntN(3) == 0 {
		stops = append(stops, fmt.Sprintf("hops: %d", 1+w.rng.IntN(6)))
	}
	if w.rng.IntN(3) == 0 {
		stops = append(stops, fmt.Sprintf("dust: {native: \"%d\"}", 1+w.rng.IntN(5_000_000)))
	}
	if len(stops) > 0 {
		fmt.Fprintf(&b, "stop: {%s}\n", strings.Join(stops, ", "))
	}
	return b.String()
}

// firstSeed returns where a pass has to start.
func firstSeed(t *testing.T, inc *tracer.Incident, node *bitcoin.Node) int64 {
	t.Helper()
	lowest := int64(-1)
	for _, s := range inc.Seeds {
		h := s.From.Height
		var id *chains.TxID
		switch {
		case s.Out != nil:
			id = &s.Out.Tx
		case s.Tx != nil:
			id = s.Tx
		case !s.From.Time.IsZero():
			var err error
			h, err = ingest.HeightAt(t.Context(), node, s.From.Time)
			require.NoError(t, err)
		}
		if id != nil {
			ref, err := node.Locate(t.Context(), *id)
			require.NoError(t, err)
			h = ref.Height
		}
		if lowest < 0 || h < lowest {
			lowest = h
		}
	}
	return lowest
}

// One forward pass over the node and the synced store trace the same amounts under every
// conserving rule, whatever way the node answers, and from the pass's recording the trace
// has the same bytes.
func TestPassStoreAndRecordingAgree(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	indexed := older(t, node, true)
	for seed := range uint64(6) {
		w := newWallet(t, node, 20+seed)
		w.mine(25)
		head := node.Height()
		n := dial(t, node)
		st := openStore(t)
		syncAll(t, n, st)
		traced := 0
		for i := range 8 {
			lines := w.randomIncident()
			inc := incident(t, lines)
			want, wantErr := storeTrace(t, inc, st, head)
			from := firstSeed(t, inc, n)
			dir := t.TempDir()
			recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
			require.NoError(t, err)
			got, err := passTrace(inc, n, ingest.PassOptions{From: from, Recorder: recorder})
			if wantErr != nil {
				require.EqualError(t, err, wantErr.Error(), lines)
				require.NoError(t, recorder.Discard())
				continue
			}
			require.NoError(t, err, lines)
			traced++
			require.Equal(t, conserve(t, want), conserve(t, got), "wallet %d, incident %d:\n%s", seed, i, lines)
			sameFromRecording(t, inc, dir, got)
			if i == 0 {
				slow, err := passTrace(inc, dialURL(t, node, indexed, bitcoin.Options{}), ingest.PassOptions{From: from})
				require.NoError(t, err)
				require.Equal(t, asJSON(t, got), asJSON(t, slow), "an older node, with an index")
			}
		}
		require.Greater(t, traced, 3, "incidents that are none")
	}
}

// sameFromRecording traces again from a recording and compares the bytes.
func sameFromRecording(t *testing.T, inc *tracer.Incident, dir string, want *tracer.Trace) {
	t.Helper()
	r, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{})
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	require.Equal(t, ingest.CoverageExtract, r.Manifest.Coverage)
	again, err := passTrace(inc, r, ingest.PassOptions{From: r.Manifest.From})
	require.NoError(t, err)
	require.Equal(t, asJSON(t, want), asJSON(t, again), "the trace from its recording")
}

// Where a node tells neither what is spent nor where a transaction is, a pass has gaps where
// the store has none, and never another amount.
func TestPassWithoutSpentOutputsHasGaps(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 40)
	w.mine(25)
	n := dialURL(t, node, older(t, node, false), bitcoin.Options{})
	st := openStore(t)
	syncAll(t, n, st)
	gaps, equal := 0, 0
	for range 20 {
		inc := incident(t, w.randomIncident())
		want, err := storeTrace(t, inc, st, store.Latest)
		if err != nil {
			continue
		}
		got, err := passTrace(inc, n, ingest.PassOptions{From: firstSeed(t, inc, dial(t, node))})
		require.NoError(t, err)
		balanced(t, got)
		lost := slices.ContainsFunc(got.Endpoints, func(e tracer.Endpoint) bool {
			return e.Reason == tracer.ReasonGap && anything(e.Traced)
		})
		if lost {
			require.NotEmpty(t, got.Gaps)
			gaps++
			continue
		}
		require.Equal(t, conserve(t, want), conserve(t, got))
		equal++
	}
	require.Positive(t, gaps, "no case met a gap")
	require.Positive(t, equal, "every case met a gap")
}

// Seeds that an address received in a window, by heights and by times, on a chain whose
// times are not in order.
func TestWindowSeeds(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 50)
	w.mine(40)
	n := dial(t, node)
	st := openStore(t)
	syncAll(t, n, st)
	at := func(h int64) string {
		ref, err := n.Ref(t.Context(), h)
		require.NoError(t, err)
		return time.Unix(ref.Time, 0).UTC().Format(time.RFC3339)
	}
	for i := range 8 {
		p := w.made[i*len(w.made)/8]
		from, to := p.height, p.height+int64(i)
		for name, window := range map[string]string{
			"heights": fmt.Sprintf("from: %d, to: %d", from, to),
			"times":   fmt.Sprintf("from: %s, to: %s", at(from), at(p.height)),
		} {
			t.Run(fmt.Sprintf("%d, %s", i, name), func(t *testing.T) {
				inc := incident(t, fmt.Sprintf("seeds: [{id: V1, chain: %s, address: %s, %s}]\n", regtest, p.Lock, window))
				want, err := storeTrace(t, inc, st, store.Latest)
				require.NoError(t, err)
				dir := t.TempDir()
				recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
				require.NoError(t, err)
				got, err := passTrace(inc, n, ingest.PassOptions{From: firstSeed(t, inc, n), Recorder: recorder})
				require.NoError(t, err)
				require.Equal(t, conserve(t, want), conserve(t, got))
				sameFromRecording(t, inc, dir, got)
			})
		}
	}
}

// HeightAt finds a block at or below the first one of its time, on a node and on a recording.
func TestHeightAt(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 200 { // six hours a block
		node.SetTime(start.Add(time.Duration(i) * 6 * time.Hour))
		node.Skip(1)
	}
	n := dial(t, node)
	dir := t.TempDir()
	_, err := ingest.RecordWhole(t.Context(), n, regtest, 50, 150, dir)
	require.NoError(t, err)
	recording, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{})
	require.NoError(t, err)
	defer func() { require.NoError(t, recording.Close()) }()
	for _, c := range []struct {
		name          string
		at            time.Time
		node, of50150 int64
	}{
		{"before the chain", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), 0, 50},
		{"in the chain", start.Add(100 * 6 * time.Hour), 96, 96},
		{"before the recording", start.Add(20 * 6 * time.Hour), 16, 50},
		{"after both", start.Add(2000 * 6 * time.Hour), 200, 150},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := ingest.HeightAt(t.Context(), n, c.at)
			require.NoError(t, err)
			require.Equal(t, c.node, h)
			h, err = ingest.HeightAt(t.Context(), recording, c.at)
			require.NoError(t, err)
			require.Equal(t, c.of50150, h)
		})
	}
}

// A pass ends at the block that it is pinned to, or before the first block with a later
// time, as a store read up to there.
func TestPassEnds(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 60)
	w.mine(40)
	head := node.Height()
	n := dial(t, node)
	st := openStore(t)
	syncAll(t, n, st)
	p := w.made[3]
	seed := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point)

	for _, h := range []int64{p.height, p.height + 7, head} {
		t.Run(fmt.Sprintf("as of block %d", h), func(t *testing.T) {
			ref, err := n.Ref(t.Context(), h)
			require.NoError(t, err)
			want, err := storeTrace(t, incident(t, seed), st, h)
			require.NoError(t, err)
			got, err := passTrace(incident(t, seed), n, ingest.PassOptions{From: -1, AsOf: ref})
			require.NoError(t, err)
			require.Equal(t, conserve(t, want), conserve(t, got))
			require.Equal(t, h, got.AsOf[0].Height)
		})
	}
	for _, h := range []int64{p.height + 1, p.height + 9, head} {
		t.Run(fmt.Sprintf("until the latest time up to block %d", h), func(t *testing.T) {
			var until, last int64
			for next := p.height; next <= head; next++ {
				ref, err := n.Ref(t.Context(), next)
				require.NoError(t, err)
				if next <= h {
					until = max(until, ref.Time)
				}
				if ref.Time > until {
					break
				}
				last = next
			}
			inc := incident(t, seed+"stop: {until: "+time.Unix(until, 0).UTC().Format(time.RFC3339)+"}\n")
			want, err := storeTrace(t, inc, st, last)
			require.NoError(t, err)
			dir := t.TempDir()
			recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
			require.NoError(t, err)
			got, err := passTrace(inc, n, ingest.PassOptions{From: -1, Recorder: recorder})
			require.NoError(t, err)
			require.Equal(t, last, got.AsOf[0].Height)
			require.Equal(t, conserve(t, want), conserve(t, got))
			sameFromRecording(t, inc, dir, got)
		})
	}
}

// What a pass refuses.
func TestPassRefuses(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 61)
	w.mine(20)
	head := node.Height()
	n := dial(t, node)
	p := w.made[len(w.made)/2]
	seed := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point)
	absent := fmt.Sprintf("seeds: [{id: V1, output: \"%s:%064x:0\"}]\n", regtest, 1)
	ref, err := n.Ref(t.Context(), p.height)
	require.NoError(t, err)
	other := ref
	other.Hash[31] ^= 1
	beyond := chains.BlockRef{Height: head + 1, Hash: ref.Hash}
	before, err := n.Ref(t.Context(), p.height-1)
	require.NoError(t, err)
	blind := dialURL(t, node, older(t, node, false), bitcoin.Options{})
	for _, c := range []struct {
		name  string
		lines string
		node  ingest.Node
		opt   ingest.PassOptions
		is    error
	}{
		{"a pinned block that is not there", seed, n, ingest.PassOptions{From: -1, AsOf: other}, chains.ErrReorged},
		{"a pinned block above the head", seed, n, ingest.PassOptions{From: -1, AsOf: beyond}, chains.ErrNotFound},
		{"a start above the head", seed, n, ingest.PassOptions{From: head + 1}, chains.ErrNotFound},
		{"a start above the pinned block", seed, n, ingest.PassOptions{From: p.height, AsOf: before}, chains.ErrNotFound},
		{"a start above the seed", seed, n, ingest.PassOptions{From: p.height + 1}, chains.ErrNotFound},
		{"a seed above the pinned block", seed, n, ingest.PassOptions{From: -1, AsOf: before}, chains.ErrIncomplete},
		{"a seed that does not exist", absent, n, ingest.PassOptions{From: -1}, chains.ErrNotFound},
		{"a seed that does not exist, from a block", absent, n, ingest.PassOptions{From: 100}, chains.ErrNotFound},
		{"a node without an index, and no start", seed, blind, ingest.PassOptions{From: -1}, chains.ErrUnsupported},
		{"a first block that is later than the end", seed + "stop: {until: 2020-01-01T00:00:00Z}\n", n, ingest.PassOptions{From: -1}, chains.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := passTrace(incident(t, c.lines), c.node, c.opt)
			require.ErrorIs(t, err, c.is)
		})
	}
}

// A reorganisation while a pass runs is ErrReorged, never a trace of two chains.
func TestPassOverAReorganisation(t *testing.T) {
	for name, c := range map[string]struct {
		fork, mined int64 // below the block read last
	}{
		"below what was read": {5, 60}, "above what was read": {-20, 40},
		"the chain becomes shorter": {-10, 2}, "the last block alone": {-38, 2},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{})
			w := newWallet(t, node, 62)
			w.mine(2)
			start := node.Height()
			p := w.made[0]
			node.Skip(39)
			seed := incident(t, fmt.Sprintf("seeds: [{id: V1, output: \"%s:%s\"}]\n", regtest, p.Point))
			done := false
			opt := ingest.PassOptions{From: 90, Progress: func(_, _, _ int64, at chains.BlockRef) {
				if at.Height == start && !done {
					done = true
					replace(node, start-c.fork, int(c.mined))
				}
			}}
			_, err := passTrace(seed, dial(t, node), opt)
			require.True(t, done)
			require.ErrorIs(t, err, chains.ErrReorged)
		})
	}
}

// A cancelled pass is an error, also over a recording, which needs no time to answer.
func TestPassCancelled(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	w := newWallet(t, node, 63)
	w.mine(10)
	dir := t.TempDir()
	_, err := ingest.RecordWhole(t.Context(), dial(t, node), regtest, 90, node.Height(), dir)
	require.NoError(t, err)
	recording, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{})
	require.NoError(t, err)
	defer func() { require.NoError(t, recording.Close()) }()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		pass, err := ingest.NewPass(ctx, recording, bitcoin.Codec{}, ingest.PassOptions{From: 90, Progress: func(done, _, _ int64, _ chains.BlockRef) {
			if done == 3 {
				cancel()
			}
		}})
		require.NoError(t, err)
		require.NoError(t, pass.WatchAddress(ctx, nodetest.Anyone(5000).Address()))
		_, err = pass.Next(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, io.EOF)
		cancel()
		pass.Close()
	}
}

// With addresses as pots, a spend of an output that an address held before counts as well:
// a pass sees it whatever the node tells, or says that it cannot.
func TestPassSeesWhatAnAddressSpends(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	a, b, victim := nodetest.P2WPKH(901), nodetest.P2WPKH(902), nodetest.P2WPKH(903)
	coins := node.Fund(victim, 2)
	old := nodetest.Spend(t, coins[:1], nodetest.Pay{To: a, Value: 10e8}, nodetest.Pay{To: victim, Value: 40e8})
	node.MineBlock(nodetest.Anyone(0), old)
	theft := nodetest.Spend(t, coins[1:], nodetest.Pay{To: a, Value: 50e8})
	node.MineBlock(nodetest.Anyone(0), theft)
	paid := nodetest.Spend(t, old.Coins[:1], nodetest.Pay{To: b, Value: 10e8})
	node.MineBlock(nodetest.Anyone(0), paid)
	on := nodetest.Spend(t, []nodetest.Coin{paid.Coins[0], theft.Coins[0]}, nodetest.Pay{To: b, Value: 55e8}, nodetest.Pay{To: victim, Value: 5e8})
	node.MineBlock(nodetest.Anyone(0), on)
	node.Skip(3)
	lines := fmt.Sprintf("accounts: address\nseeds: [{id: V1, output: \"%s:%s\"}]\nopenings:\n", regtest, theft.Coins[0].Point)
	for _, o := range []struct {
		to    nodetest.Lock
		units uint64
	}{{a, 10e8}, {b, 0}, {victim, 40e8}} {
		lines += fmt.Sprintf("  - {chain: %s, address: %s, asset: native, amount: \"%d\", source: the test}\n", regtest, o.to, o.units)
	}
	inc := incident(t, lines)
	st := openStore(t)
	syncAll(t, dial(t, node), st)
	want, err := storeTrace(t, inc, st, store.Latest)
	require.NoError(t, err)
	require.Contains(t, asJSON(t, want), paid.ID.String())
	for name, n := range map[string]*bitcoin.Node{
		"the node tells what is spent": dial(t, node),
		"the node has an index":        dialURL(t, node, older(t, node, true), bitcoin.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			recorder, err := ingest.NewRecorder(dir, regtest, bitcoin.Codec{})
			require.NoError(t, err)
			got, err := passTrace(inc, n, ingest.PassOptions{From: -1, Recorder: recorder})
			require.NoError(t, err)
			require.Equal(t, conserve(t, want), conserve(t, got))
			sameFromRecording(t, inc, dir, got)
		})
	}
	t.Run("the node cannot tell", func(t *testing.T) {
		blind := dialURL(t, node, older(t, node, false), bitcoin.Options{})
		_, err := passTrace(inc, blind, ingest.PassOptions{From: 100})
		require.ErrorIs(t, err, chains.ErrUnsupported)
		require.ErrorContains(t, err, "accounts: output")
	})
}
