package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// explanation is everything that is known about one hop.
type explanation struct {
	Schema   string      `json:"schema"` // "clew.explain/1"
	What     string      `json:"what"`   // hop, endpoint, seed, finding or gap
	Title    string      `json:"title"`
	Thing    any         `json:"thing,omitempty"` // what is no hop, as in the trace: of a seed its receipts
	Trace    string      `json:"trace"`
	Rule     tracer.Rule `json:"rule"` // the declared one
	Accounts string      `json:"accounts"`
	Hop      *tracer.Hop `json:"hop"`  // null: no hop is explained
	From     []string    `json:"from"` // addresses, or ids where a node has none
	To       string      `json:"to"`
	Entered  []potEntry  `json:"entered"` // by input index; empty on a chain of accounts
	Left     []potEntry  `json:"left"`    // by output index, the fee last; on a chain of accounts what moved, in order
	Complete bool        `json:"complete"`
	// What the transaction spends, in whole units; null where it is not known:
	Spent *chains.Amount `json:"spent"`       // of From
	Other *chains.Amount `json:"other_funds"` // beside From
	// Whether a block is on the main chain in the store; null: it does not know:
	Main       *bool        `json:"main_chain"`   // the block of the hop
	AsOfStands *bool        `json:"as_of_stands"` // the block as of which the trace was made
	Whence     string       `json:"whence"`       // where the whole transaction was read
	Next       []nextAnswer `json:"next"`
	Says       []string     `json:"says"`  // all sentences of the sections
	Check      []string     `json:"check"` // commands for a node of one's own
	// Added to the contract:
	Path      []string       `json:"path"` // from a seed to here, the largest traced amount at each step: "seed V1", "hop 3"
	Sections  []section      `json:"sections"`
	Block     *blockAnswer   `json:"block"`                // null: nobody was there to be asked
	Pieces    []tracer.Piece `json:"pieces"`               // that the rule filled the output with, in order; null where that is not told
	PiecesNot string         `json:"pieces_not,omitempty"` // why not
	Gaps      []tracer.Gap   `json:"gaps"`                 // that touch the hop
	ByHand    []string       `json:"by_hand"`              // what to compute without this program
}

// blockAnswer is where the hop's transaction was found.
type blockAnswer struct {
	Hash   chains.BlockHash `json:"hash"`
	Index  int              `json:"index"`  // place of the transaction in it, from 0
	Proven bool             `json:"proven"` // header, branch and hashes were checked when it was read
}

// whatNext returns the hops and endpoints that carry on what h brought. Out of an account, a hop
// names the last one out of it too, for what that left behind: where h ended, it went nowhere.
func whatNext(t *tracer.Trace, h *tracer.Hop) []nextAnswer {
	next := []nextAnswer{}
	for i := range t.Endpoints {
		if e := &t.Endpoints[i]; e.Hop == h.ID {
			next = append(next, nextAnswer{Endpoint: e.ID, Reason: e.Reason, Note: e.Note})
		}
	}
	if len(next) > 0 && onAccounts(&h.Legs[len(h.Legs)-1]) {
		return next
	}
	for i := range t.Hops {
		if slices.Contains(t.Hops[i].Inputs, h.ID) {
			next = append(next, nextAnswer{Hop: t.Hops[i].Number})
		}
	}
	return next
}

// potEntry is one input or output of the hop's transaction.
type potEntry struct {
	Position string         `json:"position"` // index, or "fee"
	OutPoint string         `json:"outpoint,omitempty"`
	Address  string         `json:"address"`
	Units    *chains.Amount `json:"units"` // null: not known
	Traced   tracer.Traced  `json:"traced"`
	Refs     []string       `json:"refs"` // "seed V1", "hop 3"
	This     bool           `json:"this,omitempty"`
	// Of a movement between accounts:
	From  string       `json:"from,omitempty"`
	Asset chains.Asset `json:"asset,omitempty"`
}

// nextAnswer is what became of the hop's value.
type nextAnswer struct {
	Hop      int           `json:"hop,omitempty"` // number of a later hop
	Endpoint string        `json:"endpoint,omitempty"`
	Reason   tracer.Reason `json:"reason,omitempty"`
	Note     string        `json:"note,omitempty"`
}

