package screen_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen"
)

// theft is a world in which 60,000 of what an exchange is paid are stolen: the thief and a friend pay
// together.
//
//	coinbase ─▶ victim ─▶ thief 60,000 ──┐
//	coinbase ─────────▶ friend 40,000 ───┴─▶ deposit 70,000, rest 30,000 (and nothing for the fee)
func theft(t testing.TB) (w *world, paid chains.TxID) {
	w = newWorld(t)
	first := w.mine(pay{"victim", 60_000}, pay{"friend", 40_000})
	w.block()
	stolen := w.tx([]chains.OutPoint{out(first, 0)}, pay{"thief", 60_000})
	w.block()
	paid = w.tx([]chains.OutPoint{out(stolen, 0), out(first, 1)}, pay{"deposit", 70_000}, pay{"rest", 30_000})
	w.block()
	w.save(0)
	w.steal("theft", out(stolen, 0))
	return w, paid
}

func depositOf(tx chains.TxID, who string) string {
	return fmt.Sprintf("%s:%s:%s", regtest, tx, text(who))
}

func outputOf(tx chains.TxID, i int) string { return fmt.Sprintf("%s:%s:%d", regtest, tx, i) }

func addressOf(who string) string { return fmt.Sprintf("%s:%s", regtest, text(who)) }

