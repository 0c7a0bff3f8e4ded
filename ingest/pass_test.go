package ingest_test

import (
	"fmt"
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
	t.Parallel()
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
				require.Equal(t, conserve(t, got), conserve(t, slow), "an older node, with an index")
			}
		}
		require.Greater(t, traced, 3, "incidents that are none")
	}
}

// sameFromRecording traces again from a recording and compares the bytes.
func sameFromRecording(t *testing.T, inc *tracer.Incident, dir string, want *tracer.Trace) {
	t.Helper()
	r, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{}, nil)
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	recording, err := ingest.OpenRecording(t.Context(), os.DirFS(dir), regtest, bitcoin.Codec{}, nil)
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

// With addresses as pots, a spend of an output that an address held before counts as well:
// a pass sees it whatever the node tells, or says that it cannot.
func TestPassSeesWhatAnAddressSpends(t *testing.T) {
	t.Parallel()
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
