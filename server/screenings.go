package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"clew/screen"
	"clew/store/journal"
)

// ScreeningSummary is a verdict in a list.
type ScreeningSummary struct {
	ID      string         `json:"id"`
	Subject screen.Subject `json:"subject"`
	Outcome screen.Outcome `json:"verdict"`
	Action  screen.Action  `json:"action"`
	Created time.Time      `json:"created_at"`
	// Key is the id of the key that asked first.
	Key string `json:"key,omitempty"`
}

// ScreeningPage is a part of the list of verdicts, the newest first.
type ScreeningPage struct {
	Items []ScreeningSummary `json:"items"`
	// Next is the cursor of the part that follows; absent at the end.
	Next string `json:"next,omitempty"`
}

type screeningsIn struct {
	Paged
	Outcome string    `query:"verdict" enum:"clear within coverage,match,not covered,error" doc:"Only these."`
	Action  string    `query:"action" enum:"allow,review,block" doc:"Only these."`
	Subject string    `query:"subject" maxLength:"500" doc:"Only of this subject, written CHAIN:ADDRESS, CHAIN:TXID, CHAIN:TXID:VOUT or CHAIN:TXID:ADDRESS[:ASSET]."`
	Side    string    `query:"direction" enum:"source,destination" default:"source" doc:"The direction of the subject."`
	Since   time.Time `query:"since" doc:"Only those first given at this time or later, RFC 3339."`
}

type screeningsOut struct{ Body ScreeningPage }

// listScreenings lists verdicts.
func (s *Server) listScreenings(ctx context.Context, in *screeningsIn) (*screeningsOut, error) {
	f := journal.ScreeningFilter{Outcome: in.Outcome, Action: in.Action, Since: in.Since}
	if in.Subject != "" {
		subject, err := screen.ParseSubject(in.Subject, s.opt.Codec)
		if err != nil {
			return nil, invalidSubject.problem("%s.", sentence(err)).at("query.subject", "cannot be read")
		}
		subject.Direction = screen.Direction(in.Side)
		f.Subject = subject.Key()
	}
	before, p := in.place()
	if p != nil {
		return nil, p
	}
	rows, err := s.opt.Journal.Screenings(ctx, f, before, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("listing screenings: %w", err)
	}
	out := &screeningsOut{ScreeningPage{Items: []ScreeningSummary{}}}
	rows, out.Body.Next = pageOf(rows, in.Limit, func(r *journal.Screening) int64 { return r.Place })
	for i := range rows {
		item := ScreeningSummary{ID: rows[i].ID, Outcome: screen.Outcome(rows[i].Outcome), Action: screen.Action(rows[i].Action), Created: rows[i].Created, Key: rows[i].Key}
		if err := json.Unmarshal([]byte(rows[i].Subject), &item.Subject); err != nil {
			return nil, fmt.Errorf("reading the subject of %s: %w", rows[i].ID, err)
		}
		out.Body.Items = append(out.Body.Items, item)
	}
	return out, nil
}

// stored reads a verdict from the journal.
func (s *Server) stored(ctx context.Context, id string) ([]byte, error) {
	row, err := s.opt.Journal.Screening(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("There is no screening %s.", id)
	}
	if err != nil {
		return nil, fmt.Errorf("reading screening %s: %w", id, err)
	}
	return row.Verdict, nil
}

type storedIn struct {
	ByID
	IfNoneMatch string `header:"If-None-Match" doc:"ETags that the caller has."`
}

// rawOut is an answer of bytes that are there already.
type rawOut struct {
	Status      int
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag"`
	Body        func(huma.Context)
}

// raw answers with bytes under an ETag, or with nothing where the caller has them.
func raw(data []byte, etag, have string) *rawOut {
	out := &rawOut{ContentType: "application/json", ETag: etag}
	out.Body = func(ctx huma.Context) {
		if hasTag(have, etag) {
			ctx.SetStatus(http.StatusNotModified)
			return
		}
		ctx.SetStatus(http.StatusOK)
		_, w := humago.Unwrap(ctx)
		give(w, data)
	}
	return out
}

// hasTag says whether an If-None-Match names an ETag.
func hasTag(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == etag || tag == "*" {
			return true
		}
	}
	return false
}

// getScreening returns a verdict as it was given, byte for byte.
func (s *Server) getScreening(ctx context.Context, in *storedIn) (*rawOut, error) {
	data, err := s.stored(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callOf(ctx).result = in.ID
	return raw(data, `"`+in.ID+`"`, in.IfNoneMatch), nil
}

// Replay says what came of making a verdict again.
type Replay struct {
	ID string `json:"id"`
	// Same: the bytes are the same.
	Same bool `json:"same"`
	// Now is the id of the verdict of now; with as_of now.
	Now string `json:"now,omitempty"`
	// Changes are what differs, and why.
	Changes []screen.Change `json:"changes"`
}

type replayIn struct {
	ByID
	AsOf string `query:"as_of" enum:"then,now" default:"then" doc:"then: from what it was made from, which must give the same bytes. now: from what is there now, with what changed and why."`
}

type replayOut struct{ Body Replay }

// replayScreening makes a verdict again.
func (s *Server) replayScreening(ctx context.Context, in *replayIn) (*replayOut, error) {
	data, err := s.stored(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	before, err := screen.ReadVerdict(data)
	if err != nil {
		return nil, fmt.Errorf("reading screening %s: %w", in.ID, err)
	}
	c := callOf(ctx)
	c.about, c.result = before.Subject.Key(), in.ID
	if in.AsOf == "now" {
		return s.replayNow(ctx, c, before)
	}
	if s.opt.Replay == nil {
		return nil, notOffered.problem("The program was started without what it needs to make verdicts again.")
	}
	again, err := s.opt.Replay(ctx, before)
	if errors.Is(err, screen.ErrReplay) {
		return nil, notReplayable.problem("%s.", sentence(err))
	}
	if err != nil {
		return nil, fmt.Errorf("making screening %s again: %w", in.ID, err)
	}
	out := Replay{ID: in.ID, Same: again.ID == before.ID, Changes: screen.Changes(before, again)}
	if out.Changes == nil {
		out.Changes = []screen.Change{}
	}
	return &replayOut{out}, nil
}

func (s *Server) replayNow(ctx context.Context, c *call, before *screen.Verdict) (*replayOut, error) {
	budget := before.Pins.Budget
	state, v, err := s.screen(ctx, screen.Request{Subject: before.Subject, Budget: &budget})
	if err != nil {
		return nil, s.screenProblem(ctx, err)
	}
	if p := s.keep(ctx, c, state, v, false); p != nil {
		return nil, p
	}
	out := Replay{ID: before.ID, Same: v.ID == before.ID, Now: v.ID, Changes: state.Screener.Changes(ctx, before, v)}
	if out.Changes == nil {
		out.Changes = []screen.Change{}
	}
	return &replayOut{out}, nil
}
