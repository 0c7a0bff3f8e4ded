package heuristics

import (
	"fmt"
	"slices"

	"clew/chains"
)

// DepositVersion is the version of DepositAddress.
const DepositVersion = "1"

// Parameters of Victor 2020 ("Address clustering heuristics for Ethereum"), who fitted them on Ethereum
// of 2015 to 2019 and found 17.9 % of active accounts behind deposit addresses. Known failures: a
// service that keeps more than depositLeft for gas, or sweeps weeks later, is missed; a customer who
// himself passes on at once to a service that pays for his gas looks the same.
const (
	// depositDelay is how long a sweep may come after the last payment that it takes along, in seconds:
	// 3,200 blocks of Ethereum at 15 seconds each, their mean in those years, whatever the chain's
	// blocks take. (The paper pairs one payment with one sweep; where a sweep takes several, the last
	// of them is that pair.)
	depositDelay = 3_200 * 15
	// depositLeft: of the native coin one unit divided by this may stay behind, for gas.
	depositLeft = 100
	// manyDeposits accounts that show the pattern towards one service are no accident, although
	// nothing else ties them to it. Basis: with two, one customer with two wallets would do.
	manyDeposits = 3
	// leastAlike is how often each of them is swept at least: a wallet that is emptied once shows nothing.
	leastAlike = 2
	// gasTimes: what a service pays an account that was swept once is for its gas where it is no more
	// than this many times what the account paid in fees.
	gasTimes = 10
)

// DepositFacts is what is known of an account that may be a deposit address of a service.
type DepositFacts struct {
	Account chains.Address
	Chain   chains.Chain
	// Txs is what it did, in chain order, up to the block that was read last, at time End.
	Txs []*chains.Tx
	End int64
	// Owner returns the service that an account belongs to, as labels say; "" for none.
	Owner func(chains.Address) string
	// Funder returns who paid the first gas of an account that signed; "" where that is not known.
	Funder func(chains.Address) chains.Address
	// Alike is how many other accounts are known to sweep to the same service in the same way.
	Alike func(service string) int
}

// Deposit is what makes an account a deposit address of a service: always an inference.
type Deposit struct {
	Service  string
	To       []chains.Address // those of the service that it sweeps to, in order
	Tie      string           // what ties it to the service, beside sweeping to it; "": nothing does
	Receipts []DepositReceipt // in chain order
	Sweeps   int
	Says     string
}

// DepositReceipt is one payment to a deposit address.
type DepositReceipt struct {
	Tx    chains.TxID
	Time  int64
	From  chains.Address
	Asset chains.Asset
	Units chains.Amount
	Swept bool // no sweep has come yet where it is false
}

// DepositAddress reports whether an account only passes on to a service what it receives, all of it
// and soon, so that who pays to it is likely a customer of the service or somebody who pays for one. Those are
// never joined with each other. tied is false where nothing but this pattern ties it to the service: such
// accounts count for each other (DepositFacts.Alike). What the account held before is not known, so
// that the first sweep of an asset may be larger.
func DepositAddress(f *DepositFacts) (d Deposit, pattern, tied bool) {
	w := &sweeping{f: f, held: map[chains.Asset]*sweepable{}}
	w.first = w.paidFirst()
	for _, tx := range f.Txs {
		if tx.Exec == nil || !w.take(tx) {
			return Deposit{}, false, false
		}
	}
	w.leaveOut()
	if len(w.d.Receipts) == 0 || !w.inTime(f.End) {
		return Deposit{}, false, false
	}
	w.d.Tie = w.tie()
	w.d.Says = w.says()
	return w.d, true, w.d.Tie != ""
}

// sweeping goes through what an account did.
type sweeping struct {
	f       *DepositFacts
	d       Deposit
	held    map[chains.Asset]*sweepable
	first   string        // the service that it pays first
	gas     chains.Amount // native coin that this service paid while something waited to be swept
	fees    chains.Amount // that it paid itself
	created chains.Address
	signers []chains.Address // who signed sweeps, but for the account itself
}

