package tracer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"clew/chains"
	"clew/heuristics"
)

// MixerCandidates are the withdrawals from a mixer's pool that may be the way out of one deposit of
// traced value. No value goes this way but where the incident adopts it.
type MixerCandidates struct {
	Endpoint  string       `json:"endpoint,omitempty"` // where the deposit ends; "" where all of it was adopted
	Chain     chains.Chain `json:"chain"`
	Deposit   chains.TxID  `json:"deposit"`
	Depositor string       `json:"depositor"`
	Node      string       `json:"node"` // of the pool
	Pool      string       `json:"pool"`
	Time      string       `json:"time"`
	// Set is how many deposits were made to the pool up to the end of what was read: the upper
	// bound of the anonymity set. Of Unread it is not known who made them.
	Set         int              `json:"set"`
	Unread      int              `json:"unread"`
	Withdrawals int              `json:"withdrawals"` // behind the deposit
	Signals     []SignalTried    `json:"signals"`     // all that there are, in a fixed order
	List        []MixerCandidate `json:"list"`        // best first; see heuristics.Candidates
	More        int              `json:"more"`        // candidates behind the end of the list
}

// SignalTried is a signal that was tried on a deposit.
type SignalTried struct {
	Name      string `json:"name"`
	Passed    int    `json:"passed"` // withdrawals
	NotLooked string `json:"not_looked,omitempty"`
}

// MixerCandidate is a withdrawal that passes a signal.
type MixerCandidate struct {
	TxID      chains.TxID    `json:"txid"`
	Recipient string         `json:"recipient"`
	Relayed   bool           `json:"relayed"` // somebody else signed it
	Time      string         `json:"time"`
	Set       int            `json:"set"`       // deposits to the pool before it
	SetAfter  int            `json:"set_after"` // of those that were read, the ones that pass all of its signals
	Signals   []SignalPassed `json:"signals"`
}

// SignalPassed is a signal that a withdrawal passes.
type SignalPassed struct {
	Name     string `json:"name"`
	Strength int    `json:"strength"` // see heuristics.Signal
	// ExpectedAccidental is how many other recipients pass the same signal where recipients are
	// permuted, as a decimal. It is no probability of anything.
	ExpectedAccidental string `json:"expected_accidental"`
	SetAfter           int    `json:"set_after"`
}

// write writes candidates and findings into the trace.
func (m *mixers) write(t *Trace) {
	s := m.s
	for _, c := range heuristics.MixerCandidates(&m.facts) {
		d := &m.facts.Deposits[c.Deposit]
		own := m.deposits[c.Deposit]
		one := MixerCandidates{
			Endpoint: endpointAt(t, d.Tx, own.node), Chain: s.chain, Deposit: d.Tx, Depositor: s.out.codec.FormatAddress(s.chain, d.Account),
			Node: own.node, Pool: s.out.codec.FormatAddress(s.chain, d.Pool), Time: utc(d.Time),
			Set: c.Set, Unread: c.Unread, Withdrawals: c.Withdrawals, Signals: []SignalTried{}, List: []MixerCandidate{}, More: c.More,
		}
		for _, tried := range c.Tried {
			one.Signals = append(one.Signals, SignalTried{tried.Name, tried.Passed, tried.NotLooked})
		}
		for i := range c.List {
			one.List = append(one.List, m.candidate(&c.List[i]))
		}
		t.Candidates = append(t.Candidates, one)
		for _, tried := range c.Tried {
			if tried.Passed > 0 {
				m.found(&one, &c, tried.Name, own.event.Index)
			}
		}
	}
	if m.facts.NotLooked != "" {
		m.notLooked(m.facts.NotLooked)
	}
}

// endpointAt returns where a deposit ends; "" where nothing of it does.
func endpointAt(t *Trace, deposit chains.TxID, node string) string {
	for i := range t.Endpoints {
		if e := &t.Endpoints[i]; e.Node == node && e.TxID != nil && *e.TxID == deposit {
			return e.ID
		}
	}
	return ""
}

func (m *mixers) candidate(c *heuristics.Candidate) MixerCandidate {
	w := &m.facts.Withdrawals[c.Withdrawal]
	one := MixerCandidate{
		TxID: w.Tx, Recipient: m.s.out.codec.FormatAddress(m.s.chain, w.Account), Relayed: w.Relayed, Time: utc(w.Time),
		Set: c.Set, SetAfter: c.SetAfter, Signals: []SignalPassed{},
	}
	for _, signal := range c.Signals {
		one.Signals = append(one.Signals, SignalPassed{signal.Name, signal.Strength, decimal(signal.Expected), signal.SetAfter})
	}
	return one
}

