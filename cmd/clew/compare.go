package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"clew/tracer"
)

// comparison is what differs between two traces: the answer of `clew compare --json`.
type comparison struct {
	Schema  string    `json:"schema"` // "clew.compare/1"
	A       string    `json:"a"`      // ids of the traces
	B       string    `json:"b"`
	Equal   bool      `json:"equal"`
	OnlyA   []thing   `json:"only_a"`
	OnlyB   []thing   `json:"only_b"`
	Changed []changed `json:"changed"`
	// Added to the contract; they follow from the lists above, but for the tools:
	Tools  tools       `json:"tools"`
	Labels []renamed   `json:"labels"` // addresses of which both say something else
	Sums   []reasonSum `json:"sums"`   // what ended, where they differ
	Ends   []endCount  `json:"ends"`   // of each rule
}

// thing is a part of a trace that the other one does not have.
type thing struct {
	What string          `json:"what"` // seed, node, hop, endpoint, finding, gap, peels, candidates
	ID   string          `json:"id"`   // of a gap a hash of what it says
	Item json.RawMessage `json:"item"` // as the trace has it
}

// changed is a field that both have and say otherwise.
type changed struct {
	What  string          `json:"what"`
	ID    string          `json:"id"`    // "" for a field of the trace itself
	Field string          `json:"field"` // names of the JSON, joined by dots: traced.fifo
	A     json.RawMessage `json:"a"`     // null where it is absent
	B     json.RawMessage `json:"b"`
}

// part is one thing of a trace as its JSON has it, by field.
type part struct {
	what, id string
	item     json.RawMessage
}

// skipped are fields that say nothing of their own: what made a trace, and the numbers by which hops
// are counted, which move where one more stands before them. The sums follow from the rest.
var skipped = []string{"tool", "number", "incident.first_logged", "incident.earlier", "incident.case", "conservation"}

// compareTraces returns what differs, in the order of a and then of b.
func compareTraces(a, b *loadedTrace) (*comparison, error) {
	c := &comparison{Schema: "clew.compare/1", A: a.id, B: b.id, OnlyA: []thing{}, OnlyB: []thing{}, Changed: []changed{},
		Tools: tools{a.Tool, b.Tool}, Labels: namedOtherwise(a.Trace, b.Trace), Sums: sumsOf(a.Trace, b.Trace), Ends: endCounts(a.Trace, b.Trace)}
	ofA, headA, err := partsOf(a.Trace)
	if err != nil {
		return nil, err
	}
	ofB, headB, err := partsOf(b.Trace)
	if err != nil {
		return nil, err
	}
	if err := c.compare(part{what: "trace", item: headA}, part{what: "trace", item: headB}); err != nil {
		return nil, err
	}
	inB := make(map[string]part, len(ofB))
	for _, p := range ofB {
		inB[p.what+" "+p.id] = p
	}
	inA := make(map[string]bool, len(ofA))
	for _, p := range ofA {
		inA[p.what+" "+p.id] = true
		other, both := inB[p.what+" "+p.id]
		if !both {
			c.OnlyA = append(c.OnlyA, thing{p.what, p.id, p.item})
			continue
		}
		if err := c.compare(p, other); err != nil {
			return nil, err
		}
	}
	for _, p := range ofB {
		if !inA[p.what+" "+p.id] {
			c.OnlyB = append(c.OnlyB, thing{p.what, p.id, p.item})
		}
	}
	c.Equal = len(c.OnlyA)+len(c.OnlyB)+len(c.Changed) == 0
	return c, nil
}

