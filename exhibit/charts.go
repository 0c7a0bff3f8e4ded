package exhibit

import (
	"fmt"
	"io"
	"strings"
	"time"

	"clew/chains"
	"clew/exhibit/chart"
	"clew/exhibit/scene"
	"clew/tracer"
)

// mostBands is how many assets a timeline shows.
const mostBands = 6

// Timeline draws when value came, moved and ended under the drawn rule: a band an asset.
func (x *Exhibit) Timeline() (*scene.Scene, error) {
	c := newCharter(x)
	t := &chart.Timeline{Frame: c.frame("Timeline of funds alleged to be stolen: ")}
	if err := c.bands(t); err != nil {
		return nil, fmt.Errorf("timeline of %s: %w", x.Trace.Incident.ID, err)
	}
	t.Head = append(t.Head, c.firstAndLast()...)
	t.Notes = append([]string{"A bar adds up what was traced in one step of time; “moved” counts the same value again at each hop. Bars of one asset share a scale, those of two do not. Dashed lines: the first and the last movement or receipt, by the times of blocks, which their makers state.",
		"Black: alleged stolen. Grey: moved. White: where value ends; pale: where only a heuristic says that it ends so."}, t.Notes...)
	return t.Draw()
}

// charter turns a trace into the data of charts.
type charter struct {
	*register
	x   *Exhibit
	sum *Summary
}

func newCharter(x *Exhibit) *charter {
	return &charter{newRegister(x.Trace, x.Diagram.Rule), x, Summarize(x.Trace)}
}

// frame is what stands round both charts.
func (c *charter) frame(what string) chart.Frame {
	t := c.t
	f := chart.Frame{Title: what + title(t), Head: []string{"Amounts: " + strings.TrimSuffix(ruleLine(t, c.rule), " “a of b”: a is traced of a movement of b.")}, Description: c.sum.Opening(),
		Notes: []string{textAlleged + " " + textInnocent + " " + c.sum.RoundLine(), c.sum.ScopeLine(), "Trace SHA-256 " + c.x.SHA256}}
	if t.Incident.Synthetic {
		f.Replica = textReplica
	}
	return f
}

// title is that of the incident, or its id.
func title(t *tracer.Trace) string {
	if name := visible(t.Incident.Title); name != "" {
		return name
	}
	return visible(t.Incident.ID)
}

// seconds reads a time of the trace.
func seconds(what, at string) (int64, error) {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return 0, fmt.Errorf("time of %s: %w", what, err)
	}
	return t.Unix(), nil
}

// written writes amounts of u.
func (c *charter) written(u Unit) func(chains.Amount) string {
	return func(a chains.Amount) string { return c.assets.brief(u, a) }
}

func (c *charter) bands(t *chart.Timeline) error {
	units := c.sum.units
	if len(units) > mostBands {
		t.Notes = append(t.Notes, count(len(units)-mostBands, "further asset")+": see schedules A and C.")
		units = units[:mostBands]
	}
	for _, u := range units {
		b, err := c.band(u)
		if err != nil {
			return err
		}
		if len(b.Rows) > 0 {
			t.Bands = append(t.Bands, b)
		}
	}
	return c.spans(t)
}

// amountOf is what an event adds: of a valuation, which has no sum, one movement.
func amountOf(u Unit, a chains.Amount) chains.Amount {
	if u.Asset.IsValuation() && !a.IsZero() {
		return chains.Units(1)
	}
	return a
}

func (c *charter) band(u Unit) (chart.Band, error) {
	b := chart.Band{Name: c.assets.onChain(u), Write: c.written(u)}
	if u.Asset.IsValuation() {
		b.Write = func(n chains.Amount) string { return n.String() + " in contact" }
	}
	seeds, moved := chart.Row{Name: "alleged stolen", Look: chart.Seeded}, chart.Row{Name: "moved", Look: chart.Moved}
	for i := range c.t.Seeds {
		if s := &c.t.Seeds[i]; (Unit{s.Chain, s.Asset}) == u {
			at, err := seconds("seed "+s.ID, s.Time)
			if err != nil {
				return b, err
			}
			seeds.Events = append(seeds.Events, chart.Event{At: at, Amount: amountOf(u, s.Units)})
		}
	}
	for i := range c.t.Hops {
		if err := c.moved(u, &c.t.Hops[i], &moved); err != nil {
			return b, err
		}
	}
	if n := len(seeds.Events); n > 0 {
		seeds.Note = c.assets.brief(u, c.sum.Stolen.of(u))
		if u.Asset.IsValuation() {
			seeds.Note = count(n, "receipt")
		}
		b.Rows = append(b.Rows, seeds)
	}
	if n := len(moved.Events); n > 0 {
		moved.Note = "in " + count(n, "movement")
		b.Rows = append(b.Rows, moved)
	}
	ends, err := c.ended(u)
	b.Rows = append(b.Rows, ends...)
	return b, err
}

// moved adds what h moves of u: fees apart, which are many and small.
func (c *charter) moved(u Unit, h *tracer.Hop, row *chart.Row) error {
	add := func(leg *tracer.Leg, a chains.Amount) error {
		if legUnit(leg) != u || a.IsZero() {
			return nil
		}
		at, err := seconds(fmt.Sprintf("hop %d", h.Number), leg.Time)
		row.Events = append(row.Events, chart.Event{At: at, Amount: amountOf(u, a), Hop: h.Number})
		return err
	}
	if h.Kind == tracer.HopFee {
		return nil
	}
	if len(h.Legs) > 1 && h.Given != nil {
		if err := add(&h.Legs[0], tracedUnder(h.Given, c.rule)); err != nil {
			return err
		}
	}
	return add(&h.Legs[len(h.Legs)-1], tracedUnder(&h.Traced, c.rule))
}

