package exhibit

import (
	"fmt"

	"clew/tracer"
)

// declarationLines say what else was declared under the incident's id, one sentence each, oldest first;
// none where the log that the trace was made with had only its own. Whoever chooses a rule once the
// results are known is so seen to have done it.
func declarationLines(t *tracer.Trace) []string {
	var out []string
	for i := range t.Incident.Earlier {
		d := &t.Incident.Earlier[i]
		says := fmt.Sprintf("rule %s with pots %s", visible(d.Rule), visible(d.Accounts))
		if d.Rule == t.Incident.Rule.String() && d.Accounts == t.Incident.Accounts {
			says = "the same rule and pots, and something else in the file"
		}
		line := fmt.Sprintf("The declaration was changed: on %s, %s was declared under the same id (SHA-256 of that file %s)", visible(d.When), says, visible(d.SHA256))
		if first := t.Incident.FirstLogged; first != nil && *first < d.When {
			line = fmt.Sprintf("The declaration was changed and changed back: on %s, after the one of this trace, %s was declared under the same id (SHA-256 of that file %s)",
				visible(d.When), says, visible(d.SHA256))
		}
		out = append(out, line+"; this trace rests on rule "+t.Incident.Rule.String()+" with pots "+visible(t.Incident.Accounts)+".")
	}
	return out
}

// Declarations are said at the head of the report.
func (p *reportPage) Declarations() []string { return declarationLines(p.Trace) }

// declaredHead heads what is said of the declaration: that it came before the result only where a log
// has it and nothing else was declared under the same id.
func declaredHead(t *tracer.Trace) string {
	if t.Incident.FirstLogged == nil || len(t.Incident.Earlier) > 0 {
		return "The rule, and when it was declared"
	}
	return "The rule, declared before the result"
}
