package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/exhibit"
	"clew/heuristics"
	"clew/labels"
	"clew/tracer"
)

// clusterAnswer is the answer of `clew cluster --json`.
type clusterAnswer struct {
	Schema  string       `json:"schema"` // "clew.cluster/1"
	Chain   chains.Chain `json:"chain"`
	CAIP2   string       `json:"caip2"`
	From    int64        `json:"from"` // height of the first block that was read
	AsOf    clusterBlock `json:"as_of"`
	Address string       `json:"address"`
	// Cluster is the name of the cluster: its address that was joined first, in chain order.
	Cluster string `json:"cluster"`
	Size    int    `json:"size"`
	// Addresses is a page of them, in the order in which they were joined; Next is what --after takes
	// for the page behind it.
	Addresses []string        `json:"addresses"`
	Next      string          `json:"next,omitempty"`
	Balance   *clusterBalance `json:"balance"`    // null: not counted
	FirstSeen *clusterBlock   `json:"first_seen"` // null: not counted, or never seen
	LastSeen  *clusterBlock   `json:"last_seen"`
	// Labels are what others claim of its addresses.
	Labels []clusterLabel `json:"labels"`
	// Conflicts are those whom labels name as services, mixers or bridges, where these are several: a
	// join is wrong, or a label.
	Conflicts []string `json:"conflicts"`
	// Waiting is the number of transactions that join nothing since the store does not know what
	// they spend.
	Waiting int `json:"waiting"`
	// Unseen: no transaction that was read touches the address.
	Unseen      bool            `json:"unseen"`
	Errors      []clusterError  `json:"errors"` // of the rules that the answer may rest on; of a path, that it rests on
	Limits      []string        `json:"limits"`
	Other       string          `json:"other,omitempty"`
	OtherUnseen bool            `json:"other_unseen,omitempty"`
	Path        *[]clusterStep  `json:"path,omitempty"` // of --why
	Without     *clusterWithout `json:"without,omitempty"`
}

type clusterBlock struct {
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
	Time   string           `json:"time"` // RFC 3339
}

// clusterBalance is the sum of the outputs that are unspent.
type clusterBalance struct {
	Units   chains.Amount `json:"units"`
	Outputs int           `json:"outputs"`
	// Whole: every block from the chain's first was read. Else it is what the blocks that were read
	// gave and left.
	Whole bool `json:"whole"`
}

type clusterLabel struct {
	Address string `json:"address"`
	Label   string `json:"label"`
	Entity  string `json:"entity,omitempty"`
	Stops   string `json:"stops,omitempty"`
	Source  string `json:"source"`
}

// clusterError is how wrong a rule was measured to be.
type clusterError struct {
	Heuristic string                `json:"heuristic"`
	Version   string                `json:"version"`
	Error     *tracer.MeasuredError `json:"error"` // null: not measured
}

// clusterStep is one join of a path.
type clusterStep struct {
	A         string       `json:"a"`
	B         string       `json:"b"`
	Chain     chains.Chain `json:"chain"`
	TxID      string       `json:"txid"`
	Height    int64        `json:"height"`
	Positions [2]int       `json:"positions"` // of the inputs that show a and b
	Heuristic string       `json:"heuristic"`
	Version   string       `json:"version"`
}

type clusterWithout struct {
	Evidence string        `json:"evidence"`
	Dropped  int           `json:"dropped"` // joins of a transaction
	Count    int           `json:"count"`   // of parts
	Parts    []clusterPart `json:"parts"`   // the largest ones, and the one with the address
}

type clusterPart struct {
	First string `json:"first"`
	Size  int    `json:"size"`
	Has   bool   `json:"has"` // the address that was asked for
}

// Bounds of what is read for one answer.
const (
	clusterReads = 200_000 // transactions, for balance and first and last seen: some seconds
	shownLabels  = 20      // of those for people; JSON has all
)

// clusterLimits is what the output says of itself.
func clusterLimits() []string {
	return []string{
		"clusters are inferences: that one wallet signed for all inputs is likely, not certain",
		"known failures: services that batch their customers' coins as CoinJoins do, and imported keys (as at Mt. Gox)",
	}
}

