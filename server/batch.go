package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"clew/screen"
	"clew/store/journal"
	"clew/strict"
)

// BatchItem is one subject of a batch.
type BatchItem struct {
	Subject screen.Subject `json:"subject"`
	Budget  *screen.Budget `json:"budget,omitempty"`
	// Reference is the caller's own name for it; it stands in its line.
	Reference string `json:"reference,omitempty"`
}

const (
	// batchChunk is how many subjects are kept in the journal at once, and sent at once.
	batchChunk = 64
	// batchWrite is how long whoever asked may take to read a part of the stream.
	batchWrite = 30 * time.Second
	// batchToken is how many subjects cost as much of a key's rate as one request.
	batchToken = 100
	ndjson     = "application/x-ndjson"
)

// chunk is a part of a batch on its way.
type chunk struct {
	first int // index of its first subject
	items [][]byte
	lines []byte // what is answered
	done  chan struct{}
}

// postBatch screens many subjects and answers with a line for each, in their order, while it goes.
func (s *Server) postBatch(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	switch view := r.URL.Query().Get("view"); view {
	case "", "full":
	case "summary":
		c.summary = true
	default:
		c.status = invalidField.status
		writeCallProblem(w, r, invalidField.problem("query.view: %.40q is none of full and summary.", view).at("query.view", "want full or summary"))
		s.logRefused(r.Context(), c)
		return
	}
	items, p := s.takeBatch(w, r)
	if p != nil {
		c.status = p.Status
		writeCallProblem(w, r, p)
		s.logRefused(r.Context(), c)
		return
	}
	defer func() { <-s.batches }()
	c.status, c.about = http.StatusOK, fmt.Sprintf("batch of %d", len(items))
	w.Header().Set("Content-Type", ndjson)
	err := s.stream(r.Context(), c, http.NewResponseController(w), w, items)
	logged := s.logCall(context.WithoutCancel(r.Context()), c)
	if logged != nil || err != nil && r.Context().Err() == nil {
		s.failed(r.Context(), c, errors.Join(err, logged))
	}
	if logged != nil || err != nil {
		panic(http.ErrAbortHandler) // so that the stream does not look as if it had ended
	}
}

// takeBatch reads a batch, and takes a place for it.
func (s *Server) takeBatch(w http.ResponseWriter, r *http.Request) ([][]byte, *Problem) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(strings.ToLower(kind))
	if kind == "" {
		return nil, untyped()
	}
	if kind != "application/json" && kind != ndjson && kind != "application/jsonl" {
		return nil, mediaType.problem("Content-Type %.80q is not taken here. Send a JSON array as application/json, or a line for each subject as %s.", kind, ndjson)
	}
	items, err := splitBatch(bodyOf(r))
	if err != nil {
		return nil, badRequest.problem("%s. A batch is a JSON array of {\"subject\": …}, or one such object in each line.", sentence(err))
	}
	if len(items) == 0 {
		return nil, badRequest.problem("The batch is empty.")
	}
	if most := s.opt.Limits.BatchLines; len(items) > most {
		return nil, tooLarge.problem("The batch has %d subjects; %d are the most. Divide it.", len(items), most)
	}
	if p := s.spend(callOf(r.Context()), w.Header(), len(items)/batchToken); p != nil {
		return nil, p
	}
	select {
	case s.batches <- struct{}{}:
		return items, nil
	default:
		return nil, busy.problem("%d batches are being answered, which is the most at once. Wait a few seconds.", cap(s.batches)).after(5)
	}
}

// splitBatch finds the subjects of a batch without reading them.
func splitBatch(body []byte) ([][]byte, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) // some programs begin texts with a mark of their encoding
	items := make([][]byte, 0, 1+bytes.Count(body, []byte("\n")))
	if len(body) == 0 || body[0] != '[' {
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				items = append(items, line)
			}
		}
		return items, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("the array cannot be read: %w", err)
	}
	for _, item := range list {
		items = append(items, item)
	}
	return items, nil
}

// stream screens the items with all cores and writes a line for each, in order. The error is that of
// whoever reads; what fails of a subject stands in its line.
func (s *Server) stream(ctx context.Context, c *call, rc *http.ResponseController, w io.Writer, items [][]byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := 2 * runtime.GOMAXPROCS(0) // one waits for the journal while another computes
	todo, order := make(chan *chunk), make(chan *chunk, 2*workers)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for part := range todo {
				s.screenChunk(ctx, c, part)
				close(part.done)
			}
		})
	}
	running.Go(func() {
		defer close(todo)
		defer close(order)
		for at := 0; at < len(items); at += batchChunk {
			part := &chunk{first: at, items: items[at:min(at+batchChunk, len(items))], done: make(chan struct{})}
			order <- part
			todo <- part
		}
	})
	var failed error
	for part := range order {
		<-part.done
		if failed == nil {
			if failed = sendPart(rc, w, part.lines); failed != nil {
				cancel() // nobody reads any more: what follows ends soon
			}
		}
	}
	running.Wait()
	return failed
}

