package tracer

import (
	"fmt"

	"clew/heuristics"
)

// findings writes what heuristics say into the trace, each finding once.
type findings struct {
	met map[string]bool // ids
}

// find writes a finding, with the error that was measured for its heuristic, and returns its id.
func (l *ledger) find(f Finding) string {
	if l.findings.met[f.ID] {
		return f.ID
	}
	if l.findings.met == nil {
		l.findings.met = map[string]bool{}
	}
	l.findings.met[f.ID] = true
	f.Chain, f.Error = l.chain, l.measured(measuredAs(&f), f.Version)
	l.t.Findings = append(l.t.Findings, f)
	return f.ID
}

// found reports whether there is a finding of that id.
func (l *ledger) found(id string) bool { return l.findings.met[id] }

// measuredAs is the name by which the error of a finding was measured: links inside of a mix have one for
// each strength.
//
// A finding that names no account says that deposit addresses were not looked for: no error is of that.
func measuredAs(f *Finding) string {
	if f.Heuristic == depositAddress && len(f.Addresses) == 0 {
		return ""
	}
	if f.Heuristic == mapping && f.LinkPPM != nil {
		return mapping + "/" + heuristics.LinkBand(*f.LinkPPM)
	}
	return f.Heuristic
}

// measured returns the error that was measured for a heuristic; nil where none was. Where it was
// measured on the trace of this incident, it says so.
func (l *ledger) measured(heuristic, version string) *MeasuredError {
	score, ok := heuristics.ErrorOf(heuristic, version)
	if !ok {
		return nil
	}
	e := Measured(score)
	if score.Incident != "" && score.Incident == l.inc.ID {
		e.MeasuredOn += "; this trace is that example, so that this proves nothing here"
	}
	return e
}

// Measured is a measurement of a heuristic as findings have it.
func Measured(s heuristics.Score) *MeasuredError {
	return &MeasuredError{MeasuredOn: s.MeasuredOn(), Data: string(s.Data), Rate: s.Rate, N: s.N, What: s.What, Hits: s.Hits}
}

// FewCases is from how many cases on a measurement says something: of as many without an error, one in
// ten may still be wrong.
const FewCases = 30

// Says is the error as a part of a sentence: "wrong in 29 of 3381 on …". Of less
// than FewCases it says that they are few.
func (e *MeasuredError) Says() string {
	switch {
	case e == nil:
		return "error not measured"
	case e.N < FewCases:
		return fmt.Sprintf("%s in %d of %d (too few to say) on %s", e.What, e.Hits, e.N, e.MeasuredOn)
	}
	return fmt.Sprintf("%s in %d of %d on %s", e.What, e.Hits, e.N, e.MeasuredOn)
}
