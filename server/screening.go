package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clew/screen"
	"clew/store/journal"
	"clew/strict"
)

// Mode says how long somebody waits for a verdict.
type Mode string

// The modes.
const (
	// Auto answers at once where the budget was enough, and else with a job that walks on.
	Auto Mode = "auto"
	// Sync answers with what was found within the budget.
	Sync Mode = "sync"
	// Async answers with a job at once.
	Async Mode = "async"
)

// ScreeningRequest asks for a verdict.
type ScreeningRequest struct {
	Subject  screen.Subject `json:"subject"`
	Budget   *screen.Budget `json:"budget,omitempty"`
	Mode     Mode           `json:"mode,omitempty"`
	Endpoint string         `json:"endpoint,omitempty"`
	// Reference is the caller's own name for it. It is no part of the verdict, whose bytes follow from
	// what it is made from alone: it goes into the log of calls, jobs, events and lines of batches.
	Reference string `json:"reference,omitempty"`
}

// maxReference is how many bytes a caller's own name for a subject may have.
const maxReference = 200

// BatchLine is a line of the answer to a batch: a verdict, or a problem.
type BatchLine struct {
	Index     int      `json:"index"`
	Reference string   `json:"reference,omitempty"`
	Problem   *Problem `json:"problem,omitempty"`
	screen.Verdict
}

// postScreening screens one subject. It is no handler of huma's: it is asked thousands of times a
// second, and reading its body twice with schemas costs more than a lookup.
func (s *Server) postScreening(w http.ResponseWriter, r *http.Request) {
	var req ScreeningRequest
	if p := readJSON(r, &req); p != nil {
		writeCallProblem(w, r, p)
		return
	}
	if p := s.answerScreening(w, r, &req); p != nil {
		writeCallProblem(w, r, p)
	}
}

func (s *Server) answerScreening(w http.ResponseWriter, r *http.Request, req *ScreeningRequest) *Problem {
	c, ctx := callOf(r.Context()), r.Context()
	c.reference = req.Reference
	if p := s.checkScreening(ctx, req); p != nil {
		return p
	}
	if req.Mode == Async {
		subject, err := req.Subject.Check(s.opt.Codec)
		if err != nil {
			return s.screenProblem(ctx, err)
		}
		req.Subject, c.about = subject, subject.Key()
		return s.accept(w, r, req, nil)
	}
	state, v, err := s.screen(ctx, screen.Request{Subject: req.Subject, Budget: req.Budget})
	if err != nil {
		return s.screenProblem(ctx, err)
	}
	req.Subject, c.about = v.Subject, v.Subject.Key()
	if req.Mode != Sync && walksOn(v) {
		if p := s.keep(ctx, c, state, v, false); p != nil {
			return p
		}
		return s.accept(w, r, req, v)
	}
	if p := s.keep(ctx, c, state, v, c.idem == ""); p != nil {
		return p
	}
	return s.sendVerdict(ctx, w, v)
}

// checkScreening finds what is wrong with a request, beside its subject, before anything is done.
func (s *Server) checkScreening(ctx context.Context, req *ScreeningRequest) *Problem {
	switch req.Mode {
	case "", Auto, Sync, Async:
	default:
		return invalidField.problem("body.mode: %.40q is none of auto, sync and async.", string(req.Mode)).at("body.mode", "want auto, sync or async")
	}
	if len(req.Reference) > maxReference {
		return invalidField.problem("body.reference: it has more than %d bytes.", maxReference).at("body.reference", "too long")
	}
	if req.Subject == (screen.Subject{}) {
		return invalidSubject.problem("body.subject: it is missing, or empty. A subject has a chain, and an address, a txid, or both; /docs shows some.").at("body.subject", "is missing")
	}
	if b := req.Budget; b != nil && (b.Hops < 0 || b.Transactions < 0 || b.Milliseconds < 0) {
		return invalidField.problem("body.budget: a bound is 0 (none of its own) or more.").at("body.budget", "a bound is 0 or more")
	}
	return s.knownEndpoint(ctx, req.Endpoint)
}

// screen asks the screener of the moment. Where the chain was reorganised since that was made, it asks
// the one that follows.
func (s *Server) screen(ctx context.Context, req screen.Request) (*State, *screen.Verdict, error) {
	state := s.opt.State()
	for {
		if state == nil {
			return nil, nil, errNoState
		}
		if req.Budget != nil { // whoever asks gets no more than the rules give to what runs behind
			b := req.Budget.Within(state.Screener.Policy().Deep)
			req.Budget = &b
		}
		v, err := state.Screener.Screen(ctx, req)
		if !errors.Is(err, screen.ErrMoved) {
			if err == nil {
				s.metrics.screened(v)
			}
			return state, v, err
		}
		next := s.opt.State()
		if next == state {
			return nil, nil, err
		}
		state = next
	}
}

// errNoState: the program has just begun.
var errNoState = errors.New("labels, rules and incidents are still being read")

