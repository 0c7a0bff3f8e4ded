package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/labels"
)

func labelListCommand() *command {
	return &command{
		path: "label list", short: "the sources of labels, with their counts, dates and licences",
		long:     "Lists every edition of every source: those that the program carries, and those in the store. One that a later edition replaced says since when; it counts for --as-of alone.",
		examples: []example{{"clew label list --db case.db", "the id at the front names a source to clew label export and remove"}},
		codes:    []exitCode{codeStore},
		action:   runLabelList,
	}
}

func labelShowCommand() *command {
	return &command{
		path: "label show", args: "ADDRESS", short: "what is said of an address",
		long: "Prints every label of an address, with who says so, since when, how sure they are, and their own words. Without --chain it looks on all chains on which ADDRESS can stand: a label on one of them says nothing about another. Labels that their source does not make any more come last; with --as-of only those that were made on that day.\n\n" +
			"Contracts that are known by the tables of bridges, pools and venues are named too.",
		examples: []example{
			{"clew label show 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "an exchange's reserve"},
			{"clew label show 0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --chain ethereum --as-of 2022-04-01 --json", "what was said on that day, for a script"},
		},
		codes:   []exitCode{codeStore},
		options: []string{"chain", "as-of"},
		least:   1, most: 1,
		action: runLabelShow,
	}
}

// labelsAnswer is the answer of `clew label list --json`.
type labelsAnswer struct {
	Schema  string               `json:"schema"` // "clew.labels/1"
	DB      string               `json:"db"`
	NoStore bool                 `json:"no_store,omitempty"` // there is none of that name: only what the program carries was asked
	Labels  int                  `json:"labels"`             // that are made now
	SHA256  string               `json:"sha256"`             // of all that a trace rests on which uses them
	Sources []labelEditionAnswer `json:"sources"`
}

type labelEditionAnswer struct {
	ID     string `json:"id"`   // SHA-256 of the pack
	From   string `json:"from"` // program, update or import
	Labels int    `json:"labels"`
	Actors int    `json:"actors"`
	labels.Edition
	Until time.Time `json:"until,omitzero"` // a later edition counts from then on
}

func runLabelList(ctx context.Context, w *world, c *cli.Context) error {
	k, err := labelsAt(ctx, w, c)
	if err != nil {
		return err
	}
	a := labelsAnswer{Schema: "clew.labels/1", DB: c.String("db"), NoStore: k.noStore, SHA256: k.set.SHA256(time.Time{}), Sources: []labelEditionAnswer{}}
	for _, e := range k.set.Editions() {
		a.Sources = append(a.Sources, labelEditionAnswer{e.Pack, k.from[e.Pack], e.Labels, e.Actors, e.Edition, e.Until})
		if e.Until.IsZero() {
			a.Labels += e.Labels
		}
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	rows := [][]string{{"id", "labels", "dated", "retrieved", "form", "licence", "from", "title, creator"}}
	for _, s := range a.Sources {
		count, title := grouped(int64(s.Labels)), s.Title
		if s.Form == labels.FormActorPack {
			count = grouped(int64(s.Actors)) + " actors"
		}
		if s.Creator != "" {
			title += ", " + s.Creator
		}
		if !s.Until.IsZero() {
			title += " (until " + s.Until.Format(time.DateOnly) + ")"
		}
		dated := "-"
		if !s.Dated.IsZero() {
			dated = s.Dated.Format(time.DateOnly)
		}
		rows = append(rows, []string{s.ID[:8], count, dated, s.Retrieved.Format(time.DateOnly), string(s.Form), orUnknown(s.Licence), s.From, title})
	}
	p := newPage(w.stdout)
	p.table("lrllllll", rows)
	p.line("%s of %s. SHA-256 %s", counted(int64(a.Labels), "label"), counted(int64(len(a.Sources)), "edition"), a.SHA256)
	return p.flush()
}

// labelAnswer is the answer of `clew label show --json`.
type labelAnswer struct {
	Schema  string             `json:"schema"` // "clew.label/1"
	Address string             `json:"address"`
	NoStore bool               `json:"no_store,omitempty"` // there is none of the name given: only what the program carries was asked
	AsOf    *time.Time         `json:"as_of,omitempty"`
	Labels  []labelClaimAnswer `json:"labels"`
	Places  []labelPlaceAnswer `json:"places"` // what the program's own tables of contracts say
}

type labelClaimAnswer struct {
	Chain       chains.Chain `json:"chain,omitempty"` // left out on a chain that the program does not know; then asset says which
	CAIP2       string       `json:"caip2,omitempty"`
	Address     string       `json:"address"` // as the source writes it
	Label       string       `json:"label"`
	Kind        labels.Kind  `json:"kind"`
	Actor       string       `json:"actor,omitempty"`
	ActorName   string       `json:"actor_name,omitempty"`
	Category    string       `json:"category,omitempty"`
	Abuse       string       `json:"abuse,omitempty"`
	Concepts    []string     `json:"concepts,omitempty"`
	Confidence  string       `json:"confidence"`
	Cluster     string       `json:"is_cluster_definer,omitempty"` // "true" or "false", where the source says it
	Source      string       `json:"source"`
	Licence     string       `json:"licence"`
	RetrievedAt time.Time    `json:"retrieved_at"`
	LastMod     time.Time    `json:"lastmod,omitzero"`
	ValidFrom   time.Time    `json:"valid_from,omitzero"`
	ValidTo     time.Time    `json:"valid_to,omitzero"`
	MadeFrom    time.Time    `json:"made_from"`         // the claim was made from then on, as far as is known
	MadeTo      time.Time    `json:"made_to,omitzero"`  // until then
	Made        bool         `json:"made"`              // at as_of, or now
	Asset       string       `json:"asset,omitempty"`   // the source's word
	Network     string       `json:"network,omitempty"` // the source's word
	Context     string       `json:"context,omitempty"`
	Raw         string       `json:"raw"`
	Pack        labelPackRef `json:"pack"`
}

type labelPackRef struct {
	ID      string      `json:"id"`
	Kind    labels.Form `json:"kind"`
	Title   string      `json:"title"`
	Creator string      `json:"creator"`
}

type labelPlaceAnswer struct {
	Chain  chains.Chain `json:"chain"`
	Kind   string       `json:"kind"`
	Entity string       `json:"entity"`
	Source string       `json:"source"`
}

func runLabelShow(ctx context.Context, w *world, c *cli.Context) error {
	asOf, err := labelAsOf(c)
	if err != nil {
		return err
	}
	k, err := labelsAt(ctx, w, c)
	if err != nil {
		return err
	}
	text := c.Args().First()
	a := labelAnswer{Schema: "clew.label/1", Address: text, NoStore: k.noStore, Labels: []labelClaimAnswer{}, Places: []labelPlaceAnswer{}}
	if !asOf.IsZero() {
		a.AsOf = &asOf
	}
	if err := k.gather(&a, text, chains.Chain(c.String("chain")), asOf); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, a)
	}
	return pageLabels(w, &a)
}