func TestIncidentAnswers(t *testing.T) {
	w, paid := theft(t)
	for _, c := range []struct {
		name, subject string
		stolen        screen.Split[chains.Amount]
		outcome       screen.Outcome
		action        screen.Action
		ended, deep   screen.Ended
		read          int // transactions, to know what there is in all
	}{
		{"deposit", depositOf(paid, "deposit"), units(60_000, 42_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 0},
		{"output", outputOf(paid, 0), units(60_000, 42_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 0},
		{"output under one rule", outputOf(paid, 1), units(0, 18_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 0},
		{"address", addressOf("deposit"), units(60_000, 42_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 1},
		{"transaction", fmt.Sprintf("%s:%s", regtest, paid), units(60_000, 60_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 1},
		{"the thief's own", addressOf("thief"), units(60_000, 60_000), screen.Match, screen.Block, screen.EndedAnswered, screen.EndedExplained, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			quick, thorough := w.screen(c.subject), w.screen(c.subject, deep)
			require.Equal(t, c.ended, quick.Coverage.Ended)
			require.Equal(t, c.read, quick.Coverage.Transactions, "and none of where it came from")
			require.False(t, quick.Value[0].Partial)
			require.Equal(t, thorough.Value[0].Units, quick.Value[0].Units)
			require.Equal(t, c.deep, thorough.Coverage.Ended)
			require.False(t, thorough.Value[0].Partial)
			require.Equal(t, units(0, 0), thorough.Value[0].Unknown, "all of it is stolen, or newly mined")
			for _, v := range []*screen.Verdict{quick, thorough} {
				require.Equal(t, c.outcome, v.Outcome)
				require.Equal(t, c.action, v.Action)
				found := exposure(v, screen.Stolen)
				require.Len(t, found, 1)
				require.Equal(t, c.stolen, found[0].Units)
				require.Equal(t, "theft", found[0].Incident)
				require.Equal(t, screen.ByIncident, found[0].KnownBy)
				require.NotEmpty(t, found[0].Paths)
				require.Len(t, v.Pins.Incidents, 1)
				pin := v.Pins.Incidents[0]
				require.Equal(t, screen.PinIncident{ID: "theft", Trace: "trace-theft", SHA256: pin.SHA256, File: pin.File, Taken: "2020-01-01T00:10:00Z"}, pin)
			}
		})
	}
}

// What did not come from the theft stays clear, whoever else was paid by it.
func TestInnocent(t *testing.T) {
	w, _ := theft(t)
	other := w.mine(pay{"customer", 50_000})
	w.block()
	clean := w.tx([]chains.OutPoint{out(other, 0)}, pay{"deposit 2", 50_000})
	w.save(4)
	v := w.screen(depositOf(clean, "deposit 2"))
	require.Equal(t, screen.Clear, v.Outcome)
	require.Equal(t, screen.Allow, v.Action)
	require.Empty(t, exposure(v, screen.Stolen))
	require.Equal(t, units(0, 0), v.Value[0].Unknown)
	require.Equal(t, screen.EndedExplained, v.Coverage.Ended)
}

// A walk that comes to a place of an incident finds the stolen part there, under each rule, with a path from the seed.
func TestWalkMeetsIncident(t *testing.T) {
	w, paid := theft(t)
	w.block()
	on := w.tx([]chains.OutPoint{out(paid, 0)}, pay{"next", 69_000})
	w.save(4)
	v := w.screen(depositOf(on, "next"))
	found := exposure(v, screen.Stolen)
	require.Len(t, found, 1)
	require.Equal(t, screen.ByWalk, found[0].KnownBy)
	require.Equal(t, screen.Indirect, found[0].Distance)
	require.Equal(t, units(60_000, 41_400), found[0].Units)
	require.Equal(t, 2, found[0].Hops)
	path := found[0].Paths[0]
	require.Equal(t, "theft", path.Incident)
	require.Equal(t, text("next"), path.Steps[len(path.Steps)-1].To)
	require.Equal(t, units(0, 0), v.Value[0].Unknown)
}

func TestDustIsShownApart(t *testing.T) {
	w, paid := theft(t)
	w.block()
	sent := w.tx([]chains.OutPoint{out(paid, 1)}, pay{"customer", 250}, pay{"thief 2", 29_000})
	clean := w.mine(pay{"customer", 80_000})
	w.save(4)
	w.steal("theft", out(w.blocks[1].Txs[1].ID, 0))
	v := w.screen(addressOf("customer"))
	require.Equal(t, screen.Clear, v.Outcome)
	require.Equal(t, screen.Allow, v.Action)
	require.Equal(t, []screen.Unasked{{
		Chain: regtest, Asset: chains.Native, TxID: sent.String(), Units: chains.Units(250), From: text("rest"),
		Category: screen.Stolen, Incident: "theft", Why: v.Unasked[0].Why,
	}}, v.Unasked)
	require.Equal(t, chains.Units(80_000), v.Value[0].Units, "the dust of %s is no part of it, and %s is", sent, clean)

	v = w.screen(depositOf(sent, "customer"))
	require.Equal(t, screen.Clear, v.Outcome)
	require.Empty(t, v.Value)
	require.Len(t, v.Unasked, 1)
}

func TestNotCovered(t *testing.T) {
	w, paid := theft(t)
	t.Run("a chain of which nothing was read", func(t *testing.T) {
		cfg := w.config(3)
		cfg.Heads, cfg.Chains = nil, nil
		s, err := screen.New(cfg)
		require.NoError(t, err)
		v := ask(t, s, addressOf("customer"))
		require.Equal(t, screen.NotCovered, v.Outcome)
		require.Equal(t, screen.Review, v.Action)
		require.Equal(t, screen.EndedNoStore, v.Coverage.Ended)
		require.Len(t, v.Coverage.Gaps, 1)
		w.label("friend", "exchange", "A friend of all")
		cfg.Labels = w.config(3).Labels
		s, err = screen.New(cfg)
		require.NoError(t, err)
		v = ask(t, s, addressOf("friend"))
		require.Equal(t, screen.NotCovered, v.Outcome, "a label says nothing of where value came from")
		require.Equal(t, screen.Exchange, v.Exposure[0].Category)
		w.labels = nil
		require.Equal(t, screen.Match, ask(t, s, depositOf(paid, "deposit")).Outcome, "the incident knows it all the same")
	})
	t.Run("a transaction that was not read", func(t *testing.T) {
		v := w.screen(outputOf(chains.TxID{1}, 0))
		require.Equal(t, screen.NotCovered, v.Outcome)
		require.Contains(t, v.Coverage.Gaps[0].Why, "not in the blocks that were read")
	})
	t.Run("an output that there is not", func(t *testing.T) {
		require.Equal(t, screen.NotCovered, w.screen(outputOf(paid, 7)).Outcome)
	})
	t.Run("a store that is behind", func(t *testing.T) {
		for behind, want := range map[int64]screen.Outcome{6: screen.Clear, 7: screen.NotCovered} {
			cfg := w.config(3)
			cfg.Heads[0].Behind = &behind
			s, err := screen.New(cfg)
			require.NoError(t, err)
			require.Equal(t, want, ask(t, s, addressOf("friend")).Outcome)
			require.Equal(t, screen.Match, ask(t, s, addressOf("deposit")).Outcome, "what is known stays a match")
		}
	})
}

// failing is a store that cannot be read.
type failing struct{}

func (failing) Facts(context.Context, chains.Chain, int64) (screen.Facts, error) {
	return nil, errors.New(`open "/home/somebody/clew.db": C:\somebody\clew.db: disk I/O error`)
}

func TestReadingFails(t *testing.T) {
	w, paid := theft(t)
	cfg := w.config(3)
	cfg.Chains = failing{}
	s, err := screen.New(cfg)
	require.NoError(t, err)
	v := ask(t, s, addressOf("friend"))
	require.Equal(t, screen.Failed, v.Outcome)
	require.Equal(t, screen.Review, v.Action)
	require.Equal(t, `open bitcoin-regtest as of block 3: open "…": …: disk I/O error`, v.Error)
	v = ask(t, s, depositOf(paid, "deposit"), deep)
	require.Equal(t, screen.Failed, v.Outcome, "an error wins over a match")
	require.Len(t, exposure(v, screen.Stolen), 1, "and hides none")
}

// A Screener of a block that the store does not have any more says so, and gives no verdict.
func TestMoved(t *testing.T) {
	w, _ := theft(t)
	s := w.screener()
	w.blocks = w.blocks[:3]
	w.salt = "other"
	w.block()
	l, err := w.st.Load(t.Context(), regtest)
	require.NoError(t, err)
	require.NoError(t, l.Rewind(t.Context(), 2))
	require.NoError(t, l.Add(w.blocks[3]))
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	sub, err := screen.ParseSubject(addressOf("friend"), bitcoin.Codec{})
	require.NoError(t, err)
	_, err = s.Screen(t.Context(), screen.Request{Subject: sub})
	require.ErrorIs(t, err, screen.ErrMoved)
}

// What an incident traced in blocks that left the main chain is not known: it raises no match, and nothing that it
// touches is clear. What lies in blocks that both branches have in common counts as before.
func TestStale(t *testing.T) {
	w, paid := theft(t)
	loaded := w.index
	at := loaded.Tx(regtest, paid)[0].Height
	w.index = loaded.Stale("theft", "block 2 left the main chain")
	v := w.screen(depositOf(paid, "deposit"))
	require.Equal(t, screen.NotCovered, v.Outcome)
	require.Equal(t, screen.Review, v.Action)
	require.Empty(t, exposure(v, screen.Stolen))
	require.Equal(t, "block 2 left the main chain", v.Coverage.Gaps[0].Why)
	require.Equal(t, "block 2 left the main chain", v.Pins.Incidents[0].Stale)

	w.index = loaded.Stale("theft", "block 3 left the main chain", screen.Stand{Chain: regtest, Height: at})
	v = w.screen(depositOf(paid, "deposit"))
	require.Equal(t, screen.Match, v.Outcome)
	require.NotEmpty(t, exposure(v, screen.Stolen))
	require.Equal(t, fmt.Sprintf("%s=%d", regtest, at), v.Pins.Incidents[0].StandsTo)

	w.index = loaded.Stale("theft", "it left", screen.Stand{Chain: regtest, Height: at - 1})
	v = w.screen(depositOf(paid, "deposit")) // a walk finds it, at places that count
	require.Equal(t, screen.Match, v.Outcome)
	require.Equal(t, screen.ByWalk, exposure(v, screen.Stolen)[0].KnownBy)
}

func TestStands(t *testing.T) {
	text := screen.FormatStands([]screen.Stand{{Chain: "polygon", Height: 5}, {Chain: "eip155:99", Height: 7}})
	require.Equal(t, "eip155:99=7 polygon=5", text)
	stands, err := screen.ParseStands(text)
	require.NoError(t, err)
	require.Equal(t, []screen.Stand{{Chain: "eip155:99", Height: 7}, {Chain: "polygon", Height: 5}}, stands)
	for _, bad := range []string{"polygon", "nowhere=1", "polygon=x"} {
		_, err := screen.ParseStands(bad)
		require.Error(t, err, bad)
	}
}

func TestErrors(t *testing.T) {
	w, _ := theft(t)
	s := w.screener()
	_, err := s.Screen(t.Context(), screen.Request{Subject: screen.Subject{Kind: "wallet", Chain: regtest}})
	require.ErrorIs(t, err, screen.ErrSubject)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sub, err := screen.ParseSubject(addressOf("friend"), bitcoin.Codec{})
	require.NoError(t, err)
	_, err = s.Screen(ctx, screen.Request{Subject: sub})
	require.ErrorIs(t, err, context.Canceled)
	_, err = screen.New(screen.Config{Codec: bitcoin.Codec{}})
	require.ErrorContains(t, err, "policy")
}

// An address of which not all was read says so, and one that nothing touches is clear only where all was.
func TestPartsOfAChain(t *testing.T) {
	w, _ := theft(t)
	cfg := w.config(3)
	cfg.Heads[0].Spans = []chains.Span{{From: 2, To: 3}}
	s, err := screen.New(cfg)
	require.NoError(t, err)
	v := ask(t, s, addressOf("rest"), deep)
	require.True(t, v.Value[0].Partial)
	require.Contains(t, v.Coverage.Gaps[0].Why, "the store has blocks 2 to 3")
	require.Equal(t, screen.NotCovered, ask(t, s, addressOf("stranger")).Outcome)
	v = w.screen(addressOf("stranger"))
	require.Equal(t, screen.Clear, v.Outcome)
	require.Contains(t, v.Coverage.Gaps[0].Why, "no transaction up to the last block")
}

// Two incidents that trace the same money do not make it twice as much.
func TestTwoIncidentsOneMoney(t *testing.T) {
	w, paid := theft(t)
	w.steal("theft-again", out(w.blocks[1].Txs[1].ID, 0))
	v := w.screen(outputOf(paid, 0), deep)
	found := exposure(v, screen.Stolen)
	require.Len(t, found, 1)
	require.Equal(t, units(60_000, 42_000), found[0].Units)
	require.Contains(t, found[0].Note, "incident theft-again traces some of the same money")
	require.Equal(t, units(10_000, 28_000), exposure(v, screen.Mining)[0].Units)
	require.Len(t, v.Pins.Incidents, 2)
}

// Of two incidents that share a part of their seeds, what came of that part alone is one money.
func TestTwoIncidentsThatShareASeed(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"p", 10_000}, pay{"q", 15_000})
	w.block()
	parted := w.tx([]chains.OutPoint{out(first, 0)}, pay{"p 2", 9_000}, pay{"q 2", 1_000})
	w.block()
	both := w.tx([]chains.OutPoint{out(parted, 0), out(first, 1)}, pay{"pq", 24_000})
	all := w.tx([]chains.OutPoint{out(both, 0), out(parted, 1)}, pay{"end", 25_000})
	w.save(0)
	w.steal("p", out(first, 0))
	w.steal("q", out(parted, 1), out(first, 1))
	for subject, want := range map[string][2]uint64{outputOf(both, 0): {9_000, 15_000}, outputOf(all, 0): {10_000, 15_000}} {
		v := w.screen(subject, deep)
		got := map[string]screen.Split[chains.Amount]{}
		for _, e := range exposure(v, screen.Stolen) {
			got[e.Incident] = e.Units
		}
		require.Equal(t, map[string]screen.Split[chains.Amount]{"p": units(want[0], want[0]), "q": units(want[1], want[1])}, got)
	}
}

// Two thefts whose money meets are two, and add up.
func TestTwoIncidentsTwoMoneys(t *testing.T) {
	w, paid := theft(t)
	w.steal("theft-2", out(w.blocks[0].Txs[0].ID, 1))
	v := w.screen(outputOf(paid, 0), deep)
	found := exposure(v, screen.Stolen)
	require.Len(t, found, 2)
	require.Equal(t, units(60_000, 42_000), found[0].Units)
	require.Equal(t, units(10_000, 28_000), found[1].Units)
	require.Empty(t, found[0].Note)
}

// A Screener answers many at once, each as it does alone.
func TestConcurrent(t *testing.T) {
	w, paid := theft(t)
	s := w.screener()
	subjects := []string{depositOf(paid, "deposit"), outputOf(paid, 1), addressOf("friend"), addressOf("rest"), fmt.Sprintf("%s:%s", regtest, paid)}
	want := map[string]string{}
	for _, subject := range subjects {
		want[subject] = ask(t, s, subject).ID
	}
	var group sync.WaitGroup
	failures := make(chan string, 100)
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				subject := subjects[(i+j)%len(subjects)]
				sub, err := screen.ParseSubject(subject, bitcoin.Codec{})
				if err != nil {
					failures <- err.Error()
					return
				}
				if v, err := s.Screen(t.Context(), screen.Request{Subject: sub}); err != nil || v.ID != want[subject] {
					failures <- fmt.Sprint(subject, err)
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	require.Empty(t, failures)
}
