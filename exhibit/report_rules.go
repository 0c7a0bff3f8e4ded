package exhibit

import (
	"context"
	"fmt"

	"clew/exhibit/scene"
	"clew/tracer"
)

// mostRuleLevels is how many levels of folds the drawing under another rule than the declared one
// may have. Beyond it that rule gets the drawing of the whole trace alone, in which folded boxes
// do not open, since levels take most of the time and of the file: a rule that divides finely
// has hundreds where the declared one has two.
const mostRuleLevels = 10

// underRule is the trace as another rule than the drawn one divides it.
type underRule struct {
	rule    tracer.Rule
	diagram *Diagram
	scene   *scene.Scene
	levels  []*scene.Scene // as in Exhibit; none where folds do not open
}

// says reports whether r divides amounts in t: it is an accounting rule, was computed, and has books.
func says(t *tracer.Trace, r tracer.Rule) bool {
	_, booked := t.Conservation.Get(r)
	return r.Conserves() && booked
}

// underRules draws the trace under each other rule that divides amounts, in the order of the
// rules. It does so once, when a report is first written: what goes on paper needs none of it.
func (x *Exhibit) underRules() ([]underRule, error) {
	x.rules.Do(func() { x.otherwise, x.failed = x.drawRules(context.Background()) })
	return x.otherwise, x.failed
}

func (x *Exhibit) drawRules(ctx context.Context) ([]underRule, error) {
	var out []underRule
	if contactOnly(x.Trace) {
		return nil, nil
	}
	for _, r := range x.Trace.Rules {
		if r != x.Diagram.Rule && says(x.Trace, r) {
			out = append(out, underRule{rule: r})
		}
	}
	for i := range out {
		u := &out[i]
		var err error
		if u.diagram, err = newDiagram(x.Trace, u.rule, x.options, mostRuleLevels); err != nil {
			return nil, fmt.Errorf("diagram of %s under %s: %w", x.Trace.Incident.ID, u.rule, err)
		}
		if u.scene, u.levels, err = u.diagram.scenes(ctx, x.SHA256); err != nil {
			return nil, fmt.Errorf("drawing of %s under %s: %w", x.Trace.Incident.ID, u.rule, err)
		}
	}
	return out, nil
}

// underView is what the summary says under one rule.
type underView struct {
	Rule                           string
	Shown                          bool
	Opening, Sums, Scope, RuleLine string
	PerAsset                       []string
	Balanced                       bool
}

// unders are the sentences of the summary under each rule that divides amounts; the drawn one is
// shown first, the others when they are chosen.
func (x *Exhibit) unders() []underView {
	var out []underView
	for _, r := range x.Trace.Rules {
		if r != x.Diagram.Rule && (!says(x.Trace, r) || contactOnly(x.Trace)) {
			continue
		}
		s := summarize(x.Trace, r)
		out = append(out, underView{Rule: r.String(), Shown: r == x.Diagram.Rule, Opening: s.Opening(), Sums: s.SumLine(), Scope: s.ScopeLine(),
			RuleLine: ruleLine(x.Trace, r), PerAsset: s.PerAsset(), Balanced: s.Balanced()})
	}
	return out
}