// gather looks for text on one chain, or on all on which it is an address.
func (k *knownLabels) gather(a *labelAnswer, text string, chain chains.Chain, asOf time.Time) error {
	candidates := k.set.Chains()
	for _, in := range chains.Known() {
		if !slices.Contains(candidates, in.Name) {
			candidates = append(candidates, in.Name)
		}
	}
	var found []labels.Label
	if chain != "" {
		candidates = []chains.Chain{chain}
	} else {
		found = k.set.Elsewhere(text)
	}
	parsed, refused := len(found) > 0, error(nil)
	for _, on := range candidates {
		key, err := addressOn(on, text)
		if err != nil {
			refused = err
			continue
		}
		parsed = true
		if asOf.IsZero() {
			found = append(found, k.set.History(on, key)...)
		} else {
			found = append(found, k.set.Lookup(on, key, asOf)...)
		}
		if kind, entity, source, ok := (families{}).Place(on, key); ok {
			a.Places = append(a.Places, labelPlaceAnswer{on, string(kind), entity, source})
		}
	}
	if !parsed && chain != "" {
		return refused
	}
	if !parsed {
		return withHint(fmt.Errorf("%q is no address of a chain that clew knows, and nobody labels it", text), "copy it again, or name its chain with --chain, which says what is wrong")
	}
	for i := range found {
		if l := claimAnswer(k, &found[i], asOf); l.Made || asOf.IsZero() {
			a.Labels = append(a.Labels, l)
		}
	}
	slices.SortStableFunc(a.Labels, func(x, y labelClaimAnswer) int { return boolOrder(y.Made) - boolOrder(x.Made) })
	return nil
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

func claimAnswer(k *knownLabels, l *labels.Label, asOf time.Time) labelClaimAnswer {
	e := l.Edition
	out := labelClaimAnswer{
		Chain: l.Chain, CAIP2: l.Chain.CAIP2(), Address: l.Written(codec()), Label: l.Text, Kind: l.Kind, Actor: l.Actor, ActorName: l.ActorName,
		Category: l.Category, Abuse: l.Abuse, Concepts: l.Concepts, Confidence: l.Confidence, Cluster: l.ClusterDefiner,
		Source: l.Source, Licence: e.Licence, RetrievedAt: e.Retrieved, LastMod: l.LastMod, ValidFrom: l.ValidFrom, ValidTo: l.ValidTo,
		MadeFrom: l.Since, MadeTo: l.Until, Made: k.set.MadeAt(l, asOf), Asset: l.Asset, Network: l.Network, Context: l.Context, Raw: l.Raw(codec()),
		Pack: labelPackRef{k.set.PackOf(e), e.Form, e.Title, e.Creator},
	}
	if out.Source == "" {
		out.Source = e.Source
	}
	return out
}

func pageLabels(w *world, a *labelAnswer) error {
	p := newPage(w.stdout)
	if len(a.Labels) == 0 {
		p.line("%s: no source at hand says anything about it", a.Address)
	}
	for i := range a.Labels {
		l := &a.Labels[i]
		where := string(l.Chain)
		if where == "" {
			where = l.Asset + " (a chain that clew does not know)"
		}
		what := []string{string(l.Kind)}
		for _, word := range slices.Concat([]string{l.Category, l.Abuse}, l.Concepts) {
			if word != "" && !slices.Contains(what, word) {
				what = append(what, word)
			}
		}
		p.line("%s: %s", where, l.Label)
		p.line("    %s", strings.Join(what, ", "))
		if l.Actor != "" {
			p.line("    by %s", orActor(l))
		}
		p.line("    %s", fold(fmt.Sprintf("says %s; %sconfidence %s; licence %s; retrieved %s; %s", titled(l), foundAt(l), orUnknown(l.Confidence), orUnknown(l.Licence), l.RetrievedAt.Format(time.DateOnly), madeWhen(l)), 4))
		if l.Context != "" {
			p.line("    %s", fold(strings.Join(strings.Fields(l.Context), " "), 4))
		}
	}
	for _, place := range a.Places {
		p.line("%s: %s", place.Chain, place.Entity)
		p.line("    %s, in the program's tables, after %s", place.Kind, place.Source)
	}
	return p.flush()
}

func orActor(l *labelClaimAnswer) string {
	if l.ActorName != "" {
		return l.ActorName
	}
	return l.Actor + " (no ActorPack at hand knows this id)"
}

func titled(l *labelClaimAnswer) string {
	if l.Pack.Creator == "" {
		return l.Pack.Title
	}
	return l.Pack.Title + " of " + l.Pack.Creator
}

// foundAt says where the claim was found; nothing where nobody says.
func foundAt(l *labelClaimAnswer) string {
	if l.Source == "" {
		return ""
	}
	return "found at " + l.Source + "; "
}

// madeWhen says from when to when the claim was made.
func madeWhen(l *labelClaimAnswer) string {
	text := "claimed since " + l.MadeFrom.Format(time.DateOnly)
	if l.LastMod.IsZero() && l.ValidFrom.IsZero() {
		text += " at the latest, the date of the edition: the source does not say since when"
	}
	if !l.MadeTo.IsZero() {
		text += " and until " + l.MadeTo.Format(time.DateOnly)
	}
	if !l.Made {
		text += ", not any more"
	}
	return text
}
