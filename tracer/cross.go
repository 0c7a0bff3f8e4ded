package tracer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// departure is traced value that leaves a pot for another place, on another chain or this one:
// over a bridge by the protocol's key, or as the analyst adopts it.
type departure struct {
	bundle // as it left
	kind   HopKind
	link   *Link
	basis  Basis
	leg    Leg // on this side
	given  Traced
	inputs []string
	hops   int
	found  []string // findings
	// Where it arrives:
	chain    chains.Chain
	tx       chains.TxID
	account  chains.Address
	asset    chains.Asset // "": whatever arrives there
	adopt    int          // the incident's line that adopts it; −1 for a bridge
	there    *chains.Tx   // the transaction, for a bridge
	move     *chains.Move // and the movement in it
	decimals int          // of the asset that left; −1 where nobody says
	arrived  bool
}

// crossing finds where value goes that leaves a chain, for all chains of a trace.
type crossing struct {
	inc   *Incident
	codec Codec
	open  Opener // nil where the trace stays on one chain
	found map[string]*joined
	seen  map[chains.Chain]*lookout
	used  []bool // by adopted line
}

// lookout is a source in which the other sides of bridges are looked for.
type lookout struct {
	src   Source
	since int64
	why   string // why there is none
}

// joined is the other side of a bridge, or why there is none.
type joined struct {
	event *chains.Event
	tx    *chains.Tx
	move  *chains.Move
	why   string
	// pending: both chains were read, and what left has not arrived yet.
	pending bool
	split   bool // it arrived in several movements
}

func newCrossing(inc *Incident, codec Codec, open Opener) *crossing {
	return &crossing{
		inc: inc, codec: codec, open: open, found: map[string]*joined{}, seen: map[chains.Chain]*lookout{},
		used: make([]bool, len(inc.Adopt)),
	}
}

// close closes every source that was opened to look for the other sides.
func (c *crossing) close() error {
	var err error
	for _, l := range c.seen {
		err = errors.Join(err, closeSource(l.src))
	}
	return err
}

