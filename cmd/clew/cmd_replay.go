package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/exhibit"
	"clew/screen"
	"clew/store/journal"
)

// runReplay makes a verdict again: from what it was made from, or with --as-of now from what is known
// today.
func runReplay(ctx context.Context, w *world, c *cli.Context) (err error) {
	if c.NArg() > 0 || c.IsSet("file") {
		return &usageError{"--replay ID makes one verdict again and takes no subject", ""}
	}
	if c.Bool("no-journal") {
		return &usageError{"--replay reads the journal: --no-journal leaves nothing to read", ""}
	}
	cuts, now, err := cutsOf(c)
	if err != nil {
		return err
	}
	if len(cuts) > 0 {
		return &usageError{"a replay is as of the blocks that the verdict names: with --replay, --as-of takes now alone", ""}
	}
	d, err := openDesk(ctx, w, c, deskOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	kept, err := d.j.Screening(ctx, c.String("replay"))
	if errors.Is(err, journal.ErrNotFound) {
		return withHint(err, "the id is scr- and 32 hex digits; --journal names the journal that has it")
	}
	if err != nil {
		return err
	}
	v, err := screen.ReadVerdict(kept.Verdict)
	if err != nil {
		return fmt.Errorf("screening %s of the journal: %w", kept.ID, err)
	}
	if now {
		return d.compare(ctx, v)
	}
	return d.repeat(ctx, v, kept.Verdict)
}

// repeat makes v again and prints it; kept are its bytes in the journal. What cannot be made again is
// printed as it was kept, with what is missing.
func (d *desk) repeat(ctx context.Context, v *screen.Verdict, kept []byte) error {
	g := &screening{w: d.w, d: d, of: 1, p: newPage(d.w.stdout), explain: d.c.Bool("explain")}
	s, err := d.pinned(ctx, v)
	var again *screen.Verdict
	if err == nil {
		g.s = s
		again, err = s.Screener.Replay(ctx, v)
	}
	if errors.Is(err, screen.ErrReplay) {
		if g.s == nil {
			g.s, g.explain = &deskState{rules: "rules as they were"}, false
		}
		return errors.Join(g.print(&question{}, v), g.p.flush(), withHint(err, "what is printed is the verdict as it was kept; --as-of now screens the same subject as of now"))
	}
	if err != nil {
		return err
	}
	if err := g.print(&question{}, again); err != nil {
		return err
	}
	if !d.w.json {
		g.p.line("made again from what it names: the same %s", counted(int64(len(kept)), "byte"))
	}
	return errors.Join(g.p.flush(), g.outcome())
}

// changesAnswer is the answer of `clew screen --replay ID --as-of now --json`.
type changesAnswer struct {
	Schema    string          `json:"schema"` // "clew.screening-changes/1"
	Before    string          `json:"before"`
	After     string          `json:"after"`
	Changes   []screen.Change `json:"changes"`
	Screening json.RawMessage `json:"screening"` // as of now
}

// compare screens the subject of v as of now, and says what changed since and why.
func (d *desk) compare(ctx context.Context, v *screen.Verdict) error {
	s, err := d.refresh(ctx)
	if err != nil {
		return err
	}
	after, err := s.Screener.Screen(ctx, screen.Request{Subject: v.Subject, Budget: budgetOf(d.c, s.Policy), Deep: d.c.Bool("deep")})
	if err != nil {
		return err
	}
	if err := d.record(ctx, s, []*screen.Verdict{after}); err != nil {
		return err
	}
	text, err := after.JSON()
	if err != nil {
		return err
	}
	a := changesAnswer{"clew.screening-changes/1", v.ID, after.ID, s.Screener.Changes(ctx, v, after), text}
	if a.Changes == nil {
		a.Changes = []screen.Change{}
	}
	g := &screening{w: d.w, of: 1}
	g.count(after)
	if d.w.json {
		return errors.Join(writeJSON(d.w.stdout, a), g.outcome())
	}
	p := newPage(d.w.stdout)
	p.line("%s then: %s, %s", v.ID, v.Outcome, v.Action)
	p.line("%s now:  %s, %s", after.ID, after.Outcome, after.Action)
	if len(a.Changes) == 0 {
		p.line("nothing changed")
	}
	for i, ch := range a.Changes {
		p.line("  %s: %s -> %s", ch.Field, exhibit.Visible(or(ch.Before, "nothing")), exhibit.Visible(or(ch.After, "nothing")))
		if ch.Why != "" && (i+1 == len(a.Changes) || a.Changes[i+1].Why != ch.Why) { // once for all that have it
			p.line("    %s", fold("since "+exhibit.Visible(ch.Why), 4))
		}
	}
	p.line("")
	pageVerdict(p, after, s.rules, nil)
	return errors.Join(p.flush(), g.outcome())
}
