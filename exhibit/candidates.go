package exhibit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// mostCandidates is how many withdrawals that may be a way out stand in the box of a pool.
const mostCandidates = 3

// candidateWords list, for the box of a pool, the best withdrawals that may be the way out of what
// ended there: what the incident adopted a way out of has no more. They are names beside the end of
// the trace, never lines.
func (f *Findings) candidateWords(node string) []string {
	var words, seen []string
	withdrawals, more, deposits := map[chains.TxID]bool{}, "", 0
	for i := range f.t.Candidates {
		c := &f.t.Candidates[i]
		if c.Node != node || c.Endpoint == "" {
			continue
		}
		deposits++
		if c.More > 0 {
			more = " or more"
		}
		for k := range c.List {
			withdrawals[c.List[k].TxID] = true
			if one := &c.List[k]; len(words) < mostCandidates && !slices.Contains(seen, one.Recipient) {
				seen = append(seen, one.Recipient)
				words = append(words, "perhaps to "+shorten(visible(one.Recipient)))
			}
		}
	}
	switch {
	case deposits == 0:
		return nil
	case len(withdrawals) == 0:
		return []string{"no candidate for the way out"}
	}
	return append([]string{count(len(withdrawals), "candidate") + more + ", schedule D:"}, words...)
}

// candidatesView is what the report lists of one deposit to a mixer.
type candidatesView struct {
	Number              int
	Deposit, Time, Pool string
	By, At              place
	Set, Unread         int
	Withdrawals, More   int
	Tried               []string
	Rows                []candidateView
	Endpoint            int // row of schedule C; 0: all of it was adopted
}

// candidateView is a withdrawal that passes a signal.
type candidateView struct {
	Rank          int
	TxID, Time    string
	To            string
	Relayed       bool
	Signals       []string
	Before, After int
}

func (v *viewer) candidates() []candidatesView {
	rows := map[string]int{}
	for i := range v.t.Endpoints {
		rows[v.t.Endpoints[i].ID] = i + 1
	}
	var out []candidatesView
	for i := range v.t.Candidates {
		c := &v.t.Candidates[i]
		view := candidatesView{Number: i + 1, Deposit: txText(c.Chain, c.Deposit.String()), Time: clock(c.Time), Pool: visible(c.Pool),
			By: place{Address: visible(c.Depositor)}, At: v.place(c.Node), Set: c.Set, Unread: c.Unread, Withdrawals: c.Withdrawals, More: c.More,
			Endpoint: rows[c.Endpoint]}
		for k := range c.Signals {
			view.Tried = append(view.Tried, triedWords(&c.Signals[k]))
		}
		for k := range c.List {
			view.Rows = append(view.Rows, v.candidate(c, k))
		}
		out = append(out, view)
	}
	return out
}

func (v *viewer) candidate(c *tracer.MixerCandidates, k int) candidateView {
	one := &c.List[k]
	row := candidateView{Rank: k + 1, TxID: txText(c.Chain, one.TxID.String()), Time: clock(one.Time), To: visible(one.Recipient), Relayed: one.Relayed,
		Before: one.Set, After: one.SetAfter}
	for i := range one.Signals {
		row.Signals = append(row.Signals, signalPassed(&one.Signals[i]))
	}
	return row
}

// triedWords say what a signal gave: "run: 2 withdrawals".
func triedWords(s *tracer.SignalTried) string {
	if s.NotLooked != "" {
		return signalWords(s.Name) + ": not looked at (" + visible(s.NotLooked) + ")"
	}
	return signalWords(s.Name) + ": " + count(s.Passed, "withdrawal")
}

// signalPassed names a signal that a candidate passes, with how many others would by accident.
func signalPassed(s *tracer.SignalPassed) string {
	return fmt.Sprintf("%s, strength %d; with recipients shuffled %s others do the same", signalWords(s.Name), s.Strength, visible(s.ExpectedAccidental))
}

// signalWords name a signal.
func signalWords(name string) string {
	switch name {
	case "same-address":
		return "the depositor is the recipient"
	case "linked":
		return "payments between depositor and recipient, or a common payer of gas"
	case "fee-habit":
		return "the same rare fee settings"
	case "portfolio":
		return "the same numbers of deposits and withdrawals over several pools"
	case "run":
		return "a run of withdrawals as long as the run of deposits"
	}
	return visible(name)
}

// candidateRows are the candidates as a table.
func candidateRows(r *register, _ []Run) [][]string {
	rows := [][]string{{"deposit", "deposit_txid", "chain", "pool", "depositor", "deposit_time_utc", "endpoint_id", "deposits_of_the_pool", "deposits_unread", "withdrawals_after",
		"rank", "withdrawal_txid", "withdrawal_time_utc", "recipient", "relayed", "deposits_before", "deposits_that_pass", "signals", "expected_by_accident"}}
	for i := range r.t.Candidates {
		c := &r.t.Candidates[i]
		head := []string{strconv.Itoa(i + 1), txText(c.Chain, c.Deposit.String()), string(c.Chain), c.Pool, c.Depositor, c.Time, c.Endpoint,
			strconv.Itoa(c.Set), strconv.Itoa(c.Unread), strconv.Itoa(c.Withdrawals)}
		if len(c.List) == 0 {
			rows = append(rows, append(head, make([]string, 9)...))
		}
		for k := range c.List {
			one := &c.List[k]
			var names, accidents []string
			for n := range one.Signals {
				names, accidents = append(names, one.Signals[n].Name), append(accidents, one.Signals[n].ExpectedAccidental)
			}
			rows = append(rows, append(slices.Clone(head), strconv.Itoa(k+1), txText(c.Chain, one.TxID.String()), one.Time, one.Recipient,
				strconv.FormatBool(one.Relayed), strconv.Itoa(one.Set), strconv.Itoa(one.SetAfter), strings.Join(names, " "), strings.Join(accidents, " ")))
		}
	}
	return rows
}
