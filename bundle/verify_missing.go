package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/ingest"
	"clew/tracer"
)

// whole looks for what was left out. A recording holds what somebody says was touched: a spend that is
// missing in it, with all behind it, leaves a trace that fits its recording. It shows only where the
// trace is run once more over every block of a node of the caller's. Where that was not done for
// a chain, the verification is not complete, and says so.
func (v *verifier) whole(ctx context.Context) error {
	if v.trace == nil {
		return nil
	}
	searched, err := v.overNodes(ctx)
	if err != nil {
		return err
	}
	v.looked = len(v.order) > 0 && len(searched) == len(v.order)
	for _, chain := range v.order {
		c := v.chains[chain]
		said := fmt.Sprintf("that nothing else moved on %s up to block %d, and what was unspent or held there", chain, c.r.Manifest.AsOf.Height)
		if slices.Contains(searched, chain) {
			v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("%s: as every block of your node says (%s)", said, c.node)})
			continue
		}
		v.out.Attested = append(v.out.Attested, Said{What: fmt.Sprintf("%s: the word of whoever recorded (%s)", said, c.r.Manifest.Coverage)})
		v.lack("nobody looked on %s whether a movement was left out%s", chain, c.unasked)
	}
	return nil
}

// overNodes runs the trace again over the nodes that have the headers of the bundle, and compares it.
// It returns the chains of which a node's every block was read.
func (v *verifier) overNodes(ctx context.Context) ([]chains.Chain, error) {
	var own, searched []chains.Chain
	for _, chain := range v.order {
		c := v.chains[chain]
		if c.node == "" {
			continue
		}
		own = append(own, chain)
		if c.extract {
			c.unasked = fmt.Sprintf(": %s is a recording too, which holds what somebody kept", c.node)
		} else {
			searched = append(searched, chain)
		}
	}
	if len(own) == 0 || v.opt.RetraceOn == nil {
		return nil, nil
	}
	text, err := v.opt.RetraceOn(ctx, v.b, own)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, chains.ErrUnreachable), errors.Is(err, chains.ErrUnauthorized), errors.Is(err, chains.ErrRateLimited):
		return nil, err
	case err != nil:
		v.unasked(own, fmt.Sprintf(": the trace cannot be run again there: %v", err))
		return nil, nil
	}
	return searched, v.compareOver(text, own, &searched)
}

// unasked says of chains why their nodes did not tell what is missing.
func (v *verifier) unasked(list []chains.Chain, why string) {
	for _, chain := range list {
		v.chains[chain].unasked = why
	}
}

// compareOver compares the trace with text, which was made over nodes. A node that reads less than the
// recording holds, which shows in gaps of its own and in no movement more, contradicts nothing: searched
// is empty then.
func (v *verifier) compareOver(text []byte, own []chains.Chain, searched *[]chains.Chain) error {
	same := bytes.Equal(text, v.text)
	for _, chain := range own {
		c := v.chains[chain]
		a := Asked{Chain: chain, Node: c.node, What: fmt.Sprintf("the whole trace, run again over its blocks up to %d", c.r.Manifest.AsOf.Height), Asked: 1}
		if same {
			a.Agrees = 1
		}
		v.out.Asked = append(v.out.Asked, a)
	}
	if same {
		return nil
	}
	over := &tracer.Trace{}
	if err := json.Unmarshal(text, over); err != nil {
		return fmt.Errorf("the trace over nodes: %w", err)
	}
	if g := v.readsLess(over); g != nil {
		v.unasked(own, fmt.Sprintf(": the node reads less than was recorded (%s: %s), and the trace over it differs", g.What, g.Why))
		*searched = nil
		return nil
	}
	if more, first := v.more(over); more > 0 {
		v.problem(TraceFile, "run again over your node it has %s more, which the bundle leaves out: the first in transaction %s of block %d on %s", counted(more, "hop"), first.TxID, first.Height, first.Chain)
	}
	words, err := v.opt.Differences(v.text, text)
	if err != nil {
		return fmt.Errorf("the trace over nodes: %w", err)
	}
	if len(words) == 0 {
		v.problem(TraceFile, "run again over your node it has other bytes (SHA-256 %s)", hashOf(text))
		return nil
	}
	for _, w := range words[:min(maxDifferences, len(words))] {
		v.problem(TraceFile, "run again over your node it says otherwise: %s", w)
	}
	if more := len(words) - maxDifferences; more > 0 {
		v.problem(TraceFile, "run again over your node it differs in %d more places", more)
	}
	return nil
}

// more returns how many hops a trace over nodes has that the bundle's has not, and where the first is.
func (v *verifier) more(over *tracer.Trace) (n int, first *tracer.Leg) {
	known := map[string]bool{}
	for i := range v.trace.Hops {
		known[v.trace.Hops[i].ID] = true
	}
	for i := range over.Hops {
		if h := &over.Hops[i]; !known[h.ID] && len(h.Legs) > 0 {
			if n++; first == nil {
				first = &h.Legs[0]
			}
		}
	}
	return n, first
}

// readsLess returns a gap that a trace over nodes has and the bundle's has not; nil where there is none,
// or where that trace has a movement more: then something was left out of the bundle.
func (v *verifier) readsLess(over *tracer.Trace) *tracer.Gap {
	if more, _ := v.more(over); more > 0 {
		return nil
	}
	known := map[string]bool{}
	of := func(g *tracer.Gap) string { return fmt.Sprint(g.Chain, "\x00", g.What, "\x00", g.Why) }
	for i := range v.trace.Gaps {
		known[of(&v.trace.Gaps[i])] = true
	}
	for i := range over.Gaps {
		if !known[of(&over.Gaps[i])] {
			return &over.Gaps[i]
		}
	}
	return nil
}

// isRecording reports whether a node is a recording in its place.
func isRecording(node ingest.Node) bool {
	_, is := node.(*ingest.Recording)
	return is
}
