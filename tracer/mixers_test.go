package tracer_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// History looks through the whole chain, unless the book knows no states: then it has no index either.
func (b *evmBook) History(_ context.Context, a chains.Address, since int64, most int) ([]*chains.Tx, error) {
	if b.noState {
		return nil, chains.ErrUnsupported
	}
	var found []*chains.Tx
	for _, tx := range b.txs {
		if tx.Block.Time >= since && tx.Exec.Acts(a) && (most == 0 || len(found) < most) {
			found = append(found, tx)
		}
	}
	return found, nil
}

// mixes adds a deposit of 100 of the native coin to a pool of a mixer, or a withdrawal from it.
func (b *evmBook) mixes(who string, in bool) chains.TxID {
	e := chains.Event{Kind: chains.EventMixerOut, Protocol: "tornado", Name: "Withdrawal", Emitter: "tornado", Registered: true, Account: chains.Address(who)}
	var id chains.TxID
	if in {
		id = b.tx(who, coin(who, "tornado", 100))
		e.Kind, e.Name, e.Account = chains.EventMixerIn, "Deposit", ""
	} else {
		id = b.tx("relayer", coin("tornado", who, 100))
	}
	b.txs[len(b.txs)-1].Exec.GasPrice = chains.Units(uint64(len(b.txs))) // nobody pays alike
	b.event(e)
	return id
}

// poolCase has the thief deposit twice of what was stolen; O, before and between, deposits too.
func poolCase() (b *evmBook, deposits []chains.TxID, seeds string) {
	b, seeds = theft(polygon, chains.Native, 200)
	b.tx("C", coin("", "O", 500))
	b.mixes("O", true)
	deposits = append(deposits, b.mixes("T", true))
	b.mixes("O", true)
	deposits = append(deposits, b.mixes("T", true))
	b.mixes("P", false)
	b.mixes("W", false)
	b.mixes("W", false)
	b.mixes("T", false)
	return b, deposits, seeds
}

func TestCandidatesAreProposed(t *testing.T) {
	b, deposits, seeds := poolCase()
	trace := b.run(t, seeds)
	require.Len(t, trace.Candidates, 2)
	for i, c := range trace.Candidates {
		require.Equal(t, deposits[i], c.Deposit)
		require.Equal(t, []string{"T", "tornado"}, []string{c.Depositor, c.Pool})
		require.Equal(t, []int{4, 0, 4}, []int{c.Set, c.Unread, c.Withdrawals})
		require.Len(t, c.Signals, 5)
		var list []string
		for _, w := range c.List {
			list = append(list, w.Recipient+" "+w.Signals[0].Name)
			require.True(t, w.Relayed)
			require.Equal(t, 4, w.Set)
		}
		require.ElementsMatch(t, []string{"W run", "W run", "T same-address"}, list)
		at := slices.IndexFunc(trace.Endpoints, func(e tracer.Endpoint) bool { return e.ID == c.Endpoint })
		end := trace.Endpoints[at]
		require.Equal(t, tracer.ReasonMixer, end.Reason)
		require.Equal(t, deposits[i], *end.TxID)
		require.Equal(t, end.Node, c.Node)
	}
	says := map[string]int{}
	for _, f := range trace.Findings {
		says[f.Heuristic]++
	}
	require.Equal(t, map[string]int{"tornado-deposit": 2, "mixer-candidates/same-address": 2, "mixer-candidates/run": 2}, says)
	for _, f := range trace.Findings {
		if f.Heuristic == "mixer-candidates/run" {
			require.Equal(t, "one recipient, or who gathers from several, took out just as often as was put in: 2 of 4 withdrawals behind this deposit, best first to W. "+
				"Where the pool's 3 recipients were shuffled at random no other did so, in 200 shuffles. Of at most 4 deposits to the pool at most 4 that were read fit as well. "+
				"None of these need be its way out; none is followed, and the list of candidates has all", f.Says)
		}
	}
	valid(t, "clew.trace-1", trace)
	bare, err := tracer.Run(t.Context(), evmIncident(t, seeds), b.chain, b.rewind(), plain{}, tracer.Options{Without: []string{"mixer-candidates"}})
	require.NoError(t, err)
	require.Equal(t, lies(bare), lies(trace), "no value goes by it")
}

// Where others do the same by accident, the finding says how many.
func TestCandidatesByAccident(t *testing.T) {
	b, _, seeds := poolCase()
	b.mixes("V", false)
	b.mixes("V", false)
	trace := b.run(t, seeds)
	i := slices.IndexFunc(trace.Findings, func(f tracer.Finding) bool { return f.Heuristic == "mixer-candidates/run" })
	require.Equal(t, []string{"W", "V"}, trace.Findings[i].Addresses)
	require.Regexp(t, "4 of 6 withdrawals behind this deposit, best first to W, V\\. Where the pool's 4 recipients were shuffled at random [0-9.]+( to [0-9.]+)? others did so \\(mean of 200 shuffles\\)", trace.Findings[i].Says)
}

