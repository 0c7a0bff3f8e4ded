package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/tracer"
)

type ruleView struct {
	Name, Words string
	Declared    bool
	Conserves   bool
}

type seedView struct {
	ID, Time, Chain, Block, TxID, Position, Address, Alias, Amount, Units string
}

type hopView struct {
	Number                   int
	Show                     string // id in the drawing of the whole trace; "" where it is not drawn
	In                       string // id in the fold that shows it nearest; "" where that is Show
	Kind, Time, Chain, Block string
	Role                     string // of a leg of two: given, received
	Second                   bool   // the second leg of its hop
	TxID, Position           string
	From, To                 []place
	Beside                   string // other funds that the transaction spends too
	Outputs                  []string
	Whole, Traced, Units     string
	Part                     bool // a part of the movement only is traced
	Null                     bool // the rule does not say
	Evidence, Basis          string
	Inputs, Raw, Other       []string
	Findings                 []findingRef
}

type runView struct {
	Number      int
	Kind, Title string
	Finding     int    // that it is a peel chain; 0: its shape alone makes it a run
	Error       string // that was measured for the finding
	Steps       [][]stepView
	Count       int
	Open, Live  bool // shown at once; in the page from the beginning
}

type stepView struct {
	Step                         int
	Time, TxID, Block            string
	PaymentTime, PaymentTxID     string // where the payment is a transaction of its own
	Payment, Rest                int
	PaymentTo, RestTo            place
	PaymentTraced, RestTraced    string
	PaymentWhole, RestWhole      string
	HasPayment                   bool
	PaymentDiffers, RestsDiffers bool
}

type endpointView struct {
	Number               int
	Reason, Chain        string
	Place                place
	TxID, Position, Note string
	Hop                  int
	Found                []int // numbers of the findings on which the reason rests
	Whole                string
	Cells                []cellView
	Range, Basis         string
}

type processView struct{ Reason, Text string }

type conservationView struct {
	Rule, Asset, Chain, Seeded, ConvertedIn, Unexplained, Ended, ConvertedOut, Difference string
	Declared, Defect, Conserves                                                           bool
}

type gapView struct {
	Number                                 int
	Chain, Blocks, TxID, What, Why, Effect string
}

// groupView is what one heuristic says in all.
type groupView struct {
	Heuristic, Title, Error string
	Count                   int
}

type findingView struct {
	Number                           int
	Title, Heuristic, Says, Error    string
	Txs, Addresses                   []string
	Hops                             []int
	MoreHops, MoreTxs, MoreAddresses int
}

type methodView struct{ Term, Text string }

type asOfView struct {
	Chain, CAIP2, Hash, Time string
	Height                   int64
}

// statementView is what the victim states of one asset.
type statementView struct {
	Asset, Taken, Open, Source string
	Rows                       [][2]string
	Closes                     bool
}

type assetView struct{ Chain, Contract, Symbol, Decimals, Written string }

type inputView struct{ What, SHA256, Coverage string }

// viewer turns a trace into the rows of the report.
type viewer struct {
	*register
	x *Exhibit
}

func (v *viewer) fill(p *reportPage, sum *Summary) {
	t := v.t
	for _, r := range t.Rules {
		p.Rules = append(p.Rules, ruleView{r.String(), ruleWordsOf(t, r), r == v.rule && r == t.Incident.Rule, r.Conserves()})
	}
	p.Under, p.Filters = v.x.unders(), v.filters()
	p.Totals = v.totals(sum)
	p.Seeds, p.Money = v.seeds(), v.x.moneyView()
	p.Hops, p.HopsCount = v.hops(), len(t.Hops)
	for i := range t.Hops {
		p.HopRows += len(t.Hops[i].Legs)
	}
	p.PerAsset, p.StatementLine = sum.PerAsset(), sum.StatementLine()
	p.Stated, p.Claims, p.Chains = v.statements(), v.claims(), len(chainsOf(t))
	p.Runs, p.RunsCount = v.runs(), len(v.x.Diagram.Runs)
	v.endpoints(p)
	p.Conservation = v.conservation()
	for i := range t.Gaps {
		g := &t.Gaps[i]
		p.Gaps = append(p.Gaps, gapView{i + 1, visible(string(g.Chain)), heights(g), txText(g.Chain, g.TxID),
			v.told(g.Chain, g.What), v.told(g.Chain, g.Why), v.told(g.Chain, g.Effect)})
	}
	v.findingViews(p)
	p.Candidates, p.Claimed = v.candidates(), v.claimed()
	p.Method = v.method()
	for _, a := range t.AsOf {
		p.AsOf = append(p.AsOf, asOfView{visible(string(a.Chain)), visible(a.CAIP2), a.Hash.String(), visible(a.Time), a.Height})
	}
	p.Inputs = v.inputViews()
	p.Notes = v.x.Diagram.notes(v.x.SHA256)
}

