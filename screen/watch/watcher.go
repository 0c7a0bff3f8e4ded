package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
	"clew/tracer"
)

// Options of NewWatcher.
type Options struct {
	Journal *journal.Journal
	Chains  screen.Chains // a store
	Codec   screen.Codec
	// Screener returns the one of the present state; nil: nothing is screened again.
	Screener func() *screen.Screener
	// Record keeps a verdict with all that a replay of it needs; needed with Screener.
	Record func(*journal.Tx, *screen.Verdict) error
	// Told is called when events were written; nil: nobody is. It must not wait.
	Told func()
	// Moved is called, outside of all transactions, when traced value of an incident moved, or came
	// back: its trace no longer ends where the value lies. nil: nobody is.
	Moved func(ctx context.Context, incident string)
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged
}

// Watcher decides which events there are. It is safe for concurrent use: a chain is looked through by
// one caller at a time.
type Watcher struct {
	opt       Options
	mu        sync.Mutex
	chains    map[chains.Chain]*line
	feeds     map[chains.Chain]*FeedStatus
	screening sync.Mutex // held while watches are screened again
}

// line is a chain that is watched.
type line struct {
	chain    chains.Chain
	mu       sync.Mutex
	revision int64 // of the journal's watches, as places was made
	watches  []*journal.Watch
	places   *places
}

// NewWatcher returns a Watcher.
func NewWatcher(o Options) (*Watcher, error) {
	if o.Journal == nil || o.Chains == nil || o.Codec == nil || o.Screener != nil && o.Record == nil {
		return nil, errors.New("watch: a journal, chains and a codec are needed, and with a screener a way to record verdicts")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{opt: o, chains: map[chains.Chain]*line{}, feeds: map[chains.Chain]*FeedStatus{}}, nil
}

// lock returns a chain, for the caller alone until it unlocks it.
func (w *Watcher) lock(chain chains.Chain) *line {
	w.mu.Lock()
	l := w.chains[chain]
	if l == nil {
		l = &line{chain: chain, revision: -1}
		w.chains[chain] = l
	}
	w.mu.Unlock()
	l.mu.Lock()
	return l
}

// load reads the watches of a chain again, where any have changed.
func (w *Watcher) load(ctx context.Context, l *line) error {
	now, err := w.opt.Journal.Revisions(ctx)
	if err != nil {
		return fmt.Errorf("watches of %s: %w", l.chain, err)
	}
	if now.Watches == l.revision {
		return nil
	}
	all, err := w.opt.Journal.Watches(ctx, journal.WatchFilter{Chain: string(l.chain)}, "", 0)
	if err != nil {
		return fmt.Errorf("watches of %s: %w", l.chain, err)
	}
	l.places = &places{addresses: map[chains.Address][]*journal.Watch{}, outputs: map[chains.OutPoint][]*journal.Watch{}}
	l.watches = make([]*journal.Watch, 0, len(all))
	for i := range all {
		if err := l.places.add(&all[i], w.opt.Codec); err != nil {
			return fmt.Errorf("watch %s: %w", all[i].ID, err)
		}
		l.watches = append(l.watches, &all[i])
	}
	l.revision = now.Watches
	return nil
}

// facts opens a chain; nil where nothing of it was read.
func (w *Watcher) facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	facts, err := w.opt.Chains.Facts(ctx, chain, asOf)
	if errors.Is(err, chains.ErrNotFound) || asOf != screen.Latest && errors.Is(err, chains.ErrIncomplete) {
		return nil, nil
	}
	return facts, err
}

// told passes on that events were written.
func (w *Watcher) told(n int) {
	if n > 0 && w.opt.Told != nil {
		w.opt.Told()
	}
}

// OnIncident makes the watches of an incident those of a trace of it, which is loaded; nil: it was
// removed, and so are they. What is watched already goes on as it was.
func (w *Watcher) OnIncident(ctx context.Context, id string, t *tracer.Trace, o Settings) error {
	var want []journal.Watch
	if t != nil {
		var err error
		if want, err = FromTrace(id, t, o); err != nil {
			return err
		}
	}
	have, err := w.opt.Journal.Watches(ctx, journal.WatchFilter{Incident: id}, "", 0)
	if err != nil {
		return fmt.Errorf("watches of incident %s: %w", id, err)
	}
	gone := make(map[string]bool, len(have))
	for i := range have {
		gone[have[i].ID] = true
	}
	for i := range want {
		delete(gone, want[i].ID)
	}
	err = w.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
		for i := range want {
			if err := tx.PutWatch(want[i]); err != nil {
				return err
			}
		}
		for i := range have {
			if !gone[have[i].ID] {
				continue
			}
			if err := tx.RemoveWatch(have[i].ID); err != nil && !errors.Is(err, journal.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("watches of incident %s: %w", id, err)
	}
	return nil
}
