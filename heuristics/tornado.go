package heuristics

import (
	"cmp"
	"slices"

	"clew/chains"
)

// MixerWindow is how long, in seconds, what belongs together may take: withdrawals behind a run of
// deposits, what passes withdrawn value on, and how long before the first traced deposit a pool is
// looked at. Basis: 30 days, as in the measures of Tornado Cash by Béres et al. 2021 ("Blockchain is
// watching you", runs of deposits and withdrawals) and Wu et al. 2022 (Tutela). Who waits longer is missed.
const MixerWindow = 30 * 24 * 60 * 60

// MixerVersion is the version of every signal.
const MixerVersion = "1"

// The signals by which a withdrawal from a pool may be that of a deposit, in the order in which they
// are tried.
const (
	SignalSame      = "same-address" // who deposited receives
	SignalLinked    = "linked"       // transfers outside of the pools, or who paid for gas, tie them
	SignalFee       = "fee-habit"    // both pay for gas in the same rare way
	SignalPortfolio = "portfolio"    // one recipient takes out what was put into several pools, exactly
	SignalRun       = "run"          // one recipient takes out as often as was put in
)

// MixerSignals returns the names of all signals, in the order in which they are tried.
func MixerSignals() []string {
	return []string{SignalSame, SignalLinked, SignalFee, SignalPortfolio, SignalRun}
}

// Passage is one way into a pool of a mixer, or out of it.
type Passage struct {
	Pool    chains.Address
	Tx      chains.TxID
	At      chains.Place
	Event   uint32         // the index of its log in the block
	Time    int64          // of its block, Unix seconds
	Account chains.Address // who signed the deposit; who receives the withdrawal
	Relayed bool           // of a withdrawal: somebody else signed it
	// Habit is how its account pays for gas (FeeHabit); "" where somebody else paid, or nobody can tell.
	Habit string
	// Earlier is how many deposits were made to the pool before; −1 where that is not known.
	Earlier int64
	Traced  bool // a deposit with traced value
}

// Passages returns the ways into pools, or out of them, of which the events of tx tell that answer a
// query.
func Passages(q *chains.EventQuery, tx *chains.Tx) []Passage {
	var list []Passage
	for i := range tx.Exec.Events {
		e := &tx.Exec.Events[i]
		if !q.Answers(*e) {
			continue
		}
		p := Passage{
			Pool: e.Emitter, Tx: tx.ID, At: chains.Place{Height: tx.Block.Height, Index: tx.Index}, Event: e.Index, Time: tx.Block.Time,
			Account: tx.Exec.Sender, Earlier: -1,
		}
		if q.Kind == chains.EventMixerOut {
			p.Account = e.Account
			p.Relayed = p.Account != tx.Exec.Sender
		} else {
			p.Earlier = leafOf(e)
		}
		if !p.Relayed {
			p.Habit = FeeHabit(tx.Exec)
		}
		list = append(list, p)
	}
	return list
}

// leafOf returns how many deposits the pool says were made before one; −1 where it does not.
func leafOf(e *chains.Event) int64 {
	leaf, err := chains.ParseAmount(e.Field("leafIndex"))
	if n, fits := leaf.Uint64(); err == nil && fits && n < 1<<32 {
		return int64(n) // #nosec G115 -- below 2³²
	}
	return -1
}

// MixerFacts is what is known of the pools of a mixer on one chain, from MixerWindow before the first
// traced deposit on.
type MixerFacts struct {
	// Deposits and Withdrawals of every pool that traced value was put into, each in chain order.
	Deposits, Withdrawals []Passage
	// Ties is what is known of their accounts outside of the pools; nil: nothing was looked at.
	Ties *Ties
	// NotLooked says why Ties is nil, or does not know all recipients; "" where it does.
	NotLooked string
}

// Candidates are the withdrawals that may be the way out of one deposit: never a fact, and no
// probability. Source: Béres et al. 2021, Wu et al. 2022 for the signals.
type Candidates struct {
	Deposit int // index in MixerFacts.Deposits
	// Set is how many deposits were made to the pool in all that was read: the upper bound of
	// the anonymity set. Unread of them were made before, by nobody knows whom.
	Set, Unread int
	Withdrawals int // of the pool after the deposit
	// Tried are the signals, in the order of MixerSignals.
	Tried []TriedSignal
	// List has the withdrawals with a signal: those with more of them first, then those with fewer
	// accidental matches, then in chain order. More are left out behind mostCandidates.
	List []Candidate
	More int
}

// mostCandidates bounds a list: what so many others pass as well helps nobody to find one.
const mostCandidates = 100

