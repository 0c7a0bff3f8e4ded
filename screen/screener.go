package screen

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clew/chains"
	"clew/heuristics"
)

// Config is the state that a Screener answers from.
type Config struct {
	Policy *Policy
	Labels Labels // nil: none
	// LabelsSHA256 is the hash of everything that Labels' answers rest on, hex.
	LabelsSHA256 string
	Clusters     Clusters // nil: none
	Index        *Index   // nil: no incident is loaded
	Chains       Chains   // nil: nothing was read of any chain, and Heads is empty
	Heads        []Head
	Codec        Codec
	Places       Places // nil: nobody knows what stands at contracts
	// Now is the clock for budgets of time, and for nothing else; nil: time.Now.
	Now func() time.Time
}

// Head is what was read of a chain, told beforehand so that a lookup reads nothing.
type Head struct {
	Chain chains.Chain
	Spans []chains.Span // in order
	Block chains.BlockRef
	// Behind is how many blocks a node was ahead when it was last asked; nil: no node is known.
	Behind *int64
}

// Screener answers from one state, which never changes: whoever syncs, loads an incident or edits a
// label makes another one. It is safe for concurrent use.
type Screener struct {
	cfg       Config
	who       Attributor
	heads     map[chains.Chain]*headState
	pins      Pins // what all verdicts have alike
	incidents []byte
	loaded    map[string]PinIncident
}

// headState is a Head as verdicts say it.
type headState struct {
	Head
	pins     []Pin
	clusters []Pin // as of which clusters answer; nil: there are none
	spans    []CoveredSpan
}

// New checks a state and returns what screens by it.
func New(cfg Config) (*Screener, error) {
	switch {
	case cfg.Policy == nil:
		return nil, errors.New("screen: no policy was given; DefaultPolicy is one")
	case cfg.Codec == nil:
		return nil, errors.New("screen: nobody reads addresses: no codec was given")
	case cfg.Labels != nil && cfg.LabelsSHA256 == "":
		return nil, errors.New("screen: labels without their SHA-256: their verdicts could not be made again")
	case len(cfg.Heads) > 0 && cfg.Chains == nil:
		return nil, errors.New("screen: heads of chains without anybody who reads them")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Index == nil {
		cfg.Index = NewIndex(cfg.Codec)
	}
	s := &Screener{
		cfg: cfg, who: NewAttributor(cfg.Labels, cfg.Clusters, cfg.Places, cfg.Codec),
		heads: map[chains.Chain]*headState{}, loaded: map[string]PinIncident{},
	}
	for _, h := range cfg.Heads {
		if s.heads[h.Chain] != nil {
			return nil, fmt.Errorf("screen: two heads of %s", h.Chain)
		}
		s.heads[h.Chain] = newHead(h, cfg.Clusters)
	}
	if err := s.pin(); err != nil {
		return nil, err
	}
	return s, nil
}

// clustersAsOf is implemented by Clusters that were made as of a block, which then is pinned too.
type clustersAsOf interface {
	AsOf(chain chains.Chain) (chains.BlockRef, bool)
}

func newHead(h Head, clusters Clusters) *headState {
	out := &headState{Head: h, spans: []CoveredSpan{}}
	for _, span := range h.Spans {
		if span.From <= h.Block.Height { // what lies behind the block was not looked at
			out.spans = append(out.spans, CoveredSpan{Chain: h.Chain, From: span.From, To: min(span.To, h.Block.Height)})
		}
	}
	out.pins = []Pin{pinOf(h.Chain, h.Block)}
	out.pins[0].Behind = h.Behind
	if c, ok := clusters.(clustersAsOf); ok {
		if block, made := c.AsOf(h.Chain); made {
			out.clusters = []Pin{pinOf(h.Chain, block)}
		}
	}
	return out
}

func pinOf(chain chains.Chain, b chains.BlockRef) Pin {
	return Pin{Chain: chain, CAIP2: chain.CAIP2(), Height: b.Height, Hash: formatTxID(chain, b.Hash), Time: formatTime(b.Time)}
}

// pin writes down what all verdicts of this state have alike.
func (s *Screener) pin() error {
	list := []PinIncident{}
	for _, in := range s.cfg.Index.Incidents() {
		p := PinIncident{
			ID: in.ID, Trace: in.Trace, SHA256: in.SHA256, Stale: in.Stale, StandsTo: FormatStands(in.Stands), Title: in.Title, Docket: in.Docket, Synthetic: in.Synthetic,
			File: in.File, Taken: in.Taken, FirstLogged: in.Logged,
		}
		s.loaded[in.ID] = p
		list = append(list, p)
	}
	data, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("screen: write the list of incidents: %w", err)
	}
	s.incidents = data
	sum := sha256.Sum256(data)
	s.pins = Pins{
		Engine: EngineVersion, Policy: s.cfg.Policy.SHA256, PolicyID: s.cfg.Policy.ID, Labels: s.cfg.LabelsSHA256,
		Heuristics: heuristics.SHA256(), Categories: CategoriesSHA256(),
		IncidentSet: hex.EncodeToString(sum[:]), Incidents: []PinIncident{}, Blocks: []Pin{},
	}
	return nil
}