// compare notes the fields in which two states of one thing differ.
func (c *comparison) compare(a, b part) error {
	if bytes.Equal(a.item, b.item) {
		return nil
	}
	var left, right []field
	for _, side := range []struct {
		item json.RawMessage
		to   *[]field
	}{{a.item, &left}, {b.item, &right}} {
		if err := flatten("", side.item, side.to); err != nil {
			return fmt.Errorf("compare %s %s: %w", a.what, a.id, err)
		}
	}
	note := func(name string, x, y json.RawMessage) {
		c.Changed = append(c.Changed, changed{a.what, a.id, name, x, y})
	}
	null := json.RawMessage("null")
	for _, f := range left {
		i := slices.IndexFunc(right, func(g field) bool { return g.name == f.name })
		switch {
		case i < 0:
			note(f.name, f.value, null)
		case !bytes.Equal(f.value, right[i].value):
			note(f.name, f.value, right[i].value)
		}
	}
	for _, g := range right {
		if !slices.ContainsFunc(left, func(f field) bool { return f.name == g.name }) {
			note(g.name, null, g.value)
		}
	}
	return nil
}

// field is a value that is no object, by its name in one.
type field struct {
	name  string
	value json.RawMessage
}

// flatten appends the fields of an object, those of objects in it too, in their order.
func flatten(prefix string, item json.RawMessage, to *[]field) error {
	if len(item) == 0 || item[0] != '{' {
		*to = append(*to, field{prefix, item})
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(item))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		name := fmt.Sprint(key)
		if prefix != "" {
			name = prefix + "." + name
		}
		if slices.Contains(skipped, name) {
			continue
		}
		if err := flatten(name, value, to); err != nil {
			return err
		}
	}
	return nil
}

// seedID names a receipt: those of a window share the id of their seed.
func seedID(s *tracer.SeedEntry) string { return s.ID + " " + s.TxID.String() + ":" + s.Position }

// gapIDs names each gap by what it says.
func gapIDs(t *tracer.Trace) []string {
	met := map[string]int{}
	ids := make([]string, len(t.Gaps))
	for i := range t.Gaps {
		g := &t.Gaps[i]
		ids[i] = fmt.Sprintf("%s %s %s %s", g.Chain, g.TxID, g.What, g.Why)
		if met[ids[i]]++; met[ids[i]] > 1 {
			ids[i] += " " + strconv.Itoa(met[ids[i]])
		}
	}
	return ids
}

// partsOf takes a trace apart: its things with ids, and everything else as one object.
func partsOf(t *tracer.Trace) (parts []part, head json.RawMessage, err error) {
	add := func(what, id string, item any) {
		text, fault := json.Marshal(item)
		if err == nil && fault != nil {
			err = fmt.Errorf("%s %s as JSON: %w", what, id, fault)
		}
		parts = append(parts, part{what, id, text})
	}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		add("seed", seedID(s), s)
	}
	for i := range t.Nodes {
		add("node", t.Nodes[i].ID, &t.Nodes[i])
	}
	for i := range t.Hops {
		add("hop", t.Hops[i].ID, &t.Hops[i])
	}
	for i := range t.Endpoints {
		add("endpoint", t.Endpoints[i].ID, &t.Endpoints[i])
	}
	for i := range t.Findings {
		add("finding", t.Findings[i].ID, &t.Findings[i])
	}
	for i := range t.Peels {
		add("peels", t.Peels[i].Finding, &t.Peels[i])
	}
	for i := range t.Candidates {
		// Several deposits of which all was adopted have no endpoint.
		add("candidates", cmp.Or(t.Candidates[i].Endpoint, t.Candidates[i].Deposit.String()), &t.Candidates[i])
	}
	ids := gapIDs(t)
	for i := range t.Gaps {
		add("gap", ids[i], &t.Gaps[i])
	}
	rest := *t
	rest.Seeds, rest.Nodes, rest.Hops, rest.Endpoints, rest.Findings, rest.Peels, rest.Candidates, rest.Gaps = nil, nil, nil, nil, nil, nil, nil, nil
	head, fault := json.Marshal(&rest)
	if err == nil && fault != nil {
		err = fmt.Errorf("the trace as JSON: %w", fault)
	}
	return parts, head, err
}
