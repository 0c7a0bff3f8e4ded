package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
	"clew/tracer"
)

// WithChain is journal.Watch.Seen of a watch for which everything was looked through up to the point
// that its chain has reached. It goes on with its chain.
const WithChain = -1

// Settings of a new watch, beside its place.
type Settings struct {
	Incident string // that brought it; "": set by hand
	Note     string
	Endpoint string // the one that hears of it; "": all
	Screen   bool   // screen it again as rules, labels, incidents and blocks change
	// Seen is the height up to which nothing is to be told: the last block at present, or the one as of
	// which a trace was made. WithChain: where its chain has been looked through to.
	Seen int64
}

// New returns the watch of a subject, as Subject.Check returned it: an address or an output. Its id follows from place,
// incident and endpoint, so that the same watch set twice is one.
func New(s screen.Subject, o Settings) (journal.Watch, error) {
	if s.Kind != screen.KindAddress && s.Kind != screen.KindOutput || s.Asset != "" {
		return journal.Watch{}, fmt.Errorf("watch %s: an address or an output can be watched, whole: %w", s, screen.ErrSubject)
	}
	w := journal.Watch{
		Chain: string(s.Chain), Address: s.Address, TxID: s.TxID,
		Incident: o.Incident, Screen: o.Screen, Note: o.Note, Endpoint: o.Endpoint, Seen: o.Seen,
	}
	if s.Vout != nil {
		w.Vout = *s.Vout
	}
	h := sha256.New()
	for _, part := range []string{w.Chain, w.Address, w.TxID, strconv.FormatUint(uint64(w.Vout), 10), w.Incident, w.Endpoint} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	w.ID = "wat-" + hex.EncodeToString(h.Sum(nil)[:16])
	return w, nil
}

// FromTrace returns a watch for every place where value that an accounting rule traced still lies: an
// unspent output, an account with a balance. Nothing up to the block as of which the trace was made is
// told.
func FromTrace(incident string, t *tracer.Trace, o Settings) ([]journal.Watch, error) {
	at := map[chains.Chain]int64{}
	for _, a := range t.AsOf {
		at[a.Chain] = a.Height
	}
	nodes := make(map[string]*tracer.Node, len(t.Nodes))
	for i := range t.Nodes {
		nodes[t.Nodes[i].ID] = &t.Nodes[i]
	}
	var all []journal.Watch
	seen := map[string]bool{}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		s, ok := held(e, nodes[e.Node])
		if !ok {
			continue
		}
		o.Incident, o.Seen = incident, at[e.Chain]
		w, err := New(s, o)
		if err != nil {
			return nil, fmt.Errorf("incident %s: endpoint %s: %w", incident, e.ID, err)
		}
		if !seen[w.ID] { // an account holds several assets
			seen[w.ID] = true
			all = append(all, w)
		}
	}
	return all, nil
}

// held returns the place of an endpoint where value lies that can move.
func held(e *tracer.Endpoint, n *tracer.Node) (screen.Subject, bool) {
	s := screen.Subject{Chain: e.Chain, Direction: screen.Source}
	switch {
	case e.Range.Max.IsZero():
		return s, false
	case e.Reason == tracer.ReasonUnspent && e.TxID != nil:
		vout, err := strconv.ParseUint(e.Position, 10, 32)
		index := uint32(vout)
		s.Kind, s.TxID, s.Vout = screen.KindOutput, formatTx(e.Chain, *e.TxID), &index
		return s, err == nil
	case e.Reason == tracer.ReasonBalance && n != nil && n.Address != "":
		s.Kind, s.Address = screen.KindAddress, n.Address
		return s, true
	}
	return s, false
}

// subject returns what a watch is of, as a subject of screening.
func subject(w *journal.Watch) screen.Subject {
	s := screen.Subject{Kind: screen.KindAddress, Chain: chains.Chain(w.Chain), Address: w.Address, TxID: w.TxID, Direction: screen.Source}
	if w.Address == "" {
		vout := w.Vout
		s.Kind, s.Vout = screen.KindOutput, &vout
	}
	return s
}

// formatTx writes a transaction's id as its chain does.
func formatTx(chain chains.Chain, id chains.TxID) string {
	if chain.Info().Family == chains.FamilyEVM {
		return "0x" + id.String()
	}
	return id.String()
}

func parseTx(text string) (chains.TxID, error) {
	return chains.ParseHash(strings.TrimPrefix(text, "0x"))
}

// formatTime writes Unix seconds; "" for 0.
func formatTime(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

func parseOutpoint(text string) (chains.OutPoint, error) {
	tx, index, _ := strings.Cut(text, ":")
	id, err := parseTx(tx)
	if err != nil {
		return chains.OutPoint{}, err
	}
	n, err := strconv.ParseUint(index, 10, 32)
	if err != nil {
		return chains.OutPoint{}, fmt.Errorf("outpoint %q: %w", text, err)
	}
	return chains.OutPoint{Tx: id, Index: uint32(n)}, nil
}
