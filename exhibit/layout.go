package exhibit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-graphviz"

	"clew/exhibit/scene"
	"clew/exhibit/wasmcache"
)

var _ = wasmcache.Leave() // the module imported above has started

// layoutRequest asks where boxes of fixed size should stand, and how lines run between
// them, at most one line from one to another. Lines start in the middle of
// a right edge and end in the middle of a left one, unless told otherwise.
type layoutRequest struct {
	nodes []layoutNode
	edges []layoutEdge
	// quick spends less on fewer crossings and shorter lines, and leads lines by columns
	// (route.go) instead of searching for curves.
	quick bool
	// together are boxes of one column each that are to stand beside each other, with room for a frame.
	together []hull
}

type layoutNode struct {
	name  string
	w, h  int  // pixels
	first bool // stands in the first column
	last  bool // stands in the last column
}

type layoutEdge struct {
	from, to string
	// Where it starts and ends: ":s" is the middle of the lower edge; "" the right edge of
	// from, the left edge of to.
	fromPort, toPort string
	weight           int // how much it matters that the line is straight and short
}

// turned asks for the same from top to bottom: what lies on its side is laid out from left to
// right, and the answer turned back.
func (r layoutRequest) turned() layoutRequest {
	nodes := make([]layoutNode, len(r.nodes))
	for i, n := range r.nodes {
		nodes[i] = n
		nodes[i].w, nodes[i].h = n.h, n.w
	}
	r.nodes = nodes
	return r
}

// turned mirrors p in the diagonal: right becomes down, and down right.
func (p *placement) turned() *placement {
	q := &placement{w: p.h, h: p.w, center: map[string]scene.Point{}}
	for name, at := range p.center {
		q.center[name] = scene.Point{X: at.Y, Y: at.X}
	}
	for _, line := range p.lines {
		turned := make([]scene.Point, len(line))
		for i, at := range line {
			turned[i] = scene.Point{X: at.Y, Y: at.X}
		}
		q.lines = append(q.lines, turned)
	}
	return q
}

// placement answers a layoutRequest.
type placement struct {
	w, h   int
	center map[string]scene.Point
	lines  [][]scene.Point // by edge: a start and cubic Bézier segments of three points each
}

// graphvizMutex guards the one instance of Graphviz that the module keeps for the whole
// program.
var graphvizMutex sync.Mutex

// engine asks Graphviz' dot, one request after another. It computes in WebAssembly, whose
// floating point is the same on every processor; coordinates are rounded to whole pixels.
// Its user alone has Graphviz until it closes the engine.
type engine struct {
	g *graphviz.Graphviz
	// placed keeps answers by request: the links of a long chain all look alike.
	placed map[string]*placement
}

func openEngine(ctx context.Context) (*engine, error) {
	graphvizMutex.Lock()
	g, err := graphviz.New(context.WithoutCancel(ctx))
	if err != nil {
		graphvizMutex.Unlock()
		return nil, fmt.Errorf("start the layout engine: %w", err)
	}
	return &engine{g: g, placed: map[string]*placement{}}, nil
}

func (e *engine) close() error {
	defer graphvizMutex.Unlock()
	return e.g.Close()
}

// layout answers r. Callers must not change the answer.
func (e *engine) layout(ctx context.Context, r layoutRequest) (*placement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	source := r.dot()
	if p := e.placed[string(source)]; p != nil {
		return p, nil
	}
	out, err := e.dot(context.WithoutCancel(ctx), source)
	if err != nil {
		return nil, fmt.Errorf("layout of %d boxes and %d lines by dot: %w", len(r.nodes), len(r.edges), err)
	}
	p, err := r.read(out)
	if err != nil {
		return nil, err
	}
	if r.quick && !r.route(p) {
		r.quick = false
		if p, err = e.layout(ctx, r); err != nil {
			return nil, err
		}
	}
	e.placed[string(source)] = p
	return p, nil
}