// onlyContact reports whether e has no value under any accounting rule.
func onlyContact(t *tracer.Trace, e *Ending) bool {
	for _, r := range t.Rules {
		if a, ok := e.Traced.Get(r); ok && r.Conserves() && !a.IsZero() {
			return false
		}
	}
	return true
}

func (v *viewer) cells(t *tracer.Traced, u Unit) []cellView {
	var out []cellView
	for _, r := range v.t.Rules {
		text := "–"
		if a, ok := t.Get(r); ok {
			text = v.assets.number(u, a)
		}
		out = append(out, cellView{Text: text, Declared: r == v.rule})
	}
	return out
}

func (v *viewer) seeds() []seedView {
	var out []seedView
	for i := range v.t.Seeds {
		s := &v.t.Seeds[i]
		u := Unit{s.Chain, s.Asset}
		out = append(out, seedView{visible(s.ID), clock(s.Time), visible(string(s.Chain)), fmt.Sprint(s.Height), txText(s.Chain, s.TxID.String()),
			visible(s.Position), visible(s.Address), v.place(s.Node).Alias, v.assets.format(u, s.Units), s.Units.String()})
	}
	return out
}

func (v *viewer) hops() [][]hopView {
	show, in := underRule{v.rule, v.x.Diagram, v.x.Scene, v.x.Levels}.drawnAs()
	var all []hopView
	for i := range v.t.Hops {
		h := &v.t.Hops[i]
		for k := range h.Legs {
			row := v.hop(h, k)
			row.Show, row.In = show[h.Number], in[h.Number]
			all = append(all, row)
		}
	}
	return chunks(all, chunkRows)
}

func (v *viewer) hop(h *tracer.Hop, k int) hopView {
	leg := &h.Legs[k]
	u := Unit{leg.Chain, leg.Asset}
	row := hopView{Number: h.Number, Kind: visible(string(h.Kind)), Role: roleWords(h, k), Second: k > 0, Time: clock(leg.Time),
		Chain: visible(string(leg.Chain)), Block: fmt.Sprint(leg.Height), TxID: txText(leg.Chain, leg.TxID.String()), Position: positions(leg),
		Whole: v.assets.format(u, leg.Units), Evidence: visible(leg.Evidence), Inputs: v.inputs(h), Findings: v.findings(h), Raw: leg.Raw}
	row.From, row.Outputs = v.sources(leg)
	row.To, row.Beside = []place{v.place(leg.To)}, v.otherWords(leg)
	if k+1 == len(h.Legs) {
		a, ok := h.Traced.Get(v.rule)
		row.Null, row.Units = !ok, a.String()
		row.Traced, row.Part = v.assets.format(u, a), a.Cmp(leg.Units) != 0
		row.Basis = v.basisOf(h)
	} else if h.Given != nil {
		a, ok := h.Given.Get(v.rule)
		row.Null, row.Traced, row.Part = !ok, v.assets.format(u, a), a.Cmp(leg.Units) != 0
		row.Basis = v.basisOf(h)
	} else {
		row.Traced, row.Basis = "not stated", v.basisOf(h)
	}
	if h.Link != nil {
		row.Other = append(row.Other, "linked by "+visible(h.Link.Protocol)+" "+visible(h.Link.Key))
	}
	return row
}

// roleWords says which side of a hop of two legs a leg is, for people.
func roleWords(h *tracer.Hop, k int) string {
	role := legRole(h, k)
	if role == "" {
		return ""
	}
	given := role == "given"
	switch h.Kind {
	case tracer.HopBridge:
		return map[bool]string{true: "sent", false: "arrived"}[given]
	case tracer.HopMixer:
		return map[bool]string{true: "went in", false: "came out, as adopted"}[given]
	case tracer.HopFee:
		return map[bool]string{true: "of what was sent", false: "kept on the way"}[given]
	}
	return role
}

// clock writes an RFC 3339 time for a column that says UTC.
func clock(t string) string {
	return visible(strings.TrimSuffix(strings.Replace(t, "T", " ", 1), "Z"))
}

func chunks[T any](all []T, size int) [][]T { return slices.Collect(slices.Chunk(all, size)) }