// sweepable is what an account has of an asset.
type sweepable struct {
	due     chains.Amount // received from others since the last sweep
	beside  chains.Amount // left by sweeps, or paid by the service
	waiting []int         // receipts in due
	swept   bool          // once
}

// paidFirst returns the service that the account pays first; "" for none.
func (w *sweeping) paidFirst() string {
	for _, tx := range w.f.Txs {
		for i := 0; tx.Exec != nil && i < len(tx.Exec.Moves); i++ {
			if m := &tx.Exec.Moves[i]; m.From == w.f.Account && m.To != m.From && m.Kind != chains.MoveFee && !m.Amount.IsZero() {
				return w.f.Owner(m.To)
			}
		}
	}
	return ""
}

// take takes a transaction; false where no deposit address would do that.
func (w *sweeping) take(tx *chains.Tx) bool {
	e := tx.Exec
	if e.Created == w.f.Account {
		w.created = e.Sender
	}
	var out map[chains.Asset]chains.Amount
	for i := range e.Moves {
		m := &e.Moves[i]
		switch {
		case m.From == m.To || m.Amount.IsZero():
		case m.To == w.f.Account:
			w.receive(tx, m)
		case m.From != w.f.Account:
		case m.Kind == chains.MoveFee:
			w.fees = plusUpTo(w.fees, m.Amount)
			at := w.at(chains.Native)
			at.beside = at.beside.Minus(chains.Min(at.beside, m.Amount))
		default:
			owner := w.f.Owner(m.To)
			if owner == "" || w.d.Service != "" && owner != w.d.Service {
				return false
			}
			w.d.Service = owner
			if !slices.Contains(w.d.To, m.To) {
				w.d.To = append(w.d.To, m.To)
			}
			if out == nil {
				out = map[chains.Asset]chains.Amount{}
			}
			out[m.Asset] = plusUpTo(out[m.Asset], m.Amount)
		}
	}
	for asset, units := range out {
		if !w.sweep(tx, asset, units) {
			return false
		}
	}
	return true
}

func (w *sweeping) at(asset chains.Asset) *sweepable {
	if w.held[asset] == nil {
		w.held[asset] = &sweepable{}
	}
	return w.held[asset]
}

// receive takes a receipt. Coin that the service itself pays is none where something waits to be swept:
// it is for the gas of that.
func (w *sweeping) receive(tx *chains.Tx, m *chains.Move) {
	at := w.at(m.Asset)
	if m.From != "" && m.Kind.Native() && w.first != "" && w.f.Owner(m.From) == w.first && w.waits() {
		at.beside, w.gas = plusUpTo(at.beside, m.Amount), plusUpTo(w.gas, m.Amount)
		return
	}
	at.due = plusUpTo(at.due, m.Amount)
	at.waiting = append(at.waiting, len(w.d.Receipts))
	w.d.Receipts = append(w.d.Receipts, DepositReceipt{Tx: tx.ID, Time: tx.Block.Time, From: m.From, Asset: m.Asset, Units: m.Amount})
}

// waits reports whether something was received and not swept.
func (w *sweeping) waits() bool {
	for _, at := range w.held {
		if len(at.waiting) > 0 {
			return true
		}
	}
	return false
}

// paysGas reports whether the service pays for the account's gas: while something waits there, and
// either about what it needs, or it is swept again and again. Whoever fetches coin from a service to
// pay a fee gets more, once.
func (w *sweeping) paysGas() bool {
	part, _ := w.gas.MulDiv(chains.Units(1), chains.Units(gasTimes))
	return !w.gas.IsZero() && (!w.fees.Less(part) || w.d.Sweeps >= leastAlike)
}