// What the analyst adopts has its candidates too, and no endpoint.
func TestCandidatesOfAdopted(t *testing.T) {
	b, deposits, seeds := poolCase()
	w := b.txs[len(b.txs)-3].ID
	adopt := "adopt:\n  - {from: \"polygon:" + deposits[0].String() + "\", to: \"polygon:" + w.String() + ":W\", reason: a run}\n"
	trace := b.run(t, adopt+seeds)
	require.Len(t, trace.Candidates, 2)
	require.Empty(t, trace.Candidates[0].Endpoint)
	require.NotEmpty(t, trace.Candidates[1].Endpoint)
}

func TestWithoutCandidates(t *testing.T) {
	b, _, seeds := poolCase()
	trace, err := tracer.Run(t.Context(), evmIncident(t, seeds), b.chain, b.rewind(), plain{}, tracer.Options{Without: []string{"mixer-candidates"}})
	require.NoError(t, err)
	require.Empty(t, trace.Candidates)
	require.Len(t, trace.Findings, 2)
}

// Where nobody tells what accounts did, ties and gatherings are not looked for, and that is said; the
// pool's own events still are.
func TestCandidatesWithoutHistories(t *testing.T) {
	b, _, seeds := poolCase()
	b.noState = true
	trace := b.run(t, seeds)
	require.Len(t, trace.Candidates, 2)
	for _, s := range trace.Candidates[0].Signals {
		require.Equal(t, s.Name == "linked" || s.Name == "run", s.NotLooked != "", s.Name)
	}
	last := trace.Findings[len(trace.Findings)-1]
	require.Equal(t, "mixer-candidates", last.Heuristic)
	require.Contains(t, last.Says, "not everything was looked at")
}

// exchangeCase pays traced value into an account of an exchange, from which it goes on.
func exchangeCase(gas bool) (b *evmBook, seeds string) {
	b, seeds = theft(polygon, token, 100)
	b.tx("C", coin("", "Exchange", 500), tok("", "Other", 500))
	b.tx("T", tok("T", "D", 60))
	if gas {
		b.tx("Exchange", coin("Exchange", "D", 5))
	}
	b.tx("Other", tok("Other", "D", 7))
	b.tx("D", fee("D", 2), tok("D", "Exchange", 67))
	return b, "known:\n  - {chain: polygon, address: Exchange, kind: service, entity: Big, source: a note}\n" + seeds
}

func TestDepositAddressesAreNamed(t *testing.T) {
	b, seeds := exchangeCase(true)
	trace := b.run(t, seeds)
	require.ElementsMatch(t, []string{"balance TOKEN T: " + same("40"), "service TOKEN Exchange: 60 60 60 60 60 null 67"}, lies(trace), "it ends with the exchange")
	require.Len(t, trace.Findings, 1)
	f := trace.Findings[0]
	require.Equal(t, "deposit-address", f.Heuristic)
	require.Equal(t, []string{"D", "Exchange"}, f.Addresses)
	require.NotNil(t, f.Error)
	for _, says := range []string{"a deposit address of Big", "the service pays for its gas", "67 units of TOKEN", "may be innocent"} {
		require.Contains(t, f.Says, says)
	}
	for _, n := range trace.Nodes {
		require.Equal(t, n.Address == "Exchange", n.Entity == "Big", n.Address)
	}
	t.Run("nothing ties it to the exchange", func(t *testing.T) {
		b, seeds := exchangeCase(false)
		require.Empty(t, b.run(t, seeds).Findings)
	})
	t.Run("without", func(t *testing.T) {
		trace, err := tracer.Run(t.Context(), evmIncident(t, seeds), b.chain, b.rewind(), plain{}, tracer.Options{Without: []string{"deposit-address"}})
		require.NoError(t, err)
		require.Empty(t, trace.Findings)
	})
	t.Run("nobody tells what it did", func(t *testing.T) {
		b, seeds := exchangeCase(true)
		b.noState = true
		trace := b.run(t, seeds)
		require.Len(t, trace.Findings, 1)
		require.Contains(t, trace.Findings[0].Says, "were not looked for")
		require.Nil(t, trace.Findings[0].Error, "no error is of what was not done")
	})
}

// A contract whose branch ends there is one too, where the exchange sweeps it.
func TestDepositContract(t *testing.T) {
	b, seeds := theft(polygon, token, 100)
	b.tx("T", tok("T", "deposit", 60))
	b.tx("Exchange", tok("deposit", "Exchange", 60))
	trace := b.run(t, "known:\n  - {chain: polygon, address: Exchange, kind: service, entity: Big, source: a note}\n"+seeds)
	require.Contains(t, lies(trace), "contract TOKEN deposit: "+same("60"))
	require.Len(t, trace.Findings, 1)
	require.Equal(t, []string{"deposit", "Exchange"}, trace.Findings[0].Addresses)
	for _, e := range trace.Endpoints {
		require.Equal(t, e.Reason == tracer.ReasonContract, strings.Contains(e.Note, "taken for a deposit address of Big"), "%s %s", e.Reason, e.Note)
	}
}
