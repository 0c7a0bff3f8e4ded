package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clew/screen"
	"clew/store/journal"
)

// Brief is what an event says of a verdict: GET /v1/screenings/{id} gives it whole.
type Brief struct {
	ID      string         `json:"id"`
	Outcome screen.Outcome `json:"verdict"`
	Action  screen.Action  `json:"action"`
	Says    string         `json:"says"`
}

// VerdictChange is the data of a verdict.changed.
type VerdictChange struct {
	Watch    string          `json:"watch"`
	Subject  screen.Subject  `json:"subject"`
	Incident string          `json:"incident,omitempty"`
	Note     string          `json:"note,omitempty"`
	Before   *Brief          `json:"before"` // null: it was not screened before
	After    Brief           `json:"after"`
	Changes  []screen.Change `json:"changes"`
	// Found is when, to the microsecond: a verdict may come back to what it was, and change again.
	Found string `json:"found"`
}

// OnState screens again everything under watch for which that was asked: rules, labels or loaded
// incidents have changed. What differs in verdict, action or rules that fired is told; of a place that
// was never screened, only a match.
func (w *Watcher) OnState(ctx context.Context) error {
	all, err := w.opt.Journal.Watches(ctx, journal.WatchFilter{}, "", 0)
	if err != nil {
		return fmt.Errorf("screen what is watched: %w", err)
	}
	return w.screenAgain(ctx, slices.DeleteFunc(all, func(one journal.Watch) bool { return !one.Screen }))
}

// screenAgain screens watches, one after the other. What fails for one is no reason to leave out others.
func (w *Watcher) screenAgain(ctx context.Context, all []journal.Watch) error {
	if w.opt.Screener == nil || len(all) == 0 {
		return nil
	}
	w.screening.Lock()
	defer w.screening.Unlock()
	told := 0
	var faults []error
	for i := range all {
		changed, err := w.screenOne(ctx, &all[i])
		if err != nil {
			faults = append(faults, fmt.Errorf("screen what watch %s is of: %w", all[i].ID, err))
		}
		if ctx.Err() != nil {
			break
		}
		if changed {
			told++
		}
	}
	w.told(told)
	return errors.Join(faults...)
}

// tries is how often a state is asked that the chain has overtaken.
const tries = 3

func (w *Watcher) verdict(ctx context.Context, s screen.Subject) (v *screen.Verdict, err error) {
	for range tries {
		v, err = w.opt.Screener().Screen(ctx, screen.Request{Subject: s})
		if !errors.Is(err, screen.ErrMoved) {
			break
		}
	}
	return v, err
}

func (w *Watcher) screenOne(ctx context.Context, one *journal.Watch) (told bool, err error) {
	after, err := w.verdict(ctx, subject(one))
	if err != nil {
		return false, err
	}
	now, err := w.opt.Journal.Watch(ctx, one.ID) // what was told last may be younger than the list
	if err != nil {
		return false, err
	}
	before, err := w.last(ctx, now.Last)
	if err != nil || before != nil && alike(before, after) {
		return false, err
	}
	at := w.opt.Now().UTC()
	change := VerdictChange{
		Watch: one.ID, Subject: subject(one), Incident: one.Incident, Note: one.Note, After: brief(after),
		Changes: []screen.Change{}, Found: at.Format("2006-01-02T15:04:05.000000Z07:00"),
	}
	if before != nil {
		b := brief(before)
		change.Before, change.Changes = &b, w.opt.Screener().Changes(ctx, before, after)
	}
	silent := before == nil && after.Outcome != screen.Match
	err = w.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
		told, err = w.keep(tx, &now, after, &change, at, silent)
		return err
	})
	return told, err
}

// keep writes a verdict, that it was told, and the event, unless somebody else has told another one.
func (w *Watcher) keep(tx *journal.Tx, one *journal.Watch, v *screen.Verdict, change *VerdictChange, at time.Time, silent bool) (bool, error) {
	now, err := tx.Watch(one.ID)
	if err != nil || now.Last != one.Last || !now.Removed.IsZero() {
		return false, err
	}
	if err := w.opt.Record(tx, v); err != nil {
		return false, err
	}
	if err := tx.AdvanceWatch(one.ID, now.Seen, v.ID); err != nil || silent {
		return false, err
	}
	e, err := NewEvent(EventVerdict, "watch:"+one.ID, at, change)
	if err != nil {
		return false, err
	}
	t, err := open(tx, at)
	if err != nil {
		return false, err
	}
	return true, Emit(tx, t.endpoints, one.Endpoint, &e)
}

// last returns the verdict that was told last; nil: none was.
func (w *Watcher) last(ctx context.Context, id string) (*screen.Verdict, error) {
	if id == "" {
		return nil, nil
	}
	kept, err := w.opt.Journal.Screening(ctx, id)
	if err != nil {
		return nil, err
	}
	return screen.ReadVerdict(kept.Verdict)
}

func brief(v *screen.Verdict) Brief {
	return Brief{ID: v.ID, Outcome: v.Outcome, Action: v.Action, Says: v.Says}
}

// alike reports whether two verdicts ask for the same, for the same reasons.
func alike(a, b *screen.Verdict) bool {
	rules := func(v *screen.Verdict) []string {
		var ids []string
		for i := range v.Fired {
			ids = append(ids, v.Fired[i].Rule)
		}
		slices.Sort(ids)
		return ids
	}
	return a.Outcome == b.Outcome && a.Action == b.Action && slices.Equal(rules(a), rules(b))
}