func closeSource(src Source) error {
	if closer, ok := src.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// clockSkew is how much earlier, in seconds, the block of an arrival may seem than that of its
// departure: two chains have two clocks.
const clockSkew = 60

// lookout returns a source of a chain that reads from a time on.
func (c *crossing) lookout(ctx context.Context, chain chains.Chain, since int64) (*lookout, error) {
	l := c.seen[chain]
	if l != nil && (l.why != "" || l.since <= since) {
		return l, nil
	}
	if l != nil {
		if err := closeSource(l.src); err != nil {
			return nil, err
		}
	}
	l = &lookout{since: since}
	c.seen[chain] = l
	if c.open == nil {
		l.why = "this trace was run on one chain"
		return l, nil
	}
	src, err := c.open.Open(ctx, chain, -1, since)
	switch {
	case errors.Is(err, chains.ErrUnsupported):
		l.why = fmt.Sprintf("nothing of %s was given to read", chain)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", chain, err)
	default:
		l.src = src
	}
	return l, nil
}

// join returns the other side of a bridge's event, or why it was not found.
func (c *crossing) join(ctx context.Context, chain chains.Chain, tx *chains.Tx, out *chains.Event) (*joined, error) {
	key := fmt.Sprintf("%s %s %d", chain, tx.ID, out.Index)
	if j := c.found[key]; j != nil {
		return j, nil
	}
	j, err := c.look(ctx, tx, out)
	if err != nil {
		return nil, fmt.Errorf("other side of %s %s: %w", out.Protocol, out.Key, err)
	}
	c.found[key] = j
	return j, nil
}

func (c *crossing) look(ctx context.Context, tx *chains.Tx, out *chains.Event) (*joined, error) {
	said := fmt.Sprintf("%s, %s, key %s", out.Protocol, out.Name, out.Key)
	switch {
	case out.Peer == "":
		return &joined{why: said + ": the event does not say to which chain"}, nil
	case out.Peer.Info().Family != chains.FamilyEVM:
		return &joined{why: fmt.Sprintf("%s: to %s, which is not followed over bridges", said, out.Peer)}, nil
	}
	since := tx.Block.Time - clockSkew
	l, err := c.lookout(ctx, out.Peer, since)
	if err != nil {
		return nil, err
	}
	finder, ok := l.src.(EventFinder)
	if !ok {
		why := l.why
		if why == "" {
			why = fmt.Sprintf("what reads %s cannot look for events", out.Peer)
		}
		return &joined{why: fmt.Sprintf("%s: to %s: %s", said, out.Peer, why)}, nil
	}
	txs, err := finder.FindEvents(ctx, chains.EventQuery{
		Kind: chains.EventBridgeIn, Protocol: out.Protocol, Key: out.Key, Since: since, Like: out, Named: c.inc.bridges(out.Peer),
	})
	if errors.Is(err, chains.ErrUnsupported) {
		return &joined{why: fmt.Sprintf("%s: to %s: its other side cannot be looked for there: %v", said, out.Peer, err)}, nil
	}
	if err != nil {
		return nil, err
	}
	// What lies before it cannot be its other side, whatever it says.
	txs = slices.DeleteFunc(slices.Clone(txs), func(tx *chains.Tx) bool { return tx.Block.Time < since })
	return c.pick(out, txs, said), nil
}

// pick takes the one transaction whose event agrees with out in every field.
func (c *crossing) pick(out *chains.Event, txs []*chains.Tx, said string) *joined {
	var met []*joined
	var refused error
	for _, tx := range txs {
		for i := range tx.Exec.Events {
			in := &tx.Exec.Events[i]
			if in.Kind != chains.EventBridgeIn || in.Protocol != out.Protocol || !c.inc.trusts(out.Peer, in) {
				continue
			}
			if err := heuristics.JoinBridge(out, in); err != nil {
				refused = err
				continue
			}
			j := &joined{event: in, tx: tx}
			j.move, j.split = arriving(tx.Exec, out, in)
			met = append(met, j)
		}
	}
	switch {
	case len(met) > 1:
		return &joined{why: fmt.Sprintf("%s: %d events on %s agree with it", said, len(met), out.Peer)}
	case len(met) == 1 && met[0].split:
		return &joined{why: fmt.Sprintf("%s: it arrived in several movements in %s on %s", said, met[0].tx.ID, out.Peer)}
	case len(met) == 1 && met[0].move == nil:
		return &joined{why: fmt.Sprintf("%s: %s on %s shows no movement to who receives", said, met[0].tx.ID, out.Peer)}
	case len(met) == 1:
		return met[0]
	case refused != nil:
		return &joined{why: fmt.Sprintf("%s: what was found on %s does not agree: %v", said, out.Peer, refused)}
	}
	return &joined{pending: true, why: fmt.Sprintf("%s: nothing on %s has this key up to the last block read", said, out.Peer)}
}

// arriving returns the movement by which value arrives, as the two sides tell it; nil where there
// is none. split: the event tells of more than it, and more of its asset came in other movements.
func arriving(e *chains.Execution, out, in *chains.Event) (best *chains.Move, split bool) {
	to := heuristics.BridgeReceiver(out, in)
	score, alike := 0, map[chains.Asset]int{}
	for i := range e.Moves {
		m := &e.Moves[i]
		if m.To == "" || m.To != to || m.From == m.To {
			continue
		}
		alike[m.Asset]++
		n := 1
		if m.Asset == in.Asset {
			n += 2
		}
		if m.Amount == in.Amount {
			n++
		}
		if n > score {
			best, score = m, n
		}
	}
	return best, best != nil && best.Amount.Less(in.Amount) && alike[best.Asset] > 1
}

// trusts reports whether an event comes from the protocol's registered contracts, or from such as
// the incident names as bridges.
func (inc *Incident) trusts(chain chains.Chain, e *chains.Event) bool {
	if e.Registered {
		return true
	}
	return !slices.ContainsFunc(append([]chains.Address{e.Emitter}, e.Others...), func(a chains.Address) bool {
		known := inc.known(chain, a)
		return known == nil || known.Kind != string(NodeBridge) || known.Protocol != "" && known.Protocol != e.Protocol
	})
}

// bridges returns the contracts of a chain that the incident names as bridges.
func (inc *Incident) bridges(chain chains.Chain) []chains.Address {
	var out []chains.Address
	for i := range inc.Known {
		if k := &inc.Known[i]; k.Chain == chain && k.Kind == string(NodeBridge) {
			out = append(out, k.Address)
		}
	}
	return out
}

func (s *balances) trusts(e *chains.Event) bool { return s.inc.trusts(s.chain, e) }

// deposited writes the finding of a deposit to a pool of a mixer.
func (s *balances) deposited(t *passage, st *heuristics.Step) {
	for i := range t.tx.Exec.Events {
		e := &t.tx.Exec.Events[i]
		if e.Kind != chains.EventMixerIn || e.Emitter != st.To {
			continue
		}
		if !slices.ContainsFunc(s.deposits, func(d *mixed) bool { return d.tx.ID == t.tx.ID && d.event.Index == e.Index }) {
			s.deposits = append(s.deposits, &mixed{tx: t.tx, event: e, node: s.node(e.Emitter, NodeMixer)})
		}
		pool := s.out.codec.FormatAddress(s.chain, e.Emitter)
		says := fmt.Sprintf("a deposit of %s units of %s to the pool %s of %s", st.Units, st.Asset, pool, e.Protocol)
		if name := e.Field("pool"); name != "" {
			says += " (" + name + ")"
		}
		if index := e.Field("leafIndex"); index != "" {
			says += fmt.Sprintf("; %s deposits were made to it before; later ones, up to the withdrawal, belong to its anonymity set too", index)
		}
		finding := Finding{
			ID:        id("finding", "tornado-deposit", string(s.chain), t.txidText(), fmt.Sprint(e.Index)),
			Heuristic: "tornado-deposit", Version: "1", TxID: t.txidText(), Addresses: []string{pool}, Says: says,
		}
		if !s.out.found(finding.ID) {
			s.find(t, finding)
			return
		}
	}
}
