package main

import (
	"time"

	"clew/chains"
	"clew/labels"
	"clew/tracer"
)

// labelSet answers the tracer from a set of labels, as of one time.
type labelSet struct {
	set  *labels.Set
	asOf time.Time // zero: the latest
}

// labelled returns what a trace asks about labels: set as of a time, the latest where that is zero.
func labelled(set *labels.Set, asOf time.Time) tracer.Labels { return labelSet{set, asOf} }

// Labels returns what is claimed of an address on a chain, those that stop a trace first.
func (s labelSet) Labels(chain chains.Chain, a chains.Address) []tracer.Label {
	found := s.set.Lookup(chain, a, s.asOf)
	if len(found) == 0 {
		return nil
	}
	out := make([]tracer.Label, 0, len(found))
	for _, stops := range []bool{true, false} {
		for i := range found {
			if node := nodeKind(found[i].Kind); (node != "") == stops {
				out = append(out, tracer.Label{Text: found[i].Text, Entity: entity(&found[i]), Stops: node, Source: sourceLine(&found[i])})
			}
		}
	}
	return out
}

// SHA256 is the hash of everything that the answers rest on, hex.
func (s labelSet) SHA256() string { return s.set.SHA256(s.asOf) }

// nodeKind is what ends a trace at an address of that kind; "" where the trace goes on. A pool
// and a contract hold value for others, which the tracer sees by itself; of who did what, where
// value goes next is the question.
func nodeKind(k labels.Kind) tracer.NodeKind {
	switch k {
	case labels.Service:
		return tracer.NodeService
	case labels.Mixer:
		return tracer.NodeMixer
	case labels.Bridge:
		return tracer.NodeBridge
	}
	return ""
}

// entity is one name for all labels of one actor.
func entity(l *labels.Label) string {
	if l.ActorName != "" {
		return l.ActorName
	}
	return l.Actor
}

// sourceLine says who claims it, and when it was retrieved.
func sourceLine(l *labels.Label) string {
	e := l.Edition
	line := e.Title
	if e.Creator != "" {
		line += " (" + e.Creator + ")"
	}
	if l.Source != "" {
		line += ", " + l.Source
	}
	return line + ", retrieved " + e.Retrieved.UTC().Format(time.DateOnly)
}
