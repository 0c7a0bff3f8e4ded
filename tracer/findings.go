package tracer

import "clew/heuristics"

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
	f.Chain, f.Error = l.chain, measured(f.Heuristic, f.Version)
	l.t.Findings = append(l.t.Findings, f)
	return f.ID
}

// found reports whether there is a finding of that id.
func (l *ledger) found(id string) bool { return l.findings.met[id] }

// measured returns the error that was measured for a heuristic; nil where none was.
func measured(heuristic, version string) *MeasuredError {
	score, ok := heuristics.ErrorOf(heuristic, version)
	if !ok {
		return nil
	}
	return &MeasuredError{MeasuredOn: score.Set, Rate: score.Rate, N: score.N, What: score.What, Hits: score.Hits}
}
