package watch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/screen/watch"
	"clew/store/journal"
	"clew/tracer"
)

// sink is an endpoint that nobody delivers to: what is due stays to be looked at.
func (r *rig) sink(id string, kinds ...string) {
	r.t.Helper()
	r.do(func(tx *journal.Tx) error {
		return tx.PutEndpoint(journal.Endpoint{ID: id, URL: "https://hooks.example.com", Secret: make([]byte, 32), Events: kinds})
	})
}

func (r *rig) onBlocks() {
	r.t.Helper()
	require.NoError(r.t, r.watcher.OnBlocks(r.t.Context(), regtest))
}

// paid is a chain of three blocks in which a thief is paid, pays on, and is paid again.
func paid(r *rig) (c *made, loot, left chains.OutPoint) {
	c = newMade(r)
	loot = c.block("thief")
	c.block("miner")
	left = c.tx([]chains.OutPoint{loot}, pay{"shop", 20e8}, pay{"thief", 30e8})[1]
	c.block("miner")
	c.block("thief")
	c.save()
	return c, loot, left
}

// A watch tells what lies behind the height that it begins at, once, whoever looks through it how often.
func TestWatchBeginsWhereItIsSet(t *testing.T) {
	for _, c := range []struct {
		name string
		seen int64
		want []string
	}{
		{"with its chain", watch.WithChain, []string{}},
		{"from block 0 on", 0, []string{"watch.moved 1", "watch.received 3"}},
		{"behind block 1", 1, []string{"watch.received 3"}},
		{"at the last block", 3, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.sink("end-1")
			made, _, left := paid(r)
			id := r.watch(at("thief"), watch.Settings{Seen: c.seen})
			r.onBlocks()
			require.Equal(t, c.want, r.tells())
			r.onBlocks()
			r.again()
			r.onBlocks()
			require.Equal(t, c.want, r.tells(), "each once")
			w, err := r.journal.Watch(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, int64(watch.WithChain), w.Seen)

			made.block("miner")
			made.tx([]chains.OutPoint{left}, pay{"shop", 30e8})
			made.save()
			r.again() // nothing is in memory alone
			r.onBlocks()
			require.Equal(t, append(c.want, "watch.moved 4"), r.tells())
		})
	}
}

// A watch that was set beyond what the store has waits for it.
func TestWatchAheadOfTheStore(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, left := paid(r)
	r.watch(at("thief"), watch.Settings{Seen: 4})
	r.onBlocks()
	c.block("miner")
	c.tx([]chains.OutPoint{left}, pay{"thief", 30e8})
	c.block("thief")
	c.save()
	r.onBlocks()
	require.Equal(t, []string{"watch.received 5"}, r.tells())
}

// Blocks leave while nobody watches: whoever looks next finds it by the trail, takes back what was
// told and tells what is there now.
func TestReorgBehindOurBack(t *testing.T) {
	for _, told := range []bool{false, true} {
		t.Run(map[bool]string{false: "found", true: "told"}[told], func(t *testing.T) {
			r := newRig(t)
			r.sink("end-1")
			c, loot, _ := paid(r)
			output := r.watch(string(regtest)+":"+loot.String(), watch.Settings{Seen: 0, Incident: "theft"})
			r.watch(at("thief"), watch.Settings{Seen: 0})
			r.watch(at("shop"), watch.Settings{Seen: 2})
			r.onBlocks()
			require.Equal(t, []string{"watch.moved 1", "watch.moved 1", "watch.received 3"}, r.tells())
			require.Equal(t, "theft", <-r.moved)

			c.leave(0)
			c.block("miner") // without it
			c.block("thief")
			c.tx([]chains.OutPoint{loot}, pay{"shop", 20e8}, pay{"thief", 30e8})
			c.block("miner")
			c.block("miner")
			c.save()
			r.again()
			if told {
				require.NoError(t, r.watcher.OnReorg(t.Context(), regtest, 0))
			} else {
				r.onBlocks()
			}
			want := []string{
				"watch.moved 1", "watch.moved 1", "watch.received 3",
				"watch.reorged 1", "watch.reorged 1", "watch.reorged 3",
				"watch.received 2", "watch.moved 2", "watch.moved 2", "watch.received 2",
			}
			require.ElementsMatch(t, want, r.tells())
			require.Equal(t, want[:6], r.tells()[:6], "first what left")
			require.Equal(t, "theft", <-r.moved, "its trace ends elsewhere again")
			r.onBlocks()
			require.Len(t, r.tells(), len(want))
			seen, err := r.journal.Sightings(t.Context(), string(regtest), "confirmed", 0)
			require.NoError(t, err)
			require.Len(t, seen, 4)
			require.Contains(t, []string{seen[0].Watch, seen[1].Watch, seen[2].Watch, seen[3].Watch}, output)
		})
	}
}

