package heuristics_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
)

// sweeper is the life of an account D beside an exchange: its hot wallet is E, its operator is O.
type sweeper struct {
	txs  []*chains.Tx
	time int64
}

// pay adds a payment, some minutes after the one before; units are hundredths of a coin.
// D pays a fee of one where it signs.
func (s *sweeper) pay(minutes int64, sender, from, to string, asset chains.Asset, hundredths uint64) *chains.Tx {
	s.time += minutes * 60
	units, _ := chains.Units(hundredths).MulDiv(chains.Units(1e16), chains.Units(1))
	kind := chains.MoveCall
	if asset != chains.Native {
		kind = chains.MoveToken
	}
	tx := &chains.Tx{
		ID: sha256.Sum256(fmt.Appendf(nil, "%d", len(s.txs))), Block: chains.BlockRef{Time: s.time},
		Exec: &chains.Execution{Sender: chains.Address(sender), Moves: []chains.Move{
			{Kind: kind, Asset: asset, From: chains.Address(from), To: chains.Address(to), Amount: units},
		}},
	}
	if sender == "D" {
		fee, _ := chains.Units(1).MulDiv(chains.Units(1e16), chains.Units(1))
		tx.Exec.Moves = append([]chains.Move{{Kind: chains.MoveFee, From: "D", Amount: fee}}, tx.Exec.Moves...)
	}
	s.txs = append(s.txs, tx)
	return tx
}

func TestDepositAddress(t *testing.T) {
	const usd = chains.Asset("USD")
	customer := func(s *sweeper, hundredths uint64) { s.pay(60, "C", "C", "D", chains.Native, hundredths) }
	gas := func(s *sweeper) { s.pay(1, "E", "E", "D", chains.Native, 5) }
	sweep := func(s *sweeper, hundredths uint64) { s.pay(60, "D", "D", "E", chains.Native, hundredths) }
	for _, c := range []struct {
		name          string
		build         func(s *sweeper)
		alike         int
		pattern, tied bool
	}{
		{"it passes all on, and the exchange pays for gas", func(s *sweeper) { customer(s, 500); gas(s); sweep(s, 500) }, 0, true, true},
		{"a hundredth of a coin stays for gas", func(s *sweeper) { customer(s, 500); gas(s); sweep(s, 499) }, 0, true, true},
		{"two hundredths stay", func(s *sweeper) { customer(s, 500); gas(s); sweep(s, 498) }, 0, false, false},
		{"several payments, one sweep", func(s *sweeper) { customer(s, 500); gas(s); customer(s, 300); sweep(s, 800) }, 0, true, true},
		{"nothing ties it to the exchange", func(s *sweeper) { customer(s, 500); sweep(s, 500) }, 1, true, false},
		{"three accounts that each were emptied once", func(s *sweeper) { customer(s, 500); sweep(s, 500) }, 2, true, false},
		{"three such accounts", func(s *sweeper) { customer(s, 500); sweep(s, 500); customer(s, 1); sweep(s, 1) }, 2, true, true},
		{"the exchange pays ten times the fees", func(s *sweeper) { customer(s, 500); s.pay(1, "E", "E", "D", chains.Native, 10); sweep(s, 500) }, 0, true, true},
		{"and more, for one sweep", func(s *sweeper) { customer(s, 500); s.pay(1, "E", "E", "D", chains.Native, 11); sweep(s, 500) }, 0, true, false},
		{"and more, for two", func(s *sweeper) {
			customer(s, 500)
			s.pay(1, "E", "E", "D", chains.Native, 21)
			sweep(s, 500)
			customer(s, 300)
			sweep(s, 300)
		}, 0, true, true},
		{"before anything came", func(s *sweeper) { s.pay(1, "E", "E", "D", chains.Native, 5); customer(s, 500); sweep(s, 505) }, 0, true, false},
		{"before anything came, and it stays", func(s *sweeper) { s.pay(1, "E", "E", "D", chains.Native, 5); customer(s, 500); sweep(s, 500) }, 0, false, false},
		{"another exchange pays it too", func(s *sweeper) { s.pay(1, "F", "F", "D", chains.Native, 3); customer(s, 500); sweep(s, 503) }, 0, true, false},
		{"which stays", func(s *sweeper) { s.pay(1, "F", "F", "D", chains.Native, 3); customer(s, 500); sweep(s, 500) }, 0, false, false},
		{"a wallet withdraws from the exchange and pays dollars in", func(s *sweeper) {
			s.pay(1, "E", "E", "D", chains.Native, 1000)
			s.pay(60, "C", "C", "D", usd, 700)
			s.pay(600, "D", "D", "E", usd, 700)
		}, 0, true, false},
		{"its operator sweeps", func(s *sweeper) { customer(s, 500); s.pay(60, "O", "D", "E", chains.Native, 500) }, 0, true, true},
		{"whom it paid for gas sweeps", func(s *sweeper) { customer(s, 500); s.pay(60, "P", "D", "E", chains.Native, 500) }, 0, true, true},
		{"somebody else sweeps", func(s *sweeper) { customer(s, 500); s.pay(60, "Q", "D", "E", chains.Native, 500) }, 0, true, false},
		{"it pays somebody else too", func(s *sweeper) {
			customer(s, 500)
			gas(s)
			sweep(s, 400)
			s.pay(60, "D", "D", "X", chains.Native, 100)
		}, 0, false, false},
		{"to two services", func(s *sweeper) {
			customer(s, 500)
			gas(s)
			sweep(s, 500)
			customer(s, 100)
			s.pay(60, "D", "D", "F", chains.Native, 100)
		}, 0, false, false},
		{"13 hours and 20 minutes later", func(s *sweeper) { customer(s, 500); gas(s); s.pay(799, "D", "D", "E", chains.Native, 500) }, 0, true, true},
		{"a minute more", func(s *sweeper) { customer(s, 500); gas(s); s.pay(800, "D", "D", "E", chains.Native, 500) }, 0, false, false},
		{"soon after the last of them", func(s *sweeper) {
			customer(s, 500)
			gas(s)
			s.pay(700, "C", "C", "D", chains.Native, 100)
			s.pay(700, "D", "D", "E", chains.Native, 600)
		}, 0, true, true},
		{"the last payment is not swept yet", func(s *sweeper) { customer(s, 500); gas(s); sweep(s, 500); customer(s, 100) }, 0, true, true},
		{"and never was", func(s *sweeper) {
			customer(s, 500)
			gas(s)
			sweep(s, 500)
			customer(s, 100)
			s.pay(900, "E", "E", "D", chains.Native, 1)
		}, 0, false, false},
		{"tokens to the unit", func(s *sweeper) {
			s.pay(1, "C", "C", "D", usd, 700)
			gas(s)
			s.pay(1, "D", "D", "E", usd, 700)
		}, 0, true, true},
		{"a token that lacks something", func(s *sweeper) {
			s.pay(1, "C", "C", "D", usd, 700)
			gas(s)
			s.pay(1, "D", "D", "E", usd, 699)
		}, 0, false, false},
		{"a token that nobody sweeps", func(s *sweeper) {
			customer(s, 500)
			gas(s)
			sweep(s, 500)
			s.pay(1, "spam", "spam", "D", "SPAM", 9)
			s.pay(900, "E", "E", "D", chains.Native, 1)
		}, 0, true, true},
		{"more than came, the second time", func(s *sweeper) { customer(s, 500); gas(s); sweep(s, 500); customer(s, 100); sweep(s, 120) }, 0, false, false},
		{"what the exchange paid goes back", func(s *sweeper) { gas(s); sweep(s, 5) }, 0, true, false},
		{"nothing came", func(s *sweeper) { sweep(s, 5) }, 0, false, false},
		{"nothing was swept", func(s *sweeper) { gas(s); customer(s, 500) }, 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sweeper{}
			c.build(s)
			d, pattern, tied := heuristics.DepositAddress(&heuristics.DepositFacts{
				Account: "D", Chain: "ethereum", Txs: s.txs, End: s.time,
				Owner: func(a chains.Address) string {
					return map[chains.Address]string{"E": "exchange", "O": "exchange", "F": "another"}[a]
				},
				Funder: func(a chains.Address) chains.Address { return map[chains.Address]chains.Address{"P": "E"}[a] },
				Alike:  func(string) int { return c.alike },
			})
			require.Equal(t, c.pattern, pattern)
			require.Equal(t, c.tied, tied)
			if pattern {
				require.Equal(t, "exchange", d.Service)
				require.Equal(t, []chains.Address{"E"}, d.To)
				require.Equal(t, tied, d.Tie != "")
			}
		})
	}
}

