package screen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrReplay: a verdict cannot be made again. Errors that are one are a *ReplayError.
var ErrReplay = errors.New("the verdict cannot be made again")

// ReplayError says what is not there any more that a verdict was made from, or is another.
type ReplayError struct {
	ID      string
	Missing []string // never empty
}

// Error names all that is missing.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.ID, ErrReplay, strings.Join(e.Missing, "; "))
}

// Is reports whether target is ErrReplay.
func (e *ReplayError) Is(target error) bool { return target == ErrReplay }

// Replay makes a verdict again, on a Screener that the caller made of what the verdict pins: the policy,
// the labels, the incidents, and the block of its chain with what Behind says. It returns what it made,
// whose bytes are those of v. The error is a *ReplayError that names each pin which is not the Screener's,
// and says so too where all are and the bytes differ all the same; or that of ctx.
//
// Where time ended the walk, v pins how many transactions were read until then, and these end it now.
func (s *Screener) Replay(ctx context.Context, v *Verdict) (*Verdict, error) {
	want, err := v.JSON()
	if err != nil {
		return nil, err
	}
	if missing := s.missing(v); len(missing) > 0 {
		return nil, &ReplayError{v.ID, missing}
	}
	out, err := s.screen(ctx, Request{Subject: v.Subject, Budget: &v.Pins.Budget, Deep: v.Pins.Deep}, v)
	switch {
	case errors.Is(err, ErrMoved), errors.Is(err, ErrSubject):
		return nil, &ReplayError{v.ID, []string{err.Error()}}
	case err != nil:
		return nil, err
	}
	got, err := out.JSON()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(got, want) {
		return out, &ReplayError{v.ID, []string{differs(v, out)}}
	}
	return out, nil
}

// missing lists what v pins and s does not have.
func (s *Screener) missing(v *Verdict) []string {
	var out []string
	check := func(what, pinned, here string) {
		if pinned != here {
			out = append(out, fmt.Sprintf("%s: %s is pinned, and %s is here", what, orNone(pinned), orNone(here)))
		}
	}
	if v.Pins.Engine != s.pins.Engine {
		check("the engine of the program", fmt.Sprintf("version %d", v.Pins.Engine), fmt.Sprintf("version %d", s.pins.Engine))
	}
	check("rules", v.Pins.Policy, s.pins.Policy)
	check("labels", v.Pins.Labels, s.pins.Labels)
	check("heuristics", v.Pins.Heuristics, s.pins.Heuristics)
	check("table of categories", v.Pins.Categories, s.pins.Categories)
	for _, p := range v.Pins.Incidents {
		if here := s.loaded[p.ID]; here != p {
			check("trace of incident "+p.ID, p.SHA256+staleness(p.Stale), here.SHA256+staleness(here.Stale))
		}
	}
	check("set of incidents", v.Pins.IncidentSet, s.pins.IncidentSet)
	for _, p := range v.Pins.Blocks {
		check("last block of "+string(p.Chain), pinText(&p), s.pinText(&p))
	}
	if head := s.heads[v.Subject.Chain]; head != nil && !slices.Equal(v.Pins.Clusters, head.clusters) {
		check("clusters", pinTexts(v.Pins.Clusters), pinTexts(head.clusters))
	}
	if head := s.heads[v.Subject.Chain]; len(v.Pins.Blocks) == 0 && head != nil {
		check("blocks of "+string(v.Subject.Chain), "", pinText(&head.pins[0]))
	}
	return out
}

func staleness(why string) string {
	if why == "" {
		return ""
	}
	return " (not counted: " + why + ")"
}

// pinText writes a pinned block, and how far behind its node it was.
func pinText(p *Pin) string {
	text := fmt.Sprintf("block %d %s", p.Height, p.Hash)
	if p.Behind != nil {
		text += fmt.Sprintf(", %d behind its node", *p.Behind)
	}
	return text
}

func pinTexts(pins []Pin) string {
	var texts []string
	for i := range pins {
		texts = append(texts, "as of "+pinText(&pins[i]))
	}
	return strings.Join(texts, ", ")
}

// pinText writes the block that s has of the chain of a pin.
func (s *Screener) pinText(p *Pin) string {
	head := s.heads[p.Chain]
	if head == nil {
		return ""
	}
	return pinText(&head.pins[0])
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// differs says where two verdicts of the same pins part.
func differs(v, out *Verdict) string {
	if v.Outcome == Failed {
		return "it says that reading failed (" + v.Error + "), and now it did not, or failed otherwise"
	}
	if !slices.Equal(v.Coverage.Spans, out.Coverage.Spans) {
		return "the blocks below its last one are others: ranges of the chain were read, or left out, since"
	}
	fields := "its bytes alone"
	if changes := Changes(v, out); len(changes) > 0 {
		fields = changes[0].Field
	}
	return "all that it pins is here, and still " + fields + " differ: it was made by another program, or blocks below its last one were read again"
}