// A reorganisation brings nothing up again that lay before the fork, or before a watch was set.
func TestReorgTellsWhatIsNew(t *testing.T) {
	build := func() (*rig, *made) {
		r := newRig(t)
		r.sink("end-1")
		c := newMade(r)
		for range 200 {
			c.block("thief")
		}
		c.save()
		r.onBlocks()
		return r, c
	}
	grow := func(c *made, blocks int) {
		for range blocks {
			c.block("thief")
		}
		c.save()
		c.r.onBlocks()
	}
	t.Run("watched before", func(t *testing.T) {
		r, c := build()
		r.watch(at("thief"), watch.Settings{Seen: watch.WithChain})
		r.onBlocks()
		c.leave(194)
		grow(c, 6)
		require.Equal(t, []string{
			"watch.received 195", "watch.received 196", "watch.received 197", "watch.received 198", "watch.received 199", "watch.received 200",
		}, r.tells())
	})
	t.Run("set meanwhile", func(t *testing.T) {
		r, c := build()
		r.watch(at("thief"), watch.Settings{Seen: 199})
		c.leave(197)
		grow(c, 2)
		require.Equal(t, []string{"watch.received 198", "watch.received 199"}, r.tells())
	})
	t.Run("set beyond the store", func(t *testing.T) {
		r, c := build()
		r.watch(at("thief"), watch.Settings{Seen: 300})
		r.onBlocks()
		c.leave(198)
		grow(c, 1)
		require.Equal(t, []string{"watch.received 199"}, r.tells())
		grow(c, 1)
		require.Equal(t, []string{"watch.received 199", "watch.received 200"}, r.tells())
	})
	t.Run("farther back than the trail is dense", func(t *testing.T) {
		r, c := build()
		r.watch(at("thief"), watch.Settings{Seen: watch.WithChain})
		r.onBlocks()
		c.leave(99)
		grow(c, 101)
		got := r.tells()
		require.Equal(t, "watch.received 200", got[len(got)-1])
		require.GreaterOrEqual(t, len(got), 101)
		require.LessOrEqual(t, len(got), 200, "it may go back as far again as the blocks that left")
		require.Contains(t, got, "watch.received 100")
	})
}

// A chain that became shorter: what was told there is taken back, and is told again when it comes back.
func TestShorterChain(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, _ := paid(r)
	r.watch(at("thief"), watch.Settings{Seen: 0})
	r.onBlocks()
	c.leave(2)
	r.onBlocks()
	require.Equal(t, []string{"watch.moved 1", "watch.received 3", "watch.reorged 3"}, r.tells())
	c.block("miner")
	c.block("thief")
	c.save()
	r.onBlocks()
	require.Equal(t, []string{"watch.moved 1", "watch.received 3", "watch.reorged 3", "watch.received 4"}, r.tells())
}

// Which endpoints hear of what.
func TestEndpoints(t *testing.T) {
	r := newRig(t)
	r.sink("all")
	r.sink("moved", watch.EventMoved)
	r.sink("other")
	paid(r)
	r.watch(at("thief"), watch.Settings{Seen: 0, Endpoint: "moved"})
	r.watch(at("shop"), watch.Settings{Seen: 0})
	r.onBlocks()
	all, _, err := r.journal.Deliveries(t.Context(), journal.DeliveryDue, 0, 100)
	require.NoError(t, err)
	got := map[string]int{}
	for _, d := range all {
		got[d.Endpoint+" "+d.Kind]++
	}
	require.Equal(t, map[string]int{"moved watch.moved": 1, "all watch.received": 1, "other watch.received": 1}, got)
}

func TestRemovedIsNotTold(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, left := paid(r)
	id := r.watch(at("thief"), watch.Settings{Seen: watch.WithChain})
	r.onBlocks()
	r.do(func(tx *journal.Tx) error { return tx.RemoveWatch(id) })
	c.block("thief")
	c.tx([]chains.OutPoint{left}, pay{"shop", 30e8})
	c.save()
	r.onBlocks()
	require.Empty(t, r.tells())
	require.NoError(t, r.watcher.OnMempool(t.Context(), regtest, c.blocks[4].Txs, func(chains.TxID) bool { return true }))
	require.Empty(t, r.tells())
}

// What a block has is neither pending nor dropped, in whatever order a node tells of it.
func TestMempoolBehindTheBlock(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, _ := paid(r)
	r.watch(at("thief"), watch.Settings{Seen: 0})
	none := func(chains.TxID) bool { return false }
	waits := c.blocks[1].Txs[1]
	require.NoError(t, r.watcher.OnMempool(t.Context(), regtest, []chains.Tx{waits}, func(chains.TxID) bool { return true }))
	require.NoError(t, r.watcher.OnMempool(t.Context(), regtest, nil, none), "the store has its block")
	require.Equal(t, []string{"watch.pending -"}, r.tells())
	r.onBlocks()
	require.NoError(t, r.watcher.OnMempool(t.Context(), regtest, []chains.Tx{waits}, none))
	require.Equal(t, []string{"watch.pending -", "watch.moved 1", "watch.received 3"}, r.tells())
}

