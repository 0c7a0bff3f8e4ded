package tracer

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// attribution is what somebody says of an address: the incident, or labels.
type attribution struct {
	reason Reason   // why a branch ends there; "" where it does not
	kind   NodeKind // of its node, where reason is set
	entity string
	label  string
	note   string // of the endpoint
}

// attribute returns what the incident says of an address, else what labels do; nil where nobody
// says anything.
func (l *ledger) attribute(a chains.Address) *attribution {
	if k := l.inc.known(l.chain, a); k != nil {
		return l.declared(k)
	}
	return l.labelled(a)
}

// labelled returns what labels say of an address; nil where none does.
//
// Labels that contradict each other are all named. A branch ends where any of them says so: what
// goes through an account of many owners is nobody's trace, while what ends too early shows as an
// endpoint and can be followed by a known account of the incident. The first that stops gives the
// kind; each entity named by those that stop is named.
func (l *ledger) labelled(a chains.Address) *attribution {
	if l.labels == nil {
		return nil
	}
	labels := l.labels.Labels(l.chain, a)
	if len(labels) == 0 {
		return nil
	}
	at := &attribution{}
	var says, entities []string
	for i := range labels {
		one := &labels[i]
		says = append(says, one.says())
		if one.Stops == "" {
			continue
		}
		if at.reason == "" {
			at.kind, at.reason = one.Stops, reasonAt(one.Stops)
		}
		if one.Entity != "" && !slices.Contains(entities, one.Entity) {
			entities = append(entities, one.Entity)
		}
	}
	at.label, at.entity = strings.Join(says, "; "), strings.Join(entities, " / ")
	if at.reason != "" {
		at.note = l.note(labels, at)
	}
	return at
}

// endsAt says why a branch ends at an address whose node was written, and on whose word; "" where it
// does not end. An address that a seed names ends nothing, whatever labels say: it is where the
// stolen value was found.
func (l *ledger) endsAt(a chains.Address) (Reason, string) {
	at := l.attributed[a]
	if at == nil || l.seedAddress[a] {
		return "", ""
	}
	return at.reason, at.note
}

// declared returns what the incident says.
func (l *ledger) declared(k *Known) *attribution {
	at := &attribution{kind: NodeKind(k.Kind), entity: k.Entity, label: k.Source}
	if at.reason = reasonAt(at.kind); at.reason != "" {
		at.note = "the incident says so: " + k.Source
	}
	return at
}

// note says on whose word a branch ends at labels.
func (l *ledger) note(labels []Label, at *attribution) string {
	if len(labels) == 1 {
		return "labelled as a " + string(at.kind) + ": " + at.label
	}
	return fmt.Sprintf("%d labels, the first that ends a trace as a %s: %s", len(labels), at.kind, at.label)
}

// says writes a label with its kind and source.
func (l *Label) says() string {
	text := l.Text
	if l.Stops != "" && !strings.Contains(text, string(l.Stops)) {
		text += ", " + string(l.Stops)
	}
	if l.Source == "" {
		return text
	}
	return text + " (" + l.Source + ")"
}

// reasonAt returns why a branch ends at a node of some kind; "" where it does not.
func reasonAt(kind NodeKind) Reason {
	switch kind {
	case NodeService:
		return ReasonService
	case NodeMixer:
		return ReasonMixer
	case NodeBridge:
		return ReasonBridge
	}
	return ""
}
