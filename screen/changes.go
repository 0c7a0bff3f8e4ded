package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// Change is one thing that a later verdict about the same subject says otherwise, and why.
type Change struct {
	Field  string `json:"field"` // a field of Verdict; of exposures, values and rules with which one it is
	Before string `json:"before"`
	After  string `json:"after"`
	Why    string `json:"why"`
}

// Changes lists what after says otherwise than before, the verdict and the action first; nil: they say
// the same. What follows from new blocks alone (pins, counts of transactions) is no change but a reason.
func Changes(before, after *Verdict) []Change {
	return (&comparison{before: before, after: after}).compare()
}

func (c *comparison) compare() []Change {
	before, after := c.before, c.after
	c.causes()
	all := c.why(func(cause) bool { return true })
	c.add("verdict", string(before.Outcome), string(after.Outcome), all)
	c.add("action", string(before.Action), string(after.Action), all)
	c.add("score", score(before.Score), score(after.Score), all)
	c.add("error", before.Error, after.Error, all)
	c.lists("rule ", fired(before), fired(after), func(string) string { return all })
	c.lists("value in ", values(before), values(after), func(string) string {
		return c.why(func(x cause) bool { return x.kind == causeBlock || x.kind == causeBudget || x.kind == causeRules })
	})
	c.lists("exposure ", exposures(before), exposures(after), c.whyExposure)
	c.lists("unasked ", unasked(before), unasked(after), func(string) string { return all })
	return c.out
}

// causeKind is a kind of reason why two verdicts differ.
type causeKind uint8

const (
	causeBlock causeKind = iota
	causeLabels
	causeRules
	causeIncident
	causeBudget
	causeProgram
)

type cause struct {
	kind     causeKind
	incident string // "" where it is not known which
	says     string
}

type comparison struct {
	before, after *Verdict
	// left says of a chain what became of the block that before pins, "" or absent: nothing that is known;
	// loaded are the incidents of after, nil: not known.
	left   map[string]string
	loaded map[string]PinIncident
	found  []cause
	out    []Change
}

// causes compares what the two were made from.
func (c *comparison) causes() {
	b, a := &c.before.Pins, &c.after.Pins
	c.blocks(b, a)
	c.incidents(b, a)
	for _, x := range []struct {
		kind          causeKind
		before, after string
		says          string
	}{
		{causeLabels, b.Labels, a.Labels, "labels were edited, or another edition of a source was loaded"},
		{causeLabels, b.Categories, a.Categories, "the table of categories is another"},
		{causeLabels, pinTexts(b.Clusters), pinTexts(a.Clusters), "addresses were clustered as of another block"},
		{causeRules, b.Policy, a.Policy, "the rules are others"},
		{causeProgram, b.Heuristics, a.Heuristics, "the program knows other heuristics"},
		{causeProgram, fmt.Sprint(b.Engine), fmt.Sprint(a.Engine), "the program screens in another way"},
		{causeBudget, fmt.Sprint(b.Budget, b.Deep), fmt.Sprint(a.Budget, a.Deep), "the walk had another budget"},
	} {
		if x.before != x.after {
			c.found = append(c.found, cause{kind: x.kind, says: x.says})
		}
	}
}

func (c *comparison) blocks(b, a *Pins) {
	for _, is := range a.Blocks {
		at := slices.IndexFunc(b.Blocks, func(p Pin) bool { return p.Chain == is.Chain })
		switch {
		case at < 0:
			c.found = append(c.found, cause{kind: causeBlock, says: fmt.Sprintf("%s was read up to block %d", is.Chain, is.Height)})
		case b.Blocks[at].Hash == is.Hash:
		case b.Blocks[at].Height >= is.Height:
			c.found = append(c.found, cause{kind: causeBlock, says: fmt.Sprintf("block %d of %s (%s) left the main chain in a reorganisation", b.Blocks[at].Height, is.Chain, b.Blocks[at].Hash)})
		case c.left[string(is.Chain)] != "":
			c.found = append(c.found, cause{kind: causeBlock, says: c.left[string(is.Chain)]})
		default:
			c.found = append(c.found, cause{kind: causeBlock, says: fmt.Sprintf("%s was read on from block %d to %d", is.Chain, b.Blocks[at].Height, is.Height)})
		}
	}
}

func (c *comparison) incidents(b, a *Pins) {
	if b.IncidentSet == a.IncidentSet {
		return
	}
	named := false
	for _, is := range a.Incidents {
		at := slices.IndexFunc(b.Incidents, func(p PinIncident) bool { return p.ID == is.ID })
		var says string
		switch {
		case at < 0 && is.Stale == "":
			says = "was loaded, or traced on to here"
		case is.Stale != "" && (at < 0 || b.Incidents[at].Stale == ""):
			says = "does not count any more: " + is.Stale
		case at >= 0 && b.Incidents[at].SHA256 != is.SHA256:
			says = "was traced again"
		case at >= 0 && b.Incidents[at].Stale != is.Stale:
			says = "counts again"
		default:
			continue
		}
		named = true
		c.found = append(c.found, cause{causeIncident, is.ID, "incident " + is.ID + " " + says})
	}
	for _, was := range b.Incidents {
		if !slices.ContainsFunc(a.Incidents, func(p PinIncident) bool { return p.ID == was.ID }) {
			named = true
			c.found = append(c.found, cause{causeIncident, was.ID, "incident " + was.ID + c.gone(&was)})
		}
	}
	if !named {
		c.found = append(c.found, cause{causeIncident, "", "other incidents were loaded, or removed"})
	}
}