// screenProblem says why there is no verdict.
func (s *Server) screenProblem(ctx context.Context, err error) *Problem {
	switch {
	case errors.Is(err, screen.ErrSubject):
		return invalidSubject.problem("%s.", sentence(err))
	case errors.Is(err, screen.ErrMoved), errors.Is(err, errNoState):
		return busy.problem("%s. Ask again in a second.", sentence(err)).after(1)
	}
	return s.asProblem(ctx, fmt.Errorf("screening: %w", err))
}

// walksOn says whether a longer walk could change what a verdict asks for: its budget ended it before all
// was explained, and it does not block already.
func walksOn(v *screen.Verdict) bool {
	if v.Coverage.Ended != screen.EndedBudget || v.Action == screen.Block {
		return false
	}
	for i := range v.Value {
		if !v.Value[i].Unknown.FIFO.IsZero() || !v.Value[i].Unknown.ProRata.IsZero() {
			return true
		}
	}
	return false
}

// keep puts a verdict into the journal, once, with what it was made from, and with the call's entry in the
// log where the answer follows at once.
func (s *Server) keep(ctx context.Context, c *call, state *State, v *screen.Verdict, log bool) *Problem {
	c.result, c.status = v.ID, http.StatusOK
	known := s.recent.has(v.ID)
	if known && !log {
		return nil
	}
	var row journal.Screening
	var err error
	if !known {
		row, err = s.rowOf(c, v)
	}
	if err == nil {
		err = s.commit(ctx, func(tx *journal.Tx) error { return s.keepTx(tx, c, state, &row, log) })
	}
	if err != nil {
		return s.asProblem(ctx, fmt.Errorf("keeping a verdict: %w", err))
	}
	s.blobs.Store(state)
	s.recent.add(v.ID)
	c.logged = c.logged || log
	return nil
}

// keepTx writes what keep keeps. A row without an id is in the journal already.
func (s *Server) keepTx(tx *journal.Tx, c *call, state *State, row *journal.Screening, log bool) error {
	if row.ID != "" {
		if err := s.putBlobs(tx, state); err != nil {
			return err
		}
		if _, err := tx.PutScreening(*row); err != nil {
			return err
		}
	}
	if log {
		return s.appendCall(tx, c)
	}
	return nil
}

func (s *Server) rowOf(c *call, v *screen.Verdict) (journal.Screening, error) {
	data, err := v.JSON()
	return journal.Screening{
		ID: v.ID, Subject: v.Subject.Key(), Verdict: data, Outcome: string(v.Outcome), Action: string(v.Action),
		Created: s.now(), Key: c.keyID(),
	}, err
}

// putBlobs keeps what a state's verdicts pin, with the first of them.
func (s *Server) putBlobs(tx *journal.Tx, state *State) error {
	if s.blobs.Load() == state {
		return nil
	}
	for _, b := range state.Blobs {
		if _, err := tx.PutBlob(b.Kind, b.Content); err != nil {
			return err
		}
	}
	return nil
}

// commit writes to the journal and measures how long that took.
func (s *Server) commit(ctx context.Context, write func(*journal.Tx) error) error {
	began := time.Now()
	err := s.opt.Journal.Do(ctx, write)
	s.metrics.commit.Observe(time.Since(began).Seconds())
	return err
}

// sendVerdict answers with the exact bytes of a verdict. Its id is a hash of them, and so its ETag.
func (s *Server) sendVerdict(ctx context.Context, w http.ResponseWriter, v *screen.Verdict) *Problem {
	data, err := v.JSON()
	if err != nil {
		return s.asProblem(ctx, fmt.Errorf("writing a verdict: %w", err))
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Etag"] = []string{`"` + v.ID + `"`}
	h["Content-Location"] = []string{"/v1/screenings/" + v.ID}
	give(w, data)
	return nil
}

// readJSON reads a body.
func readJSON(r *http.Request, v any) *Problem {
	data := bodyOf(r)
	if len(data) == 0 {
		return badRequest.problem("The body is empty. It has to be a JSON object; /docs shows its form.")
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(strings.ToLower(kind)) {
	case "application/json":
	default:
		return mediaType.problem("Content-Type %.80q is not taken here. Send application/json.", kind)
	}
	if err := strict.JSON(data, v); err != nil {
		return badRequest.problem("%s. The form of the body is at /docs.", sentence(err))
	}
	return nil
}

// writeCallProblem answers with a problem under the request's id.
func writeCallProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	if c := callOf(r.Context()); c != nil {
		p.RequestID = c.id
	}
	writeProblem(w, p)
}

// at names the field that a problem is about.
func (p *Problem) at(location, message string) *Problem {
	p.Errors = append(p.Errors, ProblemField{Location: location, Message: message})
	return p
}

// sentence writes an error as the beginning of a sentence.
func sentence(err error) string {
	text := err.Error()
	if word, _, _ := strings.Cut(text, " "); strings.ContainsAny(word, ".:/_") || text == "" {
		return text // it begins with a file, or with a field
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