func (e *engine) dot(ctx context.Context, source []byte) (_ []byte, err error) {
	graph, err := graphviz.ParseBytes(source)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := graph.Close(); err == nil {
			err = closed
		}
	}()
	var b bytes.Buffer
	if err := e.g.Render(ctx, graph, "json0", &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// dot writes the request in Graphviz' language; one pixel is one point there.
func (r *layoutRequest) dot() []byte {
	var b bytes.Buffer
	b.WriteString("digraph {\nrankdir=LR; nodesep=0.22; ranksep=0.33;\n")
	if r.quick {
		b.WriteString("nslimit=2; nslimit1=2; splines=none;\n")
	}
	b.WriteString("node [shape=box, fixedsize=true, label=\"\\N\"];\n")
	for _, n := range r.nodes {
		fmt.Fprintf(&b, "%s [width=%s, height=%s];\n", n.name, inches(n.w), inches(n.h))
	}
	for i, h := range r.together {
		fmt.Fprintf(&b, "subgraph cluster_%d { margin=%d;", i, hullTitle)
		for _, m := range h.members {
			fmt.Fprintf(&b, " b%d;", m)
		}
		b.WriteString(" }\n")
	}
	r.rank(&b, "min", func(n layoutNode) bool { return n.first })
	r.rank(&b, "max", func(n layoutNode) bool { return n.last })
	for _, e := range r.edges {
		from, to := e.fromPort, e.toPort
		if from == "" {
			from = ":e"
		}
		if to == "" {
			to = ":w"
		}
		fmt.Fprintf(&b, "%s%s -> %s%s [weight=%d, arrowhead=none];\n", e.from, from, e.to, to, e.weight)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// rank puts the chosen boxes into the first or the last column.
func (r *layoutRequest) rank(b *bytes.Buffer, which string, in func(layoutNode) bool) {
	var names strings.Builder
	for _, n := range r.nodes {
		if in(n) {
			names.WriteString(" " + n.name + ";")
		}
	}
	if names.Len() > 0 {
		fmt.Fprintf(b, "{rank=%s;%s}\n", which, names.String())
	}
}

// inches writes px/72 with six decimals, without floating point.
func inches(px int) string {
	millionths := (px*1_000_000 + 36) / 72
	return fmt.Sprintf("%d.%06d", millionths/1_000_000, millionths%1_000_000)
}

// read takes places and lines out of Graphviz' JSON.
func (r *layoutRequest) read(out []byte) (*placement, error) {
	var doc struct {
		BB      string `json:"bb"`
		Objects []struct {
			ID   int    `json:"_gvid"`
			Name string `json:"name"`
			Pos  string `json:"pos"`
		} `json:"objects"`
		Edges []struct {
			Tail int    `json:"tail"`
			Head int    `json:"head"`
			Pos  string `json:"pos"`
		} `json:"edges"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, fmt.Errorf("answer of dot: %w", err)
	}
	bb, err := coordinates(strings.ReplaceAll(doc.BB, ",", " "))
	if err != nil || len(bb) != 4 {
		return nil, fmt.Errorf("answer of dot: bounding box %q", doc.BB)
	}
	p := &placement{w: bb[2], h: bb[3], center: map[string]scene.Point{}}
	name := map[int]string{}
	for _, o := range doc.Objects {
		name[o.ID] = o.Name
		if o.Pos == "" {
			continue // the subgraph of the first column
		}
		at, err := points(o.Pos, p.h)
		if err != nil {
			return nil, fmt.Errorf("answer of dot: place of %s: %w", o.Name, err)
		}
		p.center[o.Name] = at[0]
	}
	if len(p.center) != len(r.nodes) || len(doc.Edges) != len(r.edges) {
		return nil, fmt.Errorf("answer of dot: %d places and %d lines for %d boxes and %d lines", len(p.center), len(doc.Edges), len(r.nodes), len(r.edges))
	}
	if r.quick {
		return p, nil
	}
	lines := map[[2]string][]scene.Point{}
	for _, e := range doc.Edges {
		at, err := points(e.Pos, p.h)
		if err != nil || len(at) < 4 || len(at)%3 != 1 {
			return nil, fmt.Errorf("answer of dot: line from %s to %s: %q", name[e.Tail], name[e.Head], e.Pos)
		}
		lines[[2]string{name[e.Tail], name[e.Head]}] = at
	}
	for _, e := range r.edges {
		at := lines[[2]string{e.from, e.to}]
		if at == nil {
			return nil, fmt.Errorf("answer of dot: no line from %s to %s", e.from, e.to)
		}
		p.lines = append(p.lines, at)
	}
	r.smooth(p)
	return p, nil
}

// points reads "x,y x,y …", turns y downward and rounds.
func points(text string, height int) ([]scene.Point, error) {
	var ps []scene.Point
	for _, pair := range strings.Fields(text) {
		xy, err := coordinates(strings.ReplaceAll(pair, ",", " "))
		if err != nil || len(xy) != 2 {
			return nil, fmt.Errorf("point %q", pair)
		}
		ps = append(ps, scene.Point{X: xy[0], Y: height - xy[1]})
	}
	if len(ps) == 0 {
		return nil, fmt.Errorf("no points in %q", text)
	}
	return ps, nil
}

func coordinates(text string) ([]int, error) {
	var out []int
	for _, word := range strings.Fields(text) {
		v, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, err
		}
		out = append(out, int(v+1e6+0.5)-1e6)
	}
	return out, nil
}
