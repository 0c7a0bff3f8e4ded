package screen

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/labels"
)

// NewAttributor says what labels, clusters and well-known contracts tell of an address. Each may be
// nil.
//
// All that anybody claims of the address stands in Claims; what decides is the gravest (see
// Categories), of equally grave ones that of the most confident source, then the first source by
// name. Only what held at the transaction, or holds now, decides; what held at neither stands beside
// it. At the zero time there is no transaction, and only now counts.
//
// What is claimed of the address itself comes before what is claimed of its cluster, unless it explains
// nothing. In a cluster a service decides over deeds: an exchange that pays out of one pool has
// customers of all kinds among its deposit addresses, and is none of them. Who is sanctioned, or
// finances terrorism, is named as an owner, so that this decides first. Claims that their source means
// of the address alone are left out there. Names of several services in one cluster cannot all be
// right: Note says so.
func NewAttributor(l Labels, c Clusters, p Places, codec Codec) Attributor {
	return &attributor{labels: l, clusters: c, places: p, codec: codec}
}

type attributor struct {
	labels   Labels
	clusters Clusters
	places   Places
	codec    Codec
}

// saying is a claim with what decides between claims.
type saying struct {
	Claim
	entity string
	level  int // of confidence
	alone  bool
}

// Attribute implements Attributor. The error is that of reading the cluster.
func (w *attributor) Attribute(ctx context.Context, chain chains.Chain, a chains.Address, at time.Time) (Attribution, bool, error) {
	own := w.known(chain, a, w.said(nil, chain, a, at))
	found, ok := attributed(own, ByLabel, Category.gravity)
	if ok && found.Ends || w.clusters == nil {
		return found, ok, nil
	}
	c, joined, err := w.clusters.ClusterOf(ctx, chain, a)
	if err != nil {
		return Attribution{}, false, fmt.Errorf("cluster of %s: %w", w.codec.FormatAddress(chain, a), err)
	}
	if !joined || len(c.Labelled) == 0 {
		return found, ok, nil
	}
	var all []saying
	for _, b := range c.Labelled {
		if b != a {
			all = w.said(all, chain, b, at)
		}
	}
	all = slices.DeleteFunc(all, func(s saying) bool { return s.alone })
	joint, known := attributed(all, ByCluster, inCluster)
	if !known || ok && !joint.Ends {
		return found, ok, nil
	}
	joint.Note = c.says(all)
	if ok {
		joint.Claims = append(found.Claims, joint.Claims...)
	}
	return joint, true, nil
}

// said appends what labels say of an address.
func (w *attributor) said(to []saying, chain chains.Chain, a chains.Address, at time.Time) []saying {
	if w.labels == nil {
		return to
	}
	all := w.labels.History(chain, a)
	for i := range all {
		l := &all[i]
		s := saying{Claim: Claim{
			Text: l.Text, Actor: cmp.Or(l.ActorName, l.Actor), Category: CategoryOf(l), Source: sourceOf(l),
			ListDated: instant(l.Edition.Date()), Retrieved: instant(l.Edition.Retrieved), ValidFrom: instant(l.ValidFrom), ValidTo: instant(l.ValidTo), Confidence: l.Confidence,
			AtTransaction: !at.IsZero() && w.heldAt(l, at), Now: w.labels.MadeAt(l, time.Time{}) && !l.ValidFrom.After(l.Edition.Retrieved),
		}, level: levelOf(l.Confidence), alone: l.ClusterDefiner == "false"}
		if i == 0 {
			s.Address = w.codec.FormatAddress(chain, a)
		} else {
			s.Address = to[len(to)-1].Address
		}
		s.entity = cmp.Or(s.Actor, s.Text)
		to = append(to, s)
	}
	return to
}

// heldAt reports whether what a label claims held at a time. Where its source says from when, that counts
// and not the date of the edition that said so first: a list of March tells of a listing in February.
func (w *attributor) heldAt(l *labels.Label, at time.Time) bool {
	if l.ValidFrom.IsZero() {
		return w.labels.MadeAt(l, at)
	}
	ends := func(t time.Time) bool { return !t.IsZero() && !at.Before(t) }
	return !at.Before(l.ValidFrom) && !ends(l.ValidTo) && !ends(l.Until)
}

// known appends what tables of well-known contracts say: what a contract is holds at all times.
func (w *attributor) known(chain chains.Chain, a chains.Address, to []saying) []saying {
	if w.places == nil {
		return to
	}
	kind, entity, source, ok := w.places.Place(chain, a)
	if !ok {
		return to
	}
	return append(to, saying{Claim: Claim{
		Address: w.codec.FormatAddress(chain, a), Text: entity, Category: cmp.Or(gravestOf(string(kind)), Other), Source: source,
		AtTransaction: true, Now: true,
	}, entity: entity, level: levelOf("ledger_immanent")})
}

// attributed puts the claims in order, those that hold at either time first, and returns what the
// first comes to; false where none holds.
func attributed(all []saying, known Way, gravity func(Category) int) (Attribution, bool) {
	holds := func(s *saying) bool { return s.AtTransaction || s.Now }
	slices.SortStableFunc(all, func(x, y saying) int {
		return cmp.Or(compareTrue(holds(&x), holds(&y)), cmp.Compare(gravity(x.Category), gravity(y.Category)),
			cmp.Compare(y.level, x.level), strings.Compare(x.Source, y.Source), strings.Compare(x.Text, y.Text), strings.Compare(x.Address, y.Address))
	})
	if len(all) == 0 || !holds(&all[0]) {
		return Attribution{}, false
	}
	first := &all[0]
	out := Attribution{Category: first.Category, Entity: first.entity, KnownBy: known, Ends: first.Category.Explains()}
	out.Claims = make([]Claim, 0, len(all))
	for i := range all {
		out.Claims = append(out.Claims, all[i].Claim)
	}
	return out, true
}

// compareTrue puts true before false.
func compareTrue(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// inCluster is the gravity of a category among the claims of a cluster: whom a state names, then
// services, then deeds, then all else.
func inCluster(c Category) int {
	const many = len(grave)
	switch {
	case c == Sanctioned || c == Terrorism:
		return c.gravity()
	case c.keeps():
		return many + c.gravity()
	case c.Explains():
		return 2*many + c.gravity()
	}
	return 3*many + c.gravity()
}

// says tells people what an attribution by cluster rests on.
func (c *Cluster) says(all []saying) string {
	text := fmt.Sprintf("inferred: it is joined with %s, of which this is claimed, in a cluster of %d addresses", all[0].Address, c.Size)
	if c.More > 0 {
		text += fmt.Sprintf("; %d more of them are labelled", c.More)
	}
	var services []string
	for i := range all {
		s := &all[i]
		if s.Category.keeps() && (s.AtTransaction || s.Now) && !slices.Contains(services, s.entity) {
			services = append(services, s.entity)
		}
	}
	if len(services) > 1 {
		text += fmt.Sprintf("; labels there name %d services (%s), which cannot be one owner's: the cluster, or a label, is wrong",
			len(services), strings.Join(services, ", "))
	}
	return text
}

// sourceOf says who claims a label, and where they found it.
func sourceOf(l *labels.Label) string {
	text := l.Edition.Title
	if l.Edition.Creator != "" {
		text += " (" + l.Edition.Creator + ")"
	}
	if l.Source != "" {
		text += ", " + l.Source
	}
	return text
}

// instant writes a time, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