func sendPart(rc *http.ResponseController, w io.Writer, lines []byte) error {
	if err := rc.SetWriteDeadline(time.Now().Add(batchWrite)); err != nil {
		return fmt.Errorf("bounding the time to send: %w", err)
	}
	if _, err := w.Write(lines); err != nil {
		return fmt.Errorf("sending a part of the batch: %w", err)
	}
	if err := rc.Flush(); err != nil {
		return fmt.Errorf("sending a part of the batch: %w", err)
	}
	return nil
}

// batched is what came of one subject of a batch.
type batched struct {
	reference string
	state     *State // that the verdict was made from; nil: there is none
	row       journal.Screening
	line      []byte // an object, of which the line is made
}

// screenChunk screens a part of a batch and keeps its verdicts, before they are sent.
func (s *Server) screenChunk(ctx context.Context, c *call, part *chunk) {
	found := make([]batched, len(part.items))
	size := 0
	for i, item := range part.items {
		if p := s.screenItem(ctx, c, item, &found[i]); p != nil {
			found[i].state, found[i].line = nil, problemLine(p)
		}
		size += len(found[i].line) + 32
	}
	p := s.keepFound(ctx, found)
	part.lines = make([]byte, 0, size)
	for i := range found {
		if p != nil {
			found[i].line = problemLine(p)
		}
		part.lines = appendLine(part.lines, part.first+i, found[i].reference, found[i].line)
	}
}

// screenItem screens one subject of a batch. A panic is that subject's problem, and nobody else's.
func (s *Server) screenItem(ctx context.Context, c *call, data []byte, out *batched) (p *Problem) {
	defer func() {
		if v := recover(); v != nil {
			p = s.asProblem(ctx, panicked(v))
		}
	}()
	var item BatchItem
	if err := strict.JSON(data, &item); err != nil {
		return badRequest.problem("%s.", sentence(err))
	}
	req := ScreeningRequest{Subject: item.Subject, Budget: item.Budget, Reference: item.Reference}
	if p := s.checkScreening(ctx, &req); p != nil {
		return p
	}
	out.reference = item.Reference
	state, v, err := s.screen(ctx, screen.Request{Subject: req.Subject, Budget: req.Budget})
	if err != nil {
		return s.screenProblem(ctx, err)
	}
	if out.row, err = s.rowOf(c, v); err != nil {
		return s.asProblem(ctx, err)
	}
	out.state, out.line = state, out.row.Verdict
	if c.summary {
		if out.line, err = json.Marshal(summaryOf(v)); err != nil {
			return s.asProblem(ctx, err)
		}
	}
	return nil
}

// batchSummary is a verdict in a line of a batch that asked for summaries: fields of it as they are there.
type batchSummary struct {
	ID      string         `json:"id"`
	Subject screen.Subject `json:"subject"`
	Outcome screen.Outcome `json:"verdict"`
	Action  screen.Action  `json:"action"`
	Says    string         `json:"says"`
	Score   *int           `json:"score,omitempty"`
}

func summaryOf(v *screen.Verdict) batchSummary {
	return batchSummary{ID: v.ID, Subject: v.Subject, Outcome: v.Outcome, Action: v.Action, Says: v.Says, Score: v.Score}
}

// keepFound keeps the verdicts of a part in one commit, with what each of the states pins that they were made
// from: a part may see more than one.
func (s *Server) keepFound(ctx context.Context, found []batched) *Problem {
	var rows []*batched
	for i := range found {
		if found[i].state != nil && !s.recent.has(found[i].row.ID) {
			rows = append(rows, &found[i])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	err := s.commit(ctx, func(tx *journal.Tx) error {
		var state *State
		for _, f := range rows {
			if f.state != state {
				if err := s.putBlobs(tx, f.state); err != nil {
					return err
				}
				state = f.state
			}
			if _, err := tx.PutScreening(f.row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s.asProblem(ctx, fmt.Errorf("keeping verdicts of a batch: %w", err))
	}
	for _, f := range rows {
		s.blobs.Store(f.state)
		s.recent.add(f.row.ID)
	}
	return nil
}

// problemLine is what stands in the line of a subject without a verdict, as appendLine takes it.
func problemLine(p *Problem) []byte {
	data, err := json.Marshal(struct {
		Problem *Problem `json:"problem"`
	}{p})
	if err != nil {
		return []byte(`{"problem":null}`) // texts and numbers always marshal
	}
	return data
}

// appendLine writes an object as a line, with the index of the subject and the caller's own name for it as its
// first fields.
func appendLine(to []byte, index int, reference string, object []byte) []byte {
	to = append(to, `{"index":`...)
	to = strconv.AppendInt(to, int64(index), 10)
	if name, err := json.Marshal(reference); err == nil && reference != "" { // a text always marshals
		to = append(append(to, `,"reference":`...), name...)
	}
	to = append(to, ',')
	to = append(to, object[1:]...)
	return append(to, '\n')
}