// TriedSignal is a signal that was tried on a deposit.
type TriedSignal struct {
	Name      string
	Passed    int    // withdrawals
	NotLooked string // why it was not, or not everywhere, looked for
	// Owners is how many pass it, of recipients and those who gather from several; Expected how many
	// do by accident, in millionths: the mean over permutations of the recipients.
	Owners   int
	Expected int64
}

// Candidate is a withdrawal that may be the way out.
type Candidate struct {
	Withdrawal int // index in MixerFacts.Withdrawals
	// Set is how many deposits were made to its pool before it, the upper bound of its anonymity
	// set; SetAfter how many of those that were read pass all of Signals too.
	Set, SetAfter int
	Signals       []Signal // in the order of MixerSignals
}

// Signal is one that a candidate passes.
type Signal struct {
	Name string
	// Strength is, of a run or portfolio, how many withdrawals fit; of linked, how many transfers there
	// are, or 1 where it is who paid for gas; of the fee's habit, how many of the pool's other depositors
	// were seen without it; 1 for the same address.
	Strength int
	// Expected is how many other recipients pass the same signal by accident, in millionths: the
	// mean over permutations of the recipients (see MixerShuffles).
	Expected int64
	// SetAfter is how many of the deposits before the withdrawal that were read pass it too.
	SetAfter int
	owner    chains.Address // of a run or portfolio: the recipient, or who gathers from several
}

// MixerCandidates ranks, for each traced deposit, the withdrawals that may be its way out. The same
// facts give the same answer to the last digit: the permutations come from a fixed seed. Time is in
// proportion to withdrawals times permutations.
func MixerCandidates(f *MixerFacts) []Candidates {
	m := newMixing(f)
	var all []Candidates
	for i := range f.Deposits {
		if f.Deposits[i].Traced {
			all = append(all, m.candidates(i))
		}
	}
	return all
}

// candidates are those of deposit i.
func (m *mixing) candidates(i int) Candidates {
	d := &m.f.Deposits[i]
	c := Candidates{Deposit: i}
	c.Set, c.Unread = m.depositsBefore(d.Pool, chains.Place{Height: 1 << 62})
	found := map[int]*Candidate{}
	for _, name := range MixerSignals() {
		tried := TriedSignal{Name: name}
		if name == SignalLinked || name == SignalRun {
			tried.NotLooked = m.f.NotLooked
		}
		var hits []hit
		hits, tried.Owners, tried.Expected = m.try(name, i)
		for _, hit := range hits {
			tried.Passed++
			if found[hit.at] == nil {
				found[hit.at] = &Candidate{Withdrawal: hit.at}
			}
			found[hit.at].Signals = append(found[hit.at].Signals, hit.signal)
		}
		c.Tried = append(c.Tried, tried)
	}
	for j := range m.f.Withdrawals {
		w := &m.f.Withdrawals[j]
		if w.Pool != d.Pool || !d.At.Before(w.At) {
			continue
		}
		c.Withdrawals++
		if one := found[j]; one != nil {
			c.List = append(c.List, *one)
		}
	}
	slices.SortStableFunc(c.List, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(len(b.Signals), len(a.Signals)), cmp.Compare(a.expected(), b.expected()))
	})
	if c.More = max(0, len(c.List)-mostCandidates); c.More > 0 {
		c.List = c.List[:mostCandidates]
	}
	for k := range c.List {
		m.measureSet(&c.List[k])
	}
	return c
}

// expected is the least that any signal expects by accident.
func (c *Candidate) expected() int64 {
	least := c.Signals[0].Expected
	for i := range c.Signals {
		least = min(least, c.Signals[i].Expected)
	}
	return least
}

// depositsBefore returns how many deposits to a pool stand before a place, as the last of them
// numbers itself, else as many as were read; and how many of them were made before what was read.
func (m *mixing) depositsBefore(pool chains.Address, p chains.Place) (n, unread int) {
	read := 0
	for i := range m.f.Deposits {
		d := &m.f.Deposits[i]
		if d.Pool != pool || !d.At.Before(p) {
			continue
		}
		if read++; read == 1 {
			unread = int(max(0, d.Earlier))
		}
		n = max(read, int(d.Earlier)+1)
	}
	return n, unread
}

// measureSet counts the deposits that may belong to a withdrawal before and after its signals.
func (m *mixing) measureSet(c *Candidate) {
	w := &m.f.Withdrawals[c.Withdrawal]
	c.Set, _ = m.depositsBefore(w.Pool, w.At)
	for i := range m.f.Deposits {
		d := &m.f.Deposits[i]
		if d.Pool != w.Pool || !d.At.Before(w.At) {
			continue
		}
		all := true
		for k := range c.Signals {
			if m.fits(&c.Signals[k], i, c.Withdrawal) {
				c.Signals[k].SetAfter++
			} else {
				all = false
			}
		}
		if all {
			c.SetAfter++
		}
	}
}