// gone says why after does not name an incident that before did.
func (c *comparison) gone(was *PinIncident) string {
	is, ok := c.loaded[was.ID]
	switch {
	case c.loaded == nil:
		return " was removed, or its trace does not come here any more"
	case !ok:
		return " was removed"
	case is.Trace != was.Trace:
		return fmt.Sprintf(" was traced again (%s, and now %s), and its trace does not come here any more", was.Trace, is.Trace)
	}
	return " does not come here any more"
}

// why joins the reasons that fit; where none does, all of them.
func (c *comparison) why(fits func(cause) bool) string {
	var texts []string
	for _, x := range c.found {
		if fits(x) {
			texts = append(texts, x.says)
		}
	}
	if len(texts) == 0 {
		for _, x := range c.found {
			texts = append(texts, x.says)
		}
	}
	if len(texts) == 0 {
		return "nothing that the verdicts pin: see what they say of reading"
	}
	return strings.Join(texts, "; ")
}

// whyExposure gives the reasons for a change of an exposure: of what an incident traced those that are
// about incidents and blocks, of others those that are about labels and blocks.
func (c *comparison) whyExposure(key string) string {
	_, incident, traced := strings.Cut(key, " incident ")
	return c.why(func(x cause) bool {
		switch x.kind {
		case causeIncident:
			return traced && (x.incident == "" || x.incident == incident)
		case causeLabels:
			return !traced
		}
		return x.kind != causeRules
	})
}

func (c *comparison) add(field, before, after, why string) {
	if before != after {
		c.out = append(c.out, Change{field, before, after, why})
	}
}

// item is one thing of a list in words, under a key.
type item struct{ key, says string }

// lists compares two lists by their keys: in the order of before, then what is new.
func (c *comparison) lists(field string, before, after []item, why func(key string) string) {
	find := func(list []item, key string) string {
		if at := slices.IndexFunc(list, func(x item) bool { return x.key == key }); at >= 0 {
			return list[at].says
		}
		return ""
	}
	for _, x := range before {
		c.add(field+x.key, x.says, find(after, x.key), why(x.key))
	}
	for _, x := range after {
		if !slices.ContainsFunc(before, func(y item) bool { return y.key == x.key }) {
			c.add(field+x.key, "", x.says, why(x.key))
		}
	}
}

func score(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func fired(v *Verdict) (out []item) {
	for i := range v.Fired {
		out = append(out, item{v.Fired[i].Rule, v.Fired[i].Says})
	}
	return out
}

func values(v *Verdict) (out []item) {
	for i := range v.Value {
		x := &v.Value[i]
		out = append(out, item{string(x.Asset), coinsOf(v, x.Chain, x.Asset, x.Units) + ", unknown " + bothOf(v, x.Chain, x.Asset, x.Unknown)})
	}
	return out
}

// exposures lists them by category, distance, entity and incident; parts that differ in basis or
// evidence alone are one.
func exposures(v *Verdict) (out []item) {
	sums := map[string]*Exposure{} // one of each, with the units of all
	for i := range v.Exposure {
		e := &v.Exposure[i]
		key := fmt.Sprintf("%s %s", e.Category, e.Distance)
		if e.Entity != "" {
			key += " " + e.Entity
		}
		if e.Asset != chains.Native {
			key += " in " + string(e.Asset)
		}
		if e.Incident != "" {
			key += " incident " + e.Incident
		}
		if sum := sums[key]; sum != nil {
			sum.Units = Split[chains.Amount]{FIFO: capped(sum.Units.FIFO, e.Units.FIFO), ProRata: capped(sum.Units.ProRata, e.Units.ProRata)}
			continue
		}
		sums[key] = &Exposure{Chain: e.Chain, Asset: e.Asset, Units: e.Units}
		out = append(out, item{key: key})
	}
	for i := range out {
		sum := sums[out[i].key]
		out[i].says = bothOf(v, sum.Chain, sum.Asset, sum.Units)
	}
	return out
}

// capped adds what may be said twice of one value, own exposures: the larger where it does not fit.
func capped(a, b chains.Amount) chains.Amount {
	sum, err := a.Add(b)
	if err != nil {
		return chains.Max(a, b)
	}
	return sum
}

// coinsOf writes an amount in coins of v, exactly: a change may be smaller than what is rounded away.
func coinsOf(v *Verdict, chain chains.Chain, asset chains.Asset, units chains.Amount) string {
	return string(appendUnit(appendExact(nil, v, chain, asset, units), v, chain, asset))
}

func bothOf(v *Verdict, chain chains.Chain, asset chains.Asset, s Split[chains.Amount]) string {
	if s.FIFO == s.ProRata {
		return coinsOf(v, chain, asset, s.FIFO)
	}
	return fmt.Sprintf("%s (fifo), %s (pro rata)", coinsOf(v, chain, asset, s.FIFO), coinsOf(v, chain, asset, s.ProRata))
}

func unasked(v *Verdict) (out []item) {
	for i := range v.Unasked {
		u := &v.Unasked[i]
		out = append(out, item{u.TxID + " " + string(u.Asset), coinsOf(v, u.Chain, u.Asset, u.Units) + " " + cmp.Or(string(u.Category), "from nobody known")})
	}
	return out
}