// decimal writes millionths.
func decimal(millionths int64) string {
	const million = 1_000_000
	text := strings.TrimRight(fmt.Sprintf("%d.%06d", millionths/million, millionths%million), "0")
	return strings.TrimSuffix(text, ".")
}

// found writes the finding of a signal that withdrawals pass with a deposit.
func (m *mixers) found(c *MixerCandidates, of *heuristics.Candidates, name string, event uint32) {
	var who []string
	least, most, listed, after := int64(math.MaxInt64), int64(0), 0, 0
	for i := range of.List {
		for _, signal := range of.List[i].Signals {
			if signal.Name != name {
				continue
			}
			listed++
			who = append(who, c.List[i].Recipient)
			least, most, after = min(least, signal.Expected), max(most, signal.Expected), max(after, signal.SetAfter)
		}
	}
	if listed == 0 {
		return // behind the end of the list
	}
	who = unique(who)
	txid := c.Deposit.String()
	m.s.out.find(Finding{
		ID:        id("finding", mixerCandidates, name, string(m.s.chain), txid, strconv.Itoa(int(event))),
		Heuristic: mixerCandidates + "/" + name, Version: heuristics.MixerVersion, TxID: txid, Addresses: who,
		Says: fmt.Sprintf("%s: %d of %d withdrawals behind this deposit, best first to %s. %s. Of at most %d deposits to the pool at most %d that were read fit as well. "+
			"None of these need be its way out; none is followed, and the list of candidates has all",
			signalSays(name), listed, c.Withdrawals, shortList(who), m.byAccident(c.Pool, least, most), c.Set, after),
	})
}

// byAccident says how many other recipients do the same where it means nothing.
func (m *mixers) byAccident(pool string, least, most int64) string {
	met := map[chains.Address]bool{}
	for i := range m.facts.Withdrawals {
		if w := &m.facts.Withdrawals[i]; m.s.out.codec.FormatAddress(m.s.chain, w.Pool) == pool {
			met[w.Account] = true
		}
	}
	if most == 0 {
		return fmt.Sprintf("Where the pool's %d recipients were shuffled at random no other did so, in %d shuffles", len(met), heuristics.MixerShuffles)
	}
	expected := decimal(least)
	if most != least {
		expected += " to " + decimal(most)
	}
	return fmt.Sprintf("Where the pool's %d recipients were shuffled at random %s others did so (mean of %d shuffles)", len(met), expected, heuristics.MixerShuffles)
}

// signalSays tells what a signal is.
func signalSays(name string) string {
	switch name {
	case heuristics.SignalSame:
		return "who deposited receives"
	case heuristics.SignalLinked:
		return "transfers outside of the pools, or who paid for gas, tie depositor and recipient"
	case heuristics.SignalFee:
		return "depositor and recipient paid for gas in the same rare way"
	case heuristics.SignalPortfolio:
		return "one recipient took out just what was put into several pools"
	}
	return "one recipient, or who gathers from several, took out just as often as was put in"
}

// shortList names the first of many.
func shortList(list []string) string {
	const few = 3
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

func unique(list []string) []string {
	var out []string
	met := map[string]bool{}
	for _, one := range list {
		if !met[one] {
			met[one] = true
			out = append(out, one)
		}
	}
	return out
}

// notLooked says what was not looked for, and why.
func (m *mixers) notLooked(why string) {
	txid := m.s.deposits[0].tx.ID.String()
	m.s.out.find(Finding{
		ID:        id("finding", mixerCandidates, "not looked", string(m.s.chain), txid, why),
		Heuristic: mixerCandidates, Version: heuristics.MixerVersion, TxID: txid,
		Says: "not everything was looked at that may tell where value went behind the mixer: " + why,
	})
}

// tooMany writes the gap of a pool's history that was not read to its end.
func (m *mixers) tooMany(pool chains.Address, kind chains.EventKind, last *chains.Tx) {
	what, from := "deposits to", last.Block.Height
	if kind == chains.EventMixerOut {
		what = "withdrawals from"
	}
	to := m.s.src.AsOf().Height
	m.s.out.gap(Gap{
		Chain: m.s.chain, FromHeight: &from, ToHeight: &to, What: fmt.Sprintf("%s the pool %s", what, m.s.out.codec.FormatAddress(m.s.chain, pool)),
		Why:    fmt.Sprintf("the first %d since %s are looked at", mostPassages, utc(m.since)),
		Effect: "candidates behind are not named, and accidental matches are counted among those before; amounts do not change",
	})
}
