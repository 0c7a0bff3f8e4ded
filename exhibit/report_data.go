package exhibit

import (
	"encoding/json"
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// traceData is the trace as the report's script filters, searches and explains it: columns, so that
// equal things stand beside each other and pack well. It is deflated and in base64, of which no
// character can end the script element that it stands in. All text in it has been made visible.
type traceData struct {
	Rules    []ruleData    `json:"rules"`
	Shown    int           `json:"shown"` // of the rules: that of the first drawing
	Units    []unitData    `json:"units"`
	Places   []placeData   `json:"places"`
	Words    []string      `json:"words"` // of hops: kinds, roles, evidence, bases
	Rows     rowData       `json:"rows"`  // by row of schedule A: legs in order
	Hops     hopData       `json:"hops"`  // by number of the hop, from 1 on at index 0
	Ends     endData       `json:"ends"`  // by number of the endpoint, from 1 on at index 0
	Seeds    []string      `json:"seeds"`
	Findings []findingData `json:"findings"` // by number, from 1 on at index 0
	Checks   []checkData   `json:"checks"`
	Evidence []termData    `json:"evidence"`
	Bases    []termData    `json:"bases"`
}

// ruleData is a rule. Aside says why nothing is drawn under it; "" where something is.
type ruleData struct {
	Name     string `json:"name"`
	Words    string `json:"words"`
	Declared bool   `json:"declared"`
	Aside    string `json:"aside,omitempty"`
}

type unitData struct {
	Chain    string `json:"chain"`
	Symbol   string `json:"symbol"`
	Decimals int    `json:"decimals"`
	Silent   []int  `json:"silent"` // by rule: the word for why it has no amount, where it has none
}

type placeData struct {
	Alias   string   `json:"alias,omitempty"`
	Address string   `json:"address,omitempty"`
	Claim   string   `json:"claim,omitempty"`
	Found   []string `json:"found,omitempty"`
}

// rowData is one leg at each index. Whole amounts are in units, in decimal.
type rowData struct {
	Hop      []int      `json:"hop"` // number
	Role     []int      `json:"role"`
	Time     []string   `json:"time"` // UTC, "2022-03-29 11:19:50"
	Height   []int64    `json:"height"`
	Tx       []string   `json:"tx"`
	Position []string   `json:"position"`
	From     [][]int    `json:"from"`
	To       []int      `json:"to"`
	Beside   []string   `json:"beside"` // other funds that paid with them, in words
	Unit     []int      `json:"unit"`
	Whole    []string   `json:"whole"`
	Evidence []int      `json:"evidence"`
	Raw      [][]string `json:"raw"`
	// Traced is by rule: "" where the rule says nothing of the leg, "=" for the whole of it.
	Traced [][]string `json:"traced"`
}

// hopData is one hop at each index.
type hopData struct {
	Kind    []int    `json:"kind"`
	Row     []int    `json:"row"`    // its first row of schedule A, from 0 on
	Inputs  [][]int  `json:"inputs"` // numbers of hops; −k: seed k
	Finding [][]int  `json:"finding"`
	Link    []string `json:"link"`
	// By rule:
	Basis [][]int    `json:"basis"` // −1: nothing traced
	Show  [][]string `json:"show"`  // id in the drawing of the whole trace; null for a rule that is not drawn
	In    [][]string `json:"in"`    // id in the fold that shows it nearest
}

// endData is one endpoint at each index.
type endData struct {
	Hop    []int      `json:"hop"` // number of the hop that led here; 0: none
	Reason []int      `json:"reason"`
	Unit   []int      `json:"unit"`
	Note   []string   `json:"note"`
	Basis  [][]string `json:"basis"` // by rule, in words
}

type findingData struct {
	Title string `json:"title"`
	Says  string `json:"says"`
	Error string `json:"error"`
}

// checkData are the requests that show a leg on a node of a chain.
type checkData struct {
	Chain string      `json:"chain"`
	Head  string      `json:"head"`
	Last  bool        `json:"last"` // of a hop's legs, they show the last alone
	Forms []checkForm `json:"forms"`
}

// termData is a word with its sentence.
type termData struct {
	Word string `json:"word"`
	Says string `json:"says"`
}

// dataMaker fills a traceData.
type dataMaker struct {
	*viewer
	d     traceData
	units map[Unit]int
	words map[string]int
	nodes map[string]int
	seeds map[string]int // by id, from 1 on
}

// data packs the trace for the script of the report.
func (v *viewer) data(others []underRule) (string, error) {
	m := &dataMaker{viewer: v, units: map[Unit]int{}, words: map[string]int{}, nodes: map[string]int{}, seeds: map[string]int{}}
	for i := range v.t.Seeds {
		if id := v.t.Seeds[i].ID; m.seeds[id] == 0 {
			m.d.Seeds = append(m.d.Seeds, visible(id))
			m.seeds[id] = len(m.d.Seeds)
		}
	}
	m.rules()
	m.hopColumns()
	m.drawnColumns(others)
	m.endColumns()
	for i := range v.t.Findings {
		g := &v.t.Findings[i]
		m.d.Findings = append(m.d.Findings, findingData{v.found.Title(g), v.found.Says(g), ErrorWords(g.Error)})
	}
	for _, c := range chainsOf(v.t) {
		m.d.Checks = append(m.d.Checks, checkData{visible(string(c)), CheckHead(c), c.Info().Family != chains.FamilyEVM, checkForms(c)})
	}
	m.terms()
	text, err := json.Marshal(&m.d)
	if err != nil {
		return "", fmt.Errorf("the report's data: %w", err)
	}
	packed, err := deflate(text)
	if err != nil {
		return "", fmt.Errorf("pack the report's data: %w", err)
	}
	return packed, nil
}

func (m *dataMaker) rules() {
	for i, r := range m.t.Rules {
		d := ruleData{Name: r.String(), Words: ruleWordsOf(m.t, r), Declared: r == m.t.Incident.Rule}
		switch {
		case r == m.rule:
			m.d.Shown = i
		case contactOnly(m.t):
			d.Aside = "it says nothing of valuations"
		case !r.Conserves():
			d.Aside = "it marks contact and divides nothing"
		case !says(m.t, r):
			d.Aside = "it says nothing of this trace"
		}
		m.d.Rules = append(m.d.Rules, d)
	}
}

func (m *dataMaker) unit(u Unit) int {
	i, ok := m.units[u]
	if !ok {
		i = len(m.units)
		m.units[u] = i
		silent := make([]int, len(m.t.Rules))
		for k, r := range m.t.Rules {
			silent[k] = m.word(Silent(r, u.Chain, u.Asset))
		}
		m.d.Units = append(m.d.Units, unitData{visible(string(u.Chain)), m.assets.symbol(u), m.assets.name(u).decimals, silent})
	}
	return i
}

func (m *dataMaker) word(s string) int {
	i, ok := m.words[s]
	if !ok {
		i = len(m.words)
		m.words[s] = i
		m.d.Words = append(m.d.Words, s)
	}
	return i
}

func (m *dataMaker) node(id string) int {
	i, ok := m.nodes[id]
	if !ok {
		i = len(m.nodes)
		m.nodes[id] = i
		p := m.place(id)
		m.d.Places = append(m.d.Places, placeData{p.Alias, p.Address, p.Claim, p.Found})
	}
	return i
}

func (m *dataMaker) hopColumns() {
	d, rules := &m.d.Hops, len(m.t.Rules)
	m.d.Rows.Traced, d.Basis = make([][]string, rules), make([][]int, rules)
	for i := range m.t.Hops {
		h := &m.t.Hops[i]
		d.Kind, d.Row = append(d.Kind, m.word(visible(string(h.Kind)))), append(d.Row, len(m.d.Rows.Hop))
		inputs, link := []int{}, ""
		for _, id := range h.Inputs {
			if k, ok := m.hopAt[id]; ok {
				inputs = append(inputs, m.t.Hops[k].Number)
			} else if k := m.seeds[id]; k > 0 {
				inputs = append(inputs, -k)
			}
		}
		found := []int{}
		for _, f := range m.findings(h) {
			found = append(found, f.Number)
		}
		if h.Link != nil {
			link = visible(h.Link.Protocol) + " " + visible(h.Link.Key)
		}
		d.Inputs, d.Finding, d.Link = append(d.Inputs, inputs), append(d.Finding, found), append(d.Link, link)
		for k, r := range m.t.Rules {
			basis := -1
			if b, ok := h.Basis.Get(r); ok && !tracedUnder(&h.Traced, r).IsZero() {
				basis = m.word(b.String())
			}
			d.Basis[k] = append(d.Basis[k], basis)
		}
		for k := range h.Legs {
			m.row(h, k)
		}
	}
}

// row adds leg k of h.
func (m *dataMaker) row(h *tracer.Hop, k int) {
	leg, d := &h.Legs[k], &m.d.Rows
	d.Hop, d.Role = append(d.Hop, h.Number), append(d.Role, m.word(roleWords(h, k)))
	d.Time, d.Height = append(d.Time, clock(leg.Time)), append(d.Height, leg.Height)
	d.Tx, d.Position = append(d.Tx, txText(leg.Chain, leg.TxID.String())), append(d.Position, positions(leg))
	from := []int{}
	for _, f := range leg.From {
		if n := m.node(f.Node); !slices.Contains(from, n) {
			from = append(from, n)
		}
	}
	raw := make([]string, len(leg.Raw))
	for i, r := range leg.Raw {
		raw[i] = visible(r)
	}
	d.From, d.To, d.Beside = append(d.From, from), append(d.To, m.node(leg.To)), append(d.Beside, m.otherWords(leg))
	d.Unit, d.Whole = append(d.Unit, m.unit(legUnit(leg))), append(d.Whole, leg.Units.String())
	d.Evidence, d.Raw = append(d.Evidence, m.word(visible(leg.Evidence))), append(d.Raw, raw)
	for i, r := range m.t.Rules {
		d.Traced[i] = append(d.Traced[i], tracedText(h, k, r))
	}
}

// tracedText is what r traces of leg k of h, as rowData has it.
func tracedText(h *tracer.Hop, k int, r tracer.Rule) string {
	t := &h.Traced
	if k+1 < len(h.Legs) {
		if t = h.Given; t == nil {
			return ""
		}
	}
	a, ok := t.Get(r)
	switch {
	case !ok:
		return ""
	case !a.IsZero() && a.Cmp(h.Legs[k].Units) == 0:
		return "="
	}
	return a.String()
}

// drawnColumns says where each hop is drawn under each rule.
func (m *dataMaker) drawnColumns(others []underRule) {
	d := &m.d.Hops
	d.Show, d.In = make([][]string, len(m.t.Rules)), make([][]string, len(m.t.Rules))
	fill := func(u underRule) {
		show, in := u.drawnAs()
		i := slices.Index(m.t.Rules, u.rule)
		if i < 0 {
			return
		}
		for k := range m.t.Hops {
			n := m.t.Hops[k].Number
			d.Show[i], d.In[i] = append(d.Show[i], show[n]), append(d.In[i], in[n])
		}
	}
	fill(underRule{m.rule, m.x.Diagram, m.x.Scene, m.x.Levels})
	for _, u := range others {
		fill(u)
	}
}

func (m *dataMaker) endColumns() {
	d := &m.d.Ends
	d.Basis = make([][]string, len(m.t.Rules))
	for i := range m.t.Endpoints {
		e := &m.t.Endpoints[i]
		u, hop := Unit{e.Chain, e.Asset}, 0
		if k, ok := m.hopAt[e.Hop]; ok {
			hop = m.t.Hops[k].Number
		}
		g, _ := m.found.groundOf(e)
		d.Hop, d.Reason = append(d.Hop, hop), append(d.Reason, m.word(why{e.Reason, e.Chain, g}.words()))
		d.Unit, d.Note = append(d.Unit, m.unit(u)), append(d.Note, m.told(e.Chain, e.Note))
		for k, r := range m.t.Rules {
			words := ""
			if b, ok := e.ByBasis.Get(r); ok {
				words = splitWords(&b, func(a chains.Amount) string { return m.assets.number(u, a) })
			}
			d.Basis[k] = append(d.Basis[k], words)
		}
	}
}

// terms are the sentences for how a movement and its amount are known.
func (m *dataMaker) terms() {
	for _, e := range []chains.Evidence{chains.EvidenceProven, chains.EvidenceAttested, chains.EvidenceImported} {
		m.d.Evidence = append(m.d.Evidence, termData{e.String(), EvidenceSays(e.String(), !hasOutputs(m.t))})
	}
	for b := tracer.Whole; b <= tracer.Adopted; b++ {
		m.d.Bases = append(m.d.Bases, termData{b.String(), "known " + BasisSays(b)})
	}
}
