package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/exhibit"
	"clew/store"
	"clew/tracer"
)

// explanation is everything that is known about one hop.
type explanation struct {
	Schema   string      `json:"schema"` // "clew.explain/1"
	Trace    string      `json:"trace"`
	Rule     tracer.Rule `json:"rule"` // the declared one
	Accounts string      `json:"accounts"`
	Hop      *tracer.Hop `json:"hop"`
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
	Says       []string     `json:"says"`
	Check      []string     `json:"check"` // commands for a node of one's own
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
		Schema: "clew.explain/1", Trace: t.id, Rule: t.Incident.Rule, Accounts: t.Incident.Accounts, Hop: h,
		From: []string{}, To: nodeName(t.Trace, leg.To), Complete: tx != nil, Next: []nextAnswer{},
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
	x.Says = x.sentences(t, leg)
	if x.Check = checks(leg); onAccounts(leg) {
		x.Check = checksOnAccounts(h)
	}
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

func nodeName(t *tracer.Trace, id string) string {
	for i := range t.Nodes {
		n := &t.Nodes[i]
		switch {
		case n.ID != id:
		case n.Kind == tracer.NodeCoinbase && n.Chain.Info().Family == chains.FamilyEVM:
			return "whoever made the block"
		case n.Kind == tracer.NodeCoinbase:
			return "the miner"
		case n.Address != "":
			return n.Address
		case n.TxID != "":
			return "transaction " + n.TxID
		case n.Label != "": // out of nothing, or gone
			return exhibit.Visible(n.Label)
		}
	}
	return id
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

// track is what the trace says about one output.
type track struct {
	traced tracer.Traced
	refs   []string
}

// tracks are the outputs that the trace speaks of, by TXID:POSITION.
type tracks map[string]*track

func newTracks(t *tracer.Trace) tracks {
	led := tracks{}
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		for _, p := range leg.Positions {
			led.add(leg.TxID.String()+":"+positionName(p), h.Traced, fmt.Sprintf("hop %d", h.Number))
		}
		if len(h.Legs) > 1 && h.Given != nil {
			for _, p := range h.Legs[0].Positions {
				led.add(h.Legs[0].TxID.String()+":"+positionName(p), *h.Given, fmt.Sprintf("hop %d", h.Number))
			}
		}
	}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		var traced tracer.Traced
		for r := range traced.Value {
			traced.Value[r] = s.Units
		}
		led.add(s.TxID.String()+":"+s.Position, traced, "seed "+s.ID)
	}
	return led
}

// add notes that traced value came to an output by ref. Value of a hop and of a seed may
// lie in one output side by side.
func (led tracks) add(key string, traced tracer.Traced, ref string) {
	k := led[key]
	if k == nil {
		led[key] = &track{traced, []string{ref}}
		return
	}
	for r := range traced.Value {
		sum, err := k.traced.Value[r].Add(traced.Value[r])
		k.traced.Value[r], k.traced.Null[r] = sum, k.traced.Null[r] || traced.Null[r] || err != nil
	}
	k.refs = append(k.refs, ref)
}

func (led tracks) entry(e potEntry, key string) potEntry {
	e.Refs = []string{}
	if k := led[key]; k != nil {
		e.Traced, e.Refs = k.traced, k.refs
	}
	return e
}

// wholePot lists every input and output of tx.
func wholePot(led tracks, tx *chains.Tx, chain chains.Chain) (entered, left []potEntry) {
	address := func(a chains.Address) string { return codec().FormatAddress(chain, a) }
	var in, out chains.Amount
	known := true
	for i, input := range tx.Inputs {
		e := potEntry{Position: strconv.Itoa(i), OutPoint: input.Prev.String()}
		if input.Known {
			units := chains.Units(input.Spent.Value)
			e.Units, e.Address, in = &units, address(input.Spent.Address), in.Plus(units)
		}
		known = known && input.Known
		entered = append(entered, led.entry(e, input.Prev.String()))
	}
	for i, o := range tx.Outputs {
		units := chains.Units(o.Value)
		out = out.Plus(units)
		e := potEntry{Position: strconv.Itoa(i), Units: &units, Address: address(o.Address)}
		left = append(left, led.entry(e, fmt.Sprintf("%s:%d", tx.ID, i)))
	}
	fee := led.entry(potEntry{Position: "fee"}, tx.ID.String()+":fee")
	if known && !in.Less(out) {
		units := in.Minus(out)
		fee.Units = &units
	}
	return entered, append(left, fee)
}

// tracedPot lists what the trace itself knows of leg's transaction.
func tracedPot(t *tracer.Trace, led tracks, leg *tracer.Leg) (entered, left []potEntry) {
	seen := map[string]bool{}
	for i := range t.Hops {
		h := &t.Hops[i]
		l := &h.Legs[len(h.Legs)-1]
		if l.TxID != leg.TxID {
			continue
		}
		for _, f := range l.From {
			if f.OutPoint != "" && !seen[f.OutPoint] {
				seen[f.OutPoint] = true
				entered = append(entered, led.entry(potEntry{OutPoint: f.OutPoint, Address: nodeName(t, f.Node)}, f.OutPoint))
			}
		}
		for _, p := range l.Positions {
			e := potEntry{Position: positionName(p), Address: nodeName(t, l.To)}
			if len(l.Positions) == 1 {
				e.Units = &l.Units
			}
			left = append(left, led.entry(e, leg.TxID.String()+":"+e.Position))
		}
	}
	return entered, left
}

// wholeTx looks for the whole transaction of a leg: in the recording beside the trace's
// file, in the store, or at the node of --rpc. nil where none of them has it.
func wholeTx(ctx context.Context, w *world, c *cli.Context, t *loadedTrace, leg *tracer.Leg) (tx *chains.Tx, whence string, err error) {
	e, given, err := endpointFor(c, "rpc", leg.Chain)
	if err != nil {
		return nil, "", err
	}
	if given {
		return txFrom(ctx, w, c, e, leg)
	}
	if t.file != "" {
		for _, folder := range []string{"", folderOf(leg.Chain)} {
			beside := filepath.Join(filepath.Dir(t.file), recordingName, folder)
			if _, err := os.Stat(filepath.Join(beside, recordingFiles()[1])); err == nil {
				return txFrom(ctx, w, c, endpoint{recording: beside}, leg)
			}
		}
	}
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	tx, err = st.Tx(ctx, leg.Chain, leg.TxID)
	if errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrIncomplete) {
		tx, err = nil, nil
	}
	return tx, st.Path(), errors.Join(err, st.Close())
}

// txFrom reads the leg's transaction out of its block.
func txFrom(ctx context.Context, w *world, c *cli.Context, e endpoint, leg *tracer.Leg) (tx *chains.Tx, whence string, err error) {
	node, err := openNode(ctx, w, c, e, leg.Chain)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	hash, err := node.HashAt(ctx, leg.Height)
	if err != nil {
		return nil, "", err
	}
	b, err := node.Block(ctx, leg.Height, hash)
	if err != nil {
		return nil, "", err
	}
	for i := range b.Txs {
		if b.Txs[i].ID == leg.TxID {
			own := b.Txs[i].Clone()
			return &own, node.where, nil
		}
	}
	return nil, "", withHint(fmt.Errorf("transaction %s is not in block %d of %s: %w", hashText(leg.Chain, leg.TxID), leg.Height, node.where, chains.ErrNotFound),
		"is this the node or recording from which the trace was made?")
}
