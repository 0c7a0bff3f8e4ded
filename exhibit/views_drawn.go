package exhibit

import (
	"cmp"
	"slices"
	"strings"

	"clew/exhibit/scene"
)

// drawnAs finds the group of each drawing that shows each hop: of the whole trace, and of
// the innermost fold.
func (u underRule) drawnAs() (show, in map[int]string) {
	show, in = groupsOf(u.scene), map[int]string{}
	depth, at := make([]int, len(u.levels)+1), map[int]int{}
	for i, s := range u.levels {
		d := depth[u.diagram.Levels[i].Parent] + 1
		depth[i+1] = d
		for n, id := range groupsOf(s) {
			if d > at[n] { // of two folds that an arrow leads out of and into, the first
				in[n], at[n] = id, d
			}
		}
	}
	return show, in
}

// groupsOf returns the id of the first group that shows each hop, by number.
func groupsOf(s *scene.Scene) map[int]string {
	show := map[int]string{}
	for i := range s.Groups {
		g := &s.Groups[i]
		for _, n := range g.Hops {
			show[n] = cmp.Or(show[n], g.ID)
		}
	}
	return show
}

// filterView are the choices that the report's filters offer.
type filterView struct{ Assets, Chains, Evidence, Bases, Kinds []string }

// filters lists what there is to choose from, each in the order in which the trace meets it.
func (v *viewer) filters() filterView {
	var f filterView
	add := func(list *[]string, s string) {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for i := range v.t.Hops {
		h := &v.t.Hops[i]
		add(&f.Kinds, visible(string(h.Kind)))
		for k := range h.Legs {
			leg := &h.Legs[k]
			add(&f.Assets, v.assets.symbol(legUnit(leg)))
			add(&f.Chains, visible(string(leg.Chain)))
			add(&f.Evidence, visible(leg.Evidence))
		}
		for _, r := range v.t.Rules {
			if b, ok := h.Basis.Get(r); ok && !tracedUnder(&h.Traced, r).IsZero() {
				add(&f.Bases, b.String())
			}
		}
	}
	return f
}