// sweep takes a payment to the service; false where it is not all that was received, or comes late.
func (w *sweeping) sweep(tx *chains.Tx, asset chains.Asset, units chains.Amount) bool {
	at := w.at(asset)
	held := plusUpTo(at.due, at.beside)
	if held.Less(units) {
		if at.swept {
			return false
		}
		held = units // of before
	}
	left := held.Minus(units)
	allowed := chains.Amount{}
	if asset == chains.Native {
		allowed = oneUnit(w.f.Chain, depositLeft)
	}
	if short := at.due.Minus(chains.Min(at.due, units)); allowed.Less(short) {
		return false
	}
	if n := len(at.waiting); n > 0 && tx.Block.Time-w.d.Receipts[at.waiting[n-1]].Time > depositDelay {
		return false
	}
	for _, i := range at.waiting {
		w.d.Receipts[i].Swept = true
	}
	*at = sweepable{beside: left, swept: true} // what waits begins anew
	w.d.Sweeps++
	if s := tx.Exec.Sender; s != w.f.Account && !slices.Contains(w.signers, s) {
		w.signers = append(w.signers, s)
	}
	return true
}

// oneUnit is a whole coin of a chain, divided.
func oneUnit(chain chains.Chain, by uint64) chains.Amount {
	unit := chains.Units(1)
	for range chain.Info().Decimals {
		unit, _ = unit.MulDiv(chains.Units(10), chains.Units(1))
	}
	part, _ := unit.MulDiv(chains.Units(1), chains.Units(by))
	return part
}

// inTime reports whether what was not swept yet may still be.
func (w *sweeping) inTime(end int64) bool {
	last := map[chains.Asset]int64{}
	for i := range w.d.Receipts {
		if r := &w.d.Receipts[i]; !r.Swept {
			last[r.Asset] = r.Time
		}
	}
	for _, at := range last {
		if end-at > depositDelay {
			return false
		}
	}
	return true
}

// leaveOut drops receipts of assets of which nothing was ever swept: anybody can send anything, and a
// service passes on what it deals in.
func (w *sweeping) leaveOut() {
	w.d.Receipts = slices.DeleteFunc(w.d.Receipts, func(r DepositReceipt) bool { return !w.held[r.Asset].swept })
}

// tie says what ties the account to the service; "" for nothing.
func (w *sweeping) tie() string {
	of := func(a chains.Address) bool {
		return a != "" && (w.f.Owner(a) == w.d.Service || w.f.Owner(w.f.Funder(a)) == w.d.Service)
	}
	switch {
	case w.paysGas():
		return "the service pays for its gas"
	case of(w.created):
		return "the service created it"
	case slices.ContainsFunc(w.signers, of):
		return "the service signs its sweeps and pays for them"
	}
	if n := w.f.Alike(w.d.Service) + 1; n >= manyDeposits && w.d.Sweeps >= leastAlike {
		return fmt.Sprintf("%d accounts sweep to the service in the same way", n)
	}
	return ""
}

func (w *sweeping) says() string {
	waiting := 0
	for i := range w.d.Receipts {
		if !w.d.Receipts[i].Swept {
			waiting++
		}
	}
	text := fmt.Sprintf("all that was received (%d payments) went on to %s, in %d sweeps, each at most %d seconds after the last payment", len(w.d.Receipts)-waiting, w.d.Service, w.d.Sweeps, depositDelay)
	if waiting > 0 {
		text += fmt.Sprintf("; %d later payments were not swept yet", waiting)
	}
	if w.d.Tie != "" {
		text += "; " + w.d.Tie
	}
	return text
}

// GatheredBy returns the service into which tx gathers outputs of several addresses: at least
// ConsolidationInputs inputs, all of them known, and value to addresses of that service alone. of says
// whose an address is, by label or cluster; "" for nobody's. An address of which every spend is gathered by one service is
// taken for a deposit address of it. A customer who empties several addresses of his own into the service at
// once looks the same.
func GatheredBy(tx *chains.Tx, of func(chains.Address) string) (service string, ok bool) {
	if len(tx.Inputs) < ConsolidationInputs {
		return "", false
	}
	for i := range tx.Outputs {
		o := &tx.Outputs[i]
		if o.Value == 0 {
			continue
		}
		owner := of(o.Address)
		if owner == "" || service != "" && owner != service {
			return "", false
		}
		service = owner
	}
	several := false
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if !in.Known {
			return "", false
		}
		several = several || in.Spent.Address != tx.Inputs[0].Spent.Address
	}
	if !several {
		return "", false
	}
	return service, service != ""
}