// summary is what every answer has.
func (q *clusterQuery) summary(ctx context.Context) (*clusterAnswer, error) {
	info := q.chain.Info()
	first, err := q.clusters.First(ctx, q.address)
	if err != nil {
		return nil, err
	}
	a := &clusterAnswer{
		Schema: "clew.cluster/1", Chain: q.chain, CAIP2: info.CAIP2, From: q.clusters.From(), AsOf: clusterAt(q.clusters.AsOf()),
		Address: q.format(q.address), Cluster: q.format(first), Size: q.clusters.Size(q.address),
		Addresses: []string{}, Labels: []clusterLabel{}, Conflicts: []string{},
		Waiting: q.clusters.Waiting, Limits: clusterLimits(), Errors: []clusterError{},
	}
	if err := q.labels(ctx, a); err != nil {
		return nil, err
	}
	h, err := q.clusters.Holdings(ctx, q.address, clusterReads)
	if err != nil {
		return nil, err
	}
	if h.Counted {
		a.Balance = &clusterBalance{Units: h.Units, Outputs: h.Outputs, Whole: h.Whole}
	}
	if h.Counted && h.Txs > 0 {
		from, to := clusterAt(h.First), clusterAt(h.Last)
		a.FirstSeen, a.LastSeen = &from, &to
	}
	a.Unseen, err = q.unseen(ctx, q.address)
	return a, err
}

// measure adds how wrong the rules of the answer are: none of a cluster of one, those of a path, else
// all that join.
func (a *clusterAnswer) measure() {
	for _, rule := range withoutRules {
		uses := a.Size > 1
		if a.Path != nil {
			uses = slices.ContainsFunc(*a.Path, func(s clusterStep) bool { return s.Heuristic == rule })
		}
		if !uses {
			continue
		}
		e := clusterError{Heuristic: rule, Version: heuristics.JoinVersion}
		if s, ok := heuristics.ErrorOf(e.Heuristic, e.Version); ok {
			e.Error = tracer.Measured(s)
		}
		a.Errors = append(a.Errors, e)
	}
}

// blocks names the blocks that were read.
func (a *clusterAnswer) blocks() string {
	return fmt.Sprintf("blocks %s to %s of %s", grouped(a.From), grouped(a.AsOf.Height), a.Chain)
}

func clusterAt(ref chains.BlockRef) clusterBlock {
	return clusterBlock{Height: ref.Height, Hash: ref.Hash, Time: time.Unix(ref.Time, 0).UTC().Format(time.RFC3339)}
}

// members adds a page of the addresses.
func (q *clusterQuery) members(ctx context.Context, a *clusterAnswer) error {
	after := chains.Address("")
	if text := q.c.String("after"); text != "" {
		var err error
		if after, err = codec().ParseAddress(q.chain, text); err != nil {
			return err
		}
	}
	page, more, err := q.clusters.Members(ctx, q.address, after, q.limit())
	if errors.Is(err, chains.ErrNotFound) {
		return withHint(err, "--after takes the last address of the page before; a reorganisation may have taken it out of the cluster")
	}
	if err != nil {
		return err
	}
	for _, m := range page {
		a.Addresses = append(a.Addresses, q.format(m))
	}
	if more && len(page) > 0 {
		a.Next = a.Addresses[len(a.Addresses)-1]
	}
	return nil
}