// ended is a row for each way in which value of u ends, fees apart.
func (c *charter) ended(u Unit) ([]chart.Row, error) {
	var rows []chart.Row
	at := map[why]int{}
	for i := range c.sum.Endings {
		e := &c.sum.Endings[i]
		total := tracedUnder(&e.Traced, c.rule)
		if e.unit() != u || e.Reason == tracer.ReasonFee || total.IsZero() {
			continue
		}
		row := chart.Row{Name: "ends: " + e.why().words(), Look: chart.Ended, Note: c.assets.brief(u, total) + ", " + count(e.Drawn, "endpoint")}
		if u.Asset.IsValuation() {
			row.Note = count(e.Poisoned, "endpoint")
		}
		if e.ground == groundMix || e.ground == groundDeposit {
			row.Look = chart.Weak
		}
		at[e.why()] = len(rows)
		rows = append(rows, row)
	}
	last := c.lastArrivals()
	for i := range c.t.Endpoints {
		e := &c.t.Endpoints[i]
		g, _ := c.found.groundOf(e)
		k, ok := at[why{e.Reason, e.Chain, g}]
		a := tracedUnder(&e.Traced, c.rule)
		if !ok || (Unit{e.Chain, e.Asset}) != u || a.IsZero() {
			continue
		}
		when, hop := last[arrival{e.Node, u}], 0
		if n, ok := c.hopAt[e.Hop]; ok {
			h := &c.t.Hops[n]
			when, hop = h.Legs[len(h.Legs)-1].Time, h.Number
		}
		if when == "" { // adopted or opened without a movement of the trace
			continue
		}
		s, err := seconds(fmt.Sprintf("endpoint %d", i+1), when)
		if err != nil {
			return nil, err
		}
		rows[k].Events = append(rows[k].Events, chart.Event{At: s, Amount: amountOf(u, a), Hop: hop})
	}
	return rows, nil
}

type arrival struct {
	node string
	unit Unit
}

// lastArrivals is when traced value last came to each place.
func (c *charter) lastArrivals() map[arrival]string {
	last := map[arrival]string{}
	for i := range c.t.Seeds {
		s := &c.t.Seeds[i]
		at := arrival{s.Node, Unit{s.Chain, s.Asset}}
		last[at] = max(last[at], s.Time)
	}
	for i := range c.t.Hops {
		h := &c.t.Hops[i]
		if leg := &h.Legs[len(h.Legs)-1]; carries(h, c.rule) {
			at := arrival{leg.To, legUnit(leg)}
			last[at] = max(last[at], leg.Time)
		}
	}
	return last
}

// eachTime calls see for the seeds and for every leg of the hops that the drawn rule draws; hop is 0 for
// a seed.
func (c *charter) eachTime(see func(chain chains.Chain, height int64, at string, hop int)) {
	for i := range c.t.Seeds {
		s := &c.t.Seeds[i]
		see(s.Chain, s.Height, s.Time, 0)
	}
	for i := range c.t.Hops {
		if h := &c.t.Hops[i]; carries(h, c.rule) {
			for k := range h.Legs {
				see(h.Legs[k].Chain, h.Legs[k].Height, h.Legs[k].Time, h.Number)
			}
		}
	}
}

// spans are the blocks of each chain in which value moved.
func (c *charter) spans(t *chart.Timeline) error {
	type stretch struct {
		first, last int64
		from, to    string
	}
	at := map[chains.Chain]*stretch{}
	c.eachTime(func(chain chains.Chain, height int64, when string, _ int) {
		s := at[chain]
		if s == nil {
			s = &stretch{height, height, when, when}
			at[chain] = s
		}
		s.first, s.last, s.from, s.to = min(s.first, height), max(s.last, height), min(s.from, when), max(s.to, when)
	})
	for _, chain := range chainsOf(c.t) {
		s := at[chain]
		if s == nil || s.last == 0 { // files of others name no blocks
			continue
		}
		from, err := seconds("the first movement", s.from)
		if err != nil {
			return err
		}
		to, err := seconds("the last movement", s.to)
		if err != nil {
			return err
		}
		t.Spans = append(t.Spans, chart.Span{Name: "blocks of " + visible(string(chain)), From: from, To: to,
			First: groupThousands(fmt.Sprint(s.first)), Last: groupThousands(fmt.Sprint(s.last))})
	}
	return nil
}

// firstAndLast says when the first and the last movement were, and where they stand.
func (c *charter) firstAndLast() []string {
	var words [2]string
	var times [2]string
	c.eachTime(func(chain chains.Chain, height int64, when string, hop int) {
		if hop == 0 {
			return
		}
		text := fmt.Sprintf("%s UTC (hop %d, block %s of %s)", clock(when), hop, groupThousands(fmt.Sprint(height)), visible(string(chain)))
		if times[0] == "" || when < times[0] {
			times[0], words[0] = when, text
		}
		if when >= times[1] {
			times[1], words[1] = when, text
		}
	})
	if times[0] == "" {
		return []string{"Nothing moved under this rule."}
	}
	return []string{"First movement of traced value " + words[0] + "; last " + words[1] + "."}
}

// drawing writes a chart as SVG.
func drawing(chart func() (*scene.Scene, error)) func(io.Writer) error {
	return func(w io.Writer) error {
		s, err := chart()
		if err != nil {
			return err
		}
		return s.SVG(w)
	}
}