// findHop returns the hop with a number, or with an id that begins so.
func findHop(t *loadedTrace, name string) (*tracer.Hop, error) {
	number, err := strconv.Atoi(name)
	var found []*tracer.Hop
	for i := range t.Hops {
		h := &t.Hops[i]
		if h.ID == name || (err == nil && h.Number == number) {
			return h, nil
		}
		if len(name) >= 4 && strings.HasPrefix(h.ID, name) {
			found = append(found, h)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	hint := "the trace has no hops: its seeds never moved"
	if n := len(t.Hops); n > 0 {
		hint = fmt.Sprintf("the trace has hops %d to %d; an id is given by its first characters, at least four", t.Hops[0].Number, t.Hops[n-1].Number)
	}
	if len(found) > 1 {
		return nil, withHint(fmt.Errorf("hop %s of trace %s: several begin so", name, t.id), "%s", hint)
	}
	return nil, withHint(fmt.Errorf("hop %s of trace %s: %w", name, t.id, chains.ErrNotFound), "%s", hint)
}

// explain gathers what the trace says of h. tx is the whole transaction, nil where nobody
// has it: then only its traced part is known.
func explain(t *loadedTrace, h *tracer.Hop, tx *chains.Tx) *explanation {
	leg := &h.Legs[len(h.Legs)-1]
	x := &explanation{
		Schema: "clew.explain/1", What: "hop", Title: fmt.Sprintf("Hop %d (%s)", h.Number, h.ID), Trace: t.id, Rule: t.Incident.Rule, Accounts: t.Incident.Accounts, Hop: h,
		From: []string{}, To: nodeName(t.Trace, leg.To), Complete: tx != nil, Next: []nextAnswer{}, Gaps: []tracer.Gap{},
	}
	if tx != nil {
		x.Block = &blockAnswer{Hash: tx.Block.Hash, Index: tx.Index}
	}
	for _, f := range h.Legs[0].From {
		x.From = append(x.From, nodeName(t.Trace, f.Node))
	}
	led := newTracks(t.Trace)
	switch {
	case onAccounts(leg) && tx != nil && tx.Exec != nil:
		x.Entered, x.Left = []potEntry{}, movements(led, tx, leg.Chain)
	case onAccounts(leg):
		x.Entered, x.Left = []potEntry{}, tracedMovements(t.Trace, leg.TxID)
	case tx != nil:
		x.Entered, x.Left = wholePot(led, tx, leg.Chain)
	default:
		x.Entered, x.Left = tracedPot(t.Trace, led, leg)
	}
	x.mark(leg.TxID)
	x.Next = whatNext(t.Trace, h)
	x.spends(t, leg)
	x.Path = pathTo(t.Trace, h, x.Rule)
	x.Gaps = append(x.Gaps, gapsAt(t.Trace, h)...)
	x.ByHand = byHand(leg)
	x.Check = exhibit.Checks(h)
	return x
}

// mark marks what the hop moved in the transaction that is shown.
func (x *explanation) mark(id chains.TxID) {
	own := fmt.Sprintf("hop %d", x.Hop.Number)
	for k := range x.Hop.Legs {
		leg := &x.Hop.Legs[k]
		if leg.TxID != id {
			continue
		}
		for _, p := range leg.Positions {
			for i := range x.Entered { // a mix: what went in is all that is known
				x.Entered[i].This = x.Entered[i].This || p.Kind == "vin" && x.Entered[i].Position == p.Value
			}
		}
		for i := range x.Left {
			for _, p := range leg.Positions {
				named := !onAccounts(leg) || slices.Contains(x.Left[i].Refs, own) // hops may share a movement
				x.Left[i].This = x.Left[i].This || named && x.Left[i].Position == positionName(p)
			}
		}
	}
}

// nodeName is placeOf the node with an id; the id where the trace does not list it.
func nodeName(t *tracer.Trace, id string) string {
	for i := range t.Nodes {
		if t.Nodes[i].ID == id {
			return or(placeOf(&t.Nodes[i]), id)
		}
	}
	return id
}

// placeOf names a node for people; "" where it has nothing but its id.
func placeOf(n *tracer.Node) string {
	switch {
	case n.Kind == tracer.NodeCoinbase && n.Chain.Info().Family == chains.FamilyEVM:
		return "whoever made the block"
	case n.Kind == tracer.NodeCoinbase:
		return "the miner"
	case n.Address != "":
		return n.Address
	case n.TxID != "":
		return "transaction " + n.TxID
	}
	return exhibit.Visible(n.Label) // out of nothing, or gone
}

// positionName returns "0" for output 0, "fee", and "log 7" or "call 0" on a chain of accounts.
func positionName(p tracer.Position) string {
	switch p.Kind {
	case "fee":
		return "fee"
	case "vout":
		return p.Value
	}
	return p.Kind + " " + p.Value
}