// What was pending is dropped, by which transaction of a block where one takes its place, and may wait
// again.
func TestDroppedFor(t *testing.T) {
	r := newRig(t)
	r.sink("end-1")
	c, _, left := paid(r)
	r.watch(at("thief"), watch.Settings{Seen: watch.WithChain})
	r.onBlocks()
	c.block("miner")
	c.tx([]chains.OutPoint{left}, pay{"shop", 1})
	waits := []chains.Tx{c.blocks[4].Txs[1]}
	c.leave(3)
	yes, no := func(chains.TxID) bool { return true }, func(chains.TxID) bool { return false }
	onMempool := func(seen []chains.Tx, waiting func(chains.TxID) bool) {
		t.Helper()
		r.again()
		require.NoError(t, r.watcher.OnMempool(t.Context(), regtest, seen, waiting))
	}
	onMempool(waits, yes)
	onMempool(waits, yes)
	onMempool(nil, no)
	onMempool(nil, no)
	onMempool(waits, yes)
	require.Equal(t, []string{"watch.pending -", "watch.dropped -", "watch.pending -"}, r.tells())

	c.block("miner")
	instead := c.tx([]chains.OutPoint{left}, pay{"other", 2})[0].Tx
	c.save()
	r.onBlocks()
	onMempool(nil, no)
	require.Equal(t, []string{"watch.moved 4", "watch.dropped -"}, r.tells()[3:])
	var m watch.Movement
	decode(t, r.queued()[4].Data, &m)
	require.Contains(t, m.Why, "transaction "+instead.String()+" in block 4 spends")
	require.Equal(t, 4, m.Sequence)
}

// Value that no accounting rule traces, and what ended elsewhere, is not watched.
func TestFromTrace(t *testing.T) {
	id := chains.TxID{7}
	amount := func(n uint64) tracer.Range { return tracer.Range{Max: chains.Units(n)} }
	trace := &tracer.Trace{
		AsOf:  []tracer.AsOf{{Chain: "bitcoin", Height: 700}, {Chain: "ethereum", Height: 900}},
		Nodes: []tracer.Node{{ID: "n1", Chain: "ethereum", Address: "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}},
		Endpoints: []tracer.Endpoint{
			{Chain: "bitcoin", Reason: tracer.ReasonUnspent, TxID: &id, Position: "1", Range: amount(5)},
			{Chain: "bitcoin", Reason: tracer.ReasonUnspent, TxID: &id, Position: "2"}, // poison alone
			{Chain: "bitcoin", Reason: tracer.ReasonFee, TxID: &id, Position: "fee", Range: amount(5)},
			{Chain: "bitcoin", Reason: tracer.ReasonService, TxID: &id, Position: "3", Range: amount(5)},
			{Chain: "ethereum", Reason: tracer.ReasonBalance, Node: "n1", Asset: "native", Range: amount(5)},
			{Chain: "ethereum", Reason: tracer.ReasonBalance, Node: "n1", Asset: "0xdAC17F958D2ee523a2206206994597C13D831ec7", Range: amount(5)},
		},
	}
	all, err := watch.FromTrace("theft", trace, watch.Settings{Note: "x", Seen: 1, Incident: "another"})
	require.NoError(t, err)
	require.Len(t, all, 2, "an account with two assets is one place")
	require.Equal(t, journal.Watch{ID: all[0].ID, Chain: "bitcoin", TxID: id.String(), Vout: 1, Incident: "theft", Note: "x", Seen: 700}, all[0])
	require.Equal(t, journal.Watch{ID: all[1].ID, Chain: "ethereum", Address: trace.Nodes[0].Address, Incident: "theft", Note: "x", Seen: 900}, all[1])
}

func TestNewRefuses(t *testing.T) {
	txid := "bitcoin:" + chains.TxID{1}.String()
	for _, text := range []string{txid, txid + ":1BoatSLRHtKNngkdXEeobR76b53LETtpyT"} {
		s, err := screen.ParseSubject(text, codec{})
		require.NoError(t, err)
		_, err = watch.New(s, watch.Settings{})
		require.ErrorIs(t, err, screen.ErrSubject)
		require.ErrorContains(t, err, "an address or an output can be watched")
	}
}

// The same watch set twice is one; another incident or endpoint makes another.
func TestNewIDs(t *testing.T) {
	ids := map[string]string{}
	for name, o := range map[string]watch.Settings{
		"": {}, "seen and note are no part of it": {Seen: 9, Note: "x", Screen: true}, "incident": {Incident: "i"}, "endpoint": {Endpoint: "i"},
	} {
		for _, text := range []string{"bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "bitcoin:" + chains.TxID{1}.String() + ":1", "bitcoin:" + chains.TxID{1}.String() + ":2"} {
			s, err := screen.ParseSubject(text, codec{})
			require.NoError(t, err)
			w, err := watch.New(s, o)
			require.NoError(t, err)
			ids[w.ID] = name + text
		}
	}
	require.Len(t, ids, 9)
}