// Policy returns the policy by which s decides.
func (s *Screener) Policy() *Policy { return s.cfg.Policy }

// Codec returns what reads and writes addresses.
func (s *Screener) Codec() Codec { return s.cfg.Codec }

// Index returns the incidents that s screens against.
func (s *Screener) Index() *Index { return s.cfg.Index }

// Heads returns what was read of each chain, in the order in which they were given.
func (s *Screener) Heads() []Head { return s.cfg.Heads }

// IncidentSet returns the list of all incidents that s screens against, as a JSON list of PinIncident
// in order of ids, and its SHA-256, which its verdicts pin. Whoever keeps verdicts keeps it too.
func (s *Screener) IncidentSet() (sha256 string, list []byte) {
	return s.pins.IncidentSet, s.incidents
}

// Request asks for a verdict.
type Request struct {
	Subject Subject
	// Budget bounds the walk; nil: as the policy says.
	Budget *Budget
	// Deep takes the policy's deep budget where Budget is nil, and reads the store also where an
	// incident or a label answers already.
	Deep bool
}

// ErrMoved: the store does not have the block any more that this Screener was made for. The state has
// changed: make another Screener of it and ask that one.
var ErrMoved = errors.New("the chain was reorganised since this state was read")

// Screen answers a request. The error is an ErrSubject, an ErrMoved, or that of ctx; where reading fails
// otherwise there is a verdict, whose Outcome is Failed.
func (s *Screener) Screen(ctx context.Context, r Request) (*Verdict, error) {
	return s.screen(ctx, r, nil)
}

// screen answers a request, or repeats a verdict.
func (s *Screener) screen(ctx context.Context, r Request, again *Verdict) (*Verdict, error) {
	subject, keys, err := r.Subject.resolve(s.cfg.Codec)
	if err != nil {
		return nil, err
	}
	w := &work{s: s, subjectKeys: keys, subject: subject, head: s.heads[subject.Chain], deep: r.Deep, budget: s.budget(&r, again), again: again}
	if err := w.run(ctx); err != nil {
		return nil, fmt.Errorf("screen %s: %w", subject, err)
	}
	if _, err := w.v.JSON(); err != nil {
		return nil, err
	}
	return &w.v, nil
}

// budget is that of a request; of a verdict that is repeated the one that it pins.
func (s *Screener) budget(r *Request, again *Verdict) Budget {
	b := s.cfg.Policy.Budget
	switch {
	case again != nil:
		return again.Pins.Budget
	case r.Budget != nil:
		b = *r.Budget
	case r.Deep:
		b = s.cfg.Policy.Deep
	}
	return b.Within(MaxBudget())
}

// formatTime writes Unix seconds as all times are written.
func formatTime(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
