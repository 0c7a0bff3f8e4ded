package screen_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/screen"
)

// screener screens a market, of which an incident traces what the first receiver got.
func (m *market) screener(t *testing.T) *screen.Screener {
	t.Helper()
	index := screen.NewIndex(evm.Codec{})
	m.receipts(m.blocks[1], func(at screen.Place) {
		if len(index.Incidents()) > 0 {
			return
		}
		var err error
		index, err = index.With(m.trace(t, at.Tx, at.Account, at.Asset), screen.Loaded{ID: "market", Trace: "trace", SHA256: fmt.Sprintf("%x", sha256.Sum256(nil))})
		require.NoError(t, err)
	})
	s, err := screen.New(screen.Config{
		Policy: testPolicy(t, ""), Index: index, Codec: evm.Codec{}, Chains: viewsOf{m.st},
		Heads: []screen.Head{{
			Chain: polygon, Spans: []chains.Span{{From: 0, To: int64(len(m.blocks)) - 1}}, Block: m.blocks[len(m.blocks)-1].Ref,
		}},
	})
	require.NoError(t, err)
	return s
}

// Whatever happens on a chain of accounts, sums hold, and verdicts repeat: of addresses, deposits in one
// asset and in all, and transactions, both ways.
func TestRandomMarkets(t *testing.T) {
	stolen := 0
	for seed := range uint64(12) {
		m := newMarket(t, seed, seed%2 == 0)
		s := m.screener(t)
		var subjects []screen.Subject
		for p := range 5 {
			subjects = append(subjects, screen.Subject{Chain: polygon, Address: formatted(m.person(p))})
		}
		subjects = append(subjects, screen.Subject{Chain: polygon, Address: formatted("vault")}, screen.Subject{Chain: polygon, Address: formatted("router")})
		for _, b := range m.blocks {
			for i := range b.Txs {
				subjects = append(subjects, screen.Subject{Chain: polygon, TxID: b.Txs[i].ID.String()})
			}
			m.receipts(b, func(at screen.Place) {
				d := screen.Subject{Chain: polygon, TxID: at.Tx.String(), Address: evm.Codec{}.FormatAddress(polygon, at.Account)}
				one := d
				one.Asset = at.Asset
				subjects = append(subjects, d, one)
			})
		}
		for i, sub := range subjects {
			sub.Direction = []screen.Direction{screen.Source, screen.Destination}[i%2]
			r := screen.Request{Subject: sub, Deep: i%3 > 0, Budget: &screen.Budget{Hops: 50, Transactions: 300}}
			v, err := s.Screen(t.Context(), r)
			require.NoError(t, err)
			require.NotEqual(t, screen.Failed, v.Outcome, "%s: %s", sub, v.Error)
			checkVerdict(t, s, v, r)
			stolen += len(exposure(v, screen.Stolen))
		}
	}
	require.Greater(t, stolen, 50)
}

func formatted(who string) string { return evm.Codec{}.FormatAddress(polygon, account(who)) }

// What an incident traced to an account is told alike without the store and with it, and the rest of the
// payment is explained by who paid.
func TestDepositsOnAccounts(t *testing.T) {
	compared := 0
	for seed := range uint64(20) {
		m := newMarket(t, seed, true)
		s := m.screener(t)
		for _, b := range m.blocks {
			m.receipts(b, func(at screen.Place) {
				hits := s.Index().At(at)
				if len(hits) == 0 {
					return
				}
				compared++
				sub := screen.Subject{Chain: polygon, TxID: at.Tx.String(), Address: evm.Codec{}.FormatAddress(polygon, at.Account), Asset: at.Asset}
				for _, deep := range []bool{false, true} {
					v, err := s.Screen(t.Context(), screen.Request{Subject: sub, Deep: deep})
					require.NoError(t, err)
					found := exposure(v, screen.Stolen)
					require.Len(t, found, 1, "%s", sub)
					require.Equal(t, hits[0].Units, found[0].Units)
					require.Equal(t, screen.ByIncident, found[0].KnownBy)
					if v.Coverage.Ended == screen.EndedExplained {
						require.Equal(t, units(0, 0), v.Value[0].Unknown)
					}
				}
			})
		}
	}
	require.Greater(t, compared, 20)
}