func TestGatheredBy(t *testing.T) {
	of := func(a chains.Address) string { return map[chains.Address]string{"E": "exchange", "F": "another"}[a] }
	for _, c := range []struct {
		name     string
		from, to []string
		want     string
	}{
		{"gathered into the service's", []string{"D", "X", "Y"}, []string{"E"}, "exchange"},
		{"into two of its addresses", []string{"D", "X", "D"}, []string{"E", "E"}, "exchange"},
		{"of one address", []string{"D", "D", "D"}, []string{"E"}, ""},
		{"two inputs, as somebody has who pays", []string{"D", "X"}, []string{"E"}, ""},
		{"and to somebody else", []string{"D", "X", "Y"}, []string{"E", "Z"}, ""},
		{"to two services", []string{"D", "X", "Y"}, []string{"E", "F"}, ""},
		{"with an input that nobody knows", []string{"D", "X", ""}, []string{"E"}, ""},
		{"to nobody", []string{"D", "X", "Y"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := &chains.Tx{}
			for _, a := range c.from {
				tx.Inputs = append(tx.Inputs, chains.Input{Known: a != "", Spent: chains.Output{Address: chains.Address(a)}})
			}
			for _, a := range c.to {
				tx.Outputs = append(tx.Outputs, chains.Output{Address: chains.Address(a), Value: 1})
			}
			tx.Outputs = append(tx.Outputs, chains.Output{Address: "data"})
			got, ok := heuristics.GatheredBy(tx, of)
			require.Equal(t, c.want, got)
			require.Equal(t, c.want != "", ok)
		})
	}
}
