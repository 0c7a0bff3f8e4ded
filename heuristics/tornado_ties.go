package heuristics

import (
	"fmt"

	"clew/chains"
)

// fewestTransfers tie two accounts. Source: Béres et al. 2021, Wu et al. 2022: two strangers may pay
// each other once.
const fewestTransfers = 3

// History is what an account did, from a time on: the transactions that move value from or to it, or that it
// signed, in chain order. Cut: there are more, so that it is taken for somebody who serves many.
type History struct {
	Account chains.Address
	Txs     []*chains.Tx
	Cut     bool
}

// Ties is what accounts have to do with each other outside of the pools of a mixer, as far as
// histories tell. Make one with TiesOf. It is not written to afterwards.
type Ties struct {
	// outside reports whether an account is nobody's own: a pool, a contract, a service.
	outside   func(chains.Address) bool
	looked    map[chains.Address]bool
	busy      map[chains.Address]bool // its history was cut
	transfers map[[2]chains.Address]map[chains.TxID]bool
	funder    map[chains.Address]chains.Address
	txs       map[chains.Address][]*chains.Tx
}

// TiesOf reads histories. outside says of an account that it is nobody's own: a pool of a mixer, a
// contract, a service; it ties nobody.
func TiesOf(histories []History, outside func(chains.Address) bool) *Ties {
	t := &Ties{
		outside: outside, looked: map[chains.Address]bool{}, busy: map[chains.Address]bool{},
		transfers: map[[2]chains.Address]map[chains.TxID]bool{}, funder: map[chains.Address]chains.Address{},
		txs: map[chains.Address][]*chains.Tx{},
	}
	for i := range histories {
		h := &histories[i]
		t.looked[h.Account] = true
		t.busy[h.Account] = h.Cut
		t.txs[h.Account] = h.Txs
		if from := GasFunder(h); from != "" {
			t.funder[h.Account] = from
		}
		for _, tx := range h.Txs {
			t.count(tx, h.Account)
		}
	}
	return t
}

// count notes the transfers of an account in a transaction.
func (t *Ties) count(tx *chains.Tx, a chains.Address) {
	for k := range tx.Exec.Moves {
		m := &tx.Exec.Moves[k]
		if m.From == "" || m.To == "" || m.From == m.To || m.From != a && m.To != a {
			continue
		}
		key := pairOf(m.From, m.To)
		if t.transfers[key] == nil {
			t.transfers[key] = map[chains.TxID]bool{}
		}
		t.transfers[key][tx.ID] = true
	}
}

func pairOf(a, b chains.Address) [2]chains.Address {
	if b < a {
		a, b = b, a
	}
	return [2]chains.Address{a, b}
}

// GasFunder returns who paid the native coin to an account before it signed its first transaction, the
// last of them where there are several: its gas came from there. "" where it signed before the history
// begins, or nobody was seen to pay.
func GasFunder(h *History) chains.Address {
	last := chains.Address("")
	for _, tx := range h.Txs {
		if tx.Exec.Sender == h.Account {
			if tx.Exec.Nonce > 0 {
				return ""
			}
			return last
		}
		for k := range tx.Exec.Moves {
			m := &tx.Exec.Moves[k]
			if m.To == h.Account && m.Kind.Native() && m.From != "" {
				last = m.From
			}
		}
	}
	return last
}

// own returns who funded an account's gas, where that is somebody's own account.
func (t *Ties) own(a chains.Address) chains.Address {
	from := t.funder[a]
	if from == "" || t.busy[from] || t.outside(from) {
		return ""
	}
	return from
}

// Linked returns how many transfers tie two accounts, or those who funded their gas, where there are
// fewestTransfers of them; 1 where one account paid for the gas of both, or one of the two for the other's; 0
// where nothing is seen. known is false where neither account was looked at.
func (t *Ties) Linked(a, b chains.Address) (n int, known bool) {
	known = t.looked[a] || t.looked[b]
	if a == b {
		return 0, known
	}
	fa, fb := t.own(a), t.own(b)
	for _, pair := range [][2]chains.Address{{a, b}, {fa, b}, {a, fb}, {fa, fb}} {
		if pair[0] == "" || pair[1] == "" || pair[0] == pair[1] || t.outside(pair[0]) || t.outside(pair[1]) {
			continue
		}
		if have := len(t.transfers[pairOf(pair[0], pair[1])]); have >= fewestTransfers {
			n = max(n, have)
		}
	}
	if n == 0 && (fa != "" && (fa == fb || fa == b) || fb != "" && fb == a) {
		n = 1
	}
	return n, known
}

// Gatherer returns to whom an account passed on more than half of what it took out of pools from a
// time on, within MixerWindow; "" where it did not, was not looked at, or paid a service.
func (t *Ties) Gatherer(a chains.Address, since int64) chains.Address {
	in := map[chains.Asset]chains.Amount{}
	out := map[Holding]chains.Amount{}
	var order []Holding
	for _, tx := range t.txs[a] {
		if tx.Block.Time < since || tx.Block.Time > since+MixerWindow {
			continue
		}
		for k := range tx.Exec.Moves {
			m := &tx.Exec.Moves[k]
			switch {
			case m.To == a && m.From != a && t.outside(m.From):
				in[m.Asset] = plusUpTo(in[m.Asset], m.Amount)
			case m.From == a && m.To != a && m.To != "" && !t.outside(m.To) && !t.busy[m.To]:
				key := Holding{Account: m.To, Asset: m.Asset}
				if _, met := out[key]; !met {
					order = append(order, key)
				}
				out[key] = plusUpTo(out[key], m.Amount)
			}
		}
	}
	for _, key := range order {
		if half, _ := in[key.Asset].MulDiv(chains.Units(1), chains.Units(2)); half.Less(out[key]) && !in[key.Asset].IsZero() {
			return key.Account
		}
	}
	return ""
}

// plusUpTo adds; where a token that lies would overflow, the larger one stays.
func plusUpTo(a, b chains.Amount) chains.Amount {
	sum, err := a.Add(b)
	if err != nil {
		return chains.Max(a, b)
	}
	return sum
}

// FeeHabit says how the signer of a transaction pays for gas, as text to compare: the gas price that
// it names, or the tip and the fee that it offers at most; "" where these were not kept. The limit of gas
// is left out, since it hangs on what is called.
func FeeHabit(e *chains.Execution) string {
	const legacy = 1 // and access lists, which name a price too
	switch {
	case e.Type <= legacy:
		return fmt.Sprintf("price %s", e.GasPrice)
	case e.FeeCap.IsZero():
		return ""
	}
	return fmt.Sprintf("tip %s of %s", e.TipCap, e.FeeCap)
}
