package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/screen/watch"
	"clew/store/journal"
)

// Watch is an address or an output of which somebody wants to hear.
type Watch struct {
	ID      string       `json:"id"`
	Chain   chains.Chain `json:"chain"`
	Address string       `json:"address,omitempty"`
	TxID    string       `json:"txid,omitempty"`
	Vout    *uint32      `json:"vout,omitempty"`
	// Incident is the id of the incident that brought it; absent where it was set by hand.
	Incident string `json:"incident,omitempty"`
	// Screen has it screened again as rules, labels, incidents and blocks change.
	Screen   bool      `json:"screen"`
	Note     string    `json:"note,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	Created  time.Time `json:"created_at"`
	// Last is the id of the verdict that was told last.
	Last string `json:"last_screening,omitempty"`
	// Seen is the height up to which blocks were looked through; absent before the first.
	Seen *int64 `json:"seen_height,omitempty"`
}

// WatchRequest sets a watch: on an address, or on an output.
type WatchRequest struct {
	Chain    chains.Chain `json:"chain"`
	Address  string       `json:"address,omitempty"`
	TxID     string       `json:"txid,omitempty"`
	Vout     *uint32      `json:"vout,omitempty"`
	Screen   *bool        `json:"screen,omitempty"`
	Note     string       `json:"note,omitempty" maxLength:"1000"`
	Endpoint string       `json:"endpoint,omitempty"`
}

// WatchPage is a part of the list of watches, in the order in which they were set.
type WatchPage struct {
	Items []Watch `json:"items"`
	Next  string  `json:"next,omitempty"`
}

func watchOf(w *journal.Watch) Watch {
	out := Watch{
		ID: w.ID, Chain: chains.Chain(w.Chain), Address: w.Address, TxID: w.TxID, Incident: w.Incident, Screen: w.Screen,
		Note: w.Note, Endpoint: w.Endpoint, Created: w.Created, Last: w.Last,
	}
	if w.TxID != "" {
		out.Vout = &w.Vout
	}
	if w.Seen >= 0 {
		out.Seen = &w.Seen
	}
	return out
}

type watchIn struct{ Body WatchRequest }

type watchOut struct {
	Location string `header:"Location"`
	Body     Watch
}

// postWatch sets a watch.
func (s *Server) postWatch(ctx context.Context, in *watchIn) (*watchOut, error) {
	req, c := &in.Body, callOf(ctx)
	subject := screen.Subject{Chain: req.Chain, Address: req.Address, TxID: req.TxID, Vout: req.Vout}
	if (req.Address == "") == (req.Vout == nil) {
		return nil, invalidSubject.problem("A watch has either an address, or an output: txid and vout.")
	}
	subject, err := subject.Check(s.opt.Codec)
	if err != nil {
		return nil, invalidSubject.problem("%s.", sentence(err))
	}
	if p := s.knownEndpoint(ctx, req.Endpoint); p != nil {
		return nil, p
	}
	w, err := watch.New(subject, watch.Settings{
		Screen: req.Screen == nil || *req.Screen, Note: req.Note, Endpoint: req.Endpoint, Seen: s.height(subject.Chain),
	})
	if err != nil {
		return nil, invalidSubject.problem("%s.", sentence(err))
	}
	w.Created = s.now()
	c.about, c.result = subject.Key(), w.ID
	if err := s.commit(ctx, func(tx *journal.Tx) error { return tx.PutWatch(w) }); err != nil {
		return nil, fmt.Errorf("keeping a watch: %w", err)
	}
	s.opt.Watches()
	return &watchOut{Location: "/v1/watches/" + w.ID, Body: watchOf(&w)}, nil
}

// height is the last block of a chain at present: what happened up to it is not told.
func (s *Server) height(chain chains.Chain) int64 {
	if state := s.opt.State(); state != nil {
		for _, h := range state.Screener.Heads() {
			if h.Chain == chain {
				return h.Block.Height
			}
		}
	}
	return watch.WithChain
}

type watchesIn struct {
	Paged
	Chain    string `query:"chain" maxLength:"60" doc:"Only of this chain."`
	Incident string `query:"incident" maxLength:"200" doc:"Only those that this incident brought."`
}

type watchesOut struct{ Body WatchPage }

// listWatches lists what is watched.
func (s *Server) listWatches(ctx context.Context, in *watchesIn) (*watchesOut, error) {
	// The cursor is the id of the last watch that was shown; one that was removed since keeps its place.
	if in.Cursor != "" {
		if _, err := s.opt.Journal.Watch(ctx, in.Cursor); errors.Is(err, journal.ErrNotFound) {
			return nil, unknownCursor()
		}
	}
	rows, err := s.opt.Journal.Watches(ctx, journal.WatchFilter{Chain: in.Chain, Incident: in.Incident}, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("listing watches: %w", err)
	}
	out := &watchesOut{WatchPage{Items: []Watch{}}}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		out.Body.Next = rows[in.Limit-1].ID
	}
	for i := range rows {
		out.Body.Items = append(out.Body.Items, watchOf(&rows[i]))
	}
	return out, nil
}

// watch finds a watch.
func (s *Server) getWatch(ctx context.Context, in *ByID) (*watchOut, error) {
	w, err := s.opt.Journal.Watch(ctx, in.ID)
	if errors.Is(err, journal.ErrNotFound) || (err == nil && !w.Removed.IsZero()) {
		return nil, notFound.problem("There is no watch %s.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("reading watch %s: %w", in.ID, err)
	}
	return &watchOut{Location: "/v1/watches/" + w.ID, Body: watchOf(&w)}, nil
}

// removeWatch takes a watch away.
func (s *Server) removeWatch(ctx context.Context, in *ByID) (*struct{}, error) {
	callOf(ctx).result = in.ID
	err := s.commit(ctx, func(tx *journal.Tx) error { return tx.RemoveWatch(in.ID) })
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("There is no watch %s.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("removing watch %s: %w", in.ID, err)
	}
	s.opt.Watches()
	return nil, nil //nolint:nilnil // huma answers with 204 and no body
}