// labels adds what the labels of the program and of the store say of any address of the cluster.
func (q *clusterQuery) labels(ctx context.Context, a *clusterAnswer) error {
	asOf, err := labelDate("label-as-of", q.c.String("label-as-of"))
	if err != nil {
		return err
	}
	known, err := labelsOf(ctx, q.st)
	if err != nil {
		return err
	}
	for _, edition := range known.set.Editions() {
		_, err := known.set.Labels(edition.Pack, func(l *labels.Label) error {
			if l.Chain == q.chain && q.clusters.Together(q.address, l.Address) && known.set.MadeAt(l, asOf) {
				a.take(clusterLabel{
					Address: q.format(l.Address), Label: l.Text, Entity: entity(l), Stops: string(nodeKind(l.Kind)), Source: sourceLine(l),
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.Sort(a.Conflicts)
	if a.Conflicts = slices.Compact(a.Conflicts); len(a.Conflicts) == 1 {
		a.Conflicts = []string{}
	}
	return nil
}

// take adds a label, and whom it names.
func (a *clusterAnswer) take(l clusterLabel) {
	a.Labels = append(a.Labels, l)
	if l.Stops != "" {
		a.Conflicts = append(a.Conflicts, or(l.Entity, l.Label))
	}
}

// write prints it for people.
func (a *clusterAnswer) write(p *page) error {
	p.line("%s", a.Address)
	switch {
	case a.Unseen:
		p.line("never seen in %s: no transaction there pays to it or spends from it", a.blocks())
	case a.Size == 1:
		p.line("a cluster of one: no transaction in %s joins it with another address", a.blocks())
	default:
		p.line("in a cluster of %s addresses, named by %s", grouped(int64(a.Size)), a.Cluster)
	}
	p.line("")
	p.table("ll", a.rows())
	switch {
	case a.Path != nil:
		a.writePath(p)
	case a.Without != nil:
		a.writeWithout(p)
	default:
		a.writeMembers(p)
	}
	if len(a.Errors) == 0 {
		return p.flush()
	}
	p.line("")
	p.line("How sure that is: no fact")
	for _, e := range a.Errors {
		p.line("  - %s", fold(plainSpaces(fmt.Sprintf("%s (%s %s): %s", exhibit.HeuristicWords(e.Heuristic), e.Heuristic, e.Version, exhibit.ErrorWords(e.Error))), 4))
	}
	for _, l := range a.Limits {
		p.line("  - %s", fold(l, 4))
	}
	return p.flush()
}

// rows are what is known of the cluster as a whole.
func (a *clusterAnswer) rows() [][]string {
	rows := [][]string{
		{"chain", string(a.Chain)},
		{"as of block", grouped(a.AsOf.Height) + ", " + a.AsOf.Time},
	}
	if a.Balance == nil {
		rows = append(rows, []string{"balance", fmt.Sprintf("not counted: more than %s transactions", grouped(clusterReads))})
	} else {
		holds := coins(exhibit.NameAssets(&tracer.Trace{}), a.Chain, chains.Native, a.Balance.Units) + " in " + counted(int64(a.Balance.Outputs), "unspent output")
		if !a.Balance.Whole {
			holds += ", of the blocks that were read"
		}
		rows = append(rows, []string{"balance", holds})
	}
	if a.FirstSeen != nil {
		rows = append(rows,
			[]string{"first seen", grouped(a.FirstSeen.Height) + ", " + a.FirstSeen.Time},
			[]string{"last seen", grouped(a.LastSeen.Height) + ", " + a.LastSeen.Time})
	}
	for _, l := range a.Labels[:min(shownLabels, len(a.Labels))] {
		rows = append(rows, []string{"label", exhibit.Visible(or(l.Entity, l.Label)) + " (" + l.Address + "; " + exhibit.Visible(l.Source) + ")"})
	}
	if more := len(a.Labels) - shownLabels; more > 0 {
		rows = append(rows, []string{"", "and " + counted(int64(more), "label") + " more (--json lists all)"})
	}
	if len(a.Conflicts) > 0 {
		rows = append(rows, []string{"conflict", "labels name several: " + exhibit.Visible(strings.Join(a.Conflicts, ", ")) + "; a join is wrong, or a label"})
	}
	if a.Waiting > 0 {
		rows = append(rows, []string{"left out", counted(int64(a.Waiting), "transaction") + ", since the store does not have what they spend"})
	}
	return rows
}

func (a *clusterAnswer) writeMembers(p *page) {
	p.line("")
	p.line("Addresses, in the order in which they were joined")
	for _, m := range a.Addresses {
		p.line("  %s", m)
	}
	if a.Next != "" {
		p.line("  more with --after %s", a.Next)
	}
}

func (a *clusterAnswer) writePath(p *page) {
	p.line("")
	switch {
	case a.Other == a.Address:
		p.line("%s is the same address", a.Other)
	case a.OtherUnseen:
		p.line("%s was never seen in %s", a.Other, a.blocks())
	case len(*a.Path) == 0:
		p.line("%s is not in this cluster: nothing that was read joins the two", a.Other)
	default:
		p.line("Why %s is in it: %s", a.Other, counted(int64(len(*a.Path)), "join"))
	}
	for _, s := range *a.Path {
		p.line("  %s", s.A)
		if s.Heuristic == string(heuristics.JoinWraps) {
			p.line("    holds the next one inside (%s %s): input %d of %s, block %s", s.Heuristic, s.Version, s.Positions[0], s.TxID, grouped(s.Height))
		} else {
			p.line("    is spent from together with the next one (%s %s): inputs %d and %d of %s, block %s", s.Heuristic, s.Version, s.Positions[0], s.Positions[1], s.TxID, grouped(s.Height))
		}
		p.line("  %s", s.B)
	}
}

func (a *clusterAnswer) writeWithout(p *page) {
	p.line("")
	w := a.Without
	switch {
	case w.Dropped == 0:
		p.line("Without %s: the same, it joins nothing here", w.Evidence)
		return
	case w.Count == 1:
		p.line("Without %s: the same addresses, other transactions join them too", w.Evidence)
		return
	}
	p.line("Without %s: %s", w.Evidence, counted(int64(w.Count), "part"))
	rows := [][]string{}
	for _, part := range w.Parts {
		mark := ""
		if part.Has {
			mark = "with " + a.Address
		}
		rows = append(rows, []string{grouped(int64(part.Size)), part.First, mark})
	}
	p.table("rll", rows)
	if more := w.Count - len(w.Parts); more > 0 {
		p.line("  and %s", counted(int64(more), "smaller part"))
	}
}
