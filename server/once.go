package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"clew/store/journal"
)

// once calls a handler, and answers a request with an Idempotency-Key that was answered before with
// what was said then. Only what succeeded is kept: what was refused did nothing, and may be mended.
func (s *Server) once(c *call, r *http.Request, body []byte, said *answer, next http.HandlerFunc) *Problem {
	if given := r.Header.Get("Idempotency-Key"); given != "" && r.Method == http.MethodPost {
		if !isToken(given, 128) {
			return badRequest.problem("The Idempotency-Key has to be 1 to 128 printable characters without spaces, such as a UUID.")
		}
		c.idem = c.keyID() + "/" + given
	}
	if c.idem == "" {
		return s.guarded(said, r, next)
	}
	if _, taken := s.asked.LoadOrStore(c.idem, struct{}{}); taken {
		return inFlight.problem("A request with this Idempotency-Key is being answered. Send it again in a second.").after(1)
	}
	defer s.asked.Delete(c.idem)
	request := requestHash(r, body)
	before, err := s.opt.Journal.Reply(r.Context(), c.idem)
	if err == nil && s.opt.Now().Sub(before.Created) < s.opt.Limits.ReplyKept {
		return s.again(r, before, request, said)
	}
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		return s.asProblem(r.Context(), fmt.Errorf("looking up an Idempotency-Key: %w", err))
	}
	if p := s.guarded(said, r, next); p != nil {
		return p
	}
	if said.status >= http.StatusMultipleChoices {
		return nil
	}
	return s.keepReply(r.Context(), c, request, said)
}

// again says what was said before.
func (s *Server) again(r *http.Request, before journal.Reply, request string, said *answer) *Problem {
	if before.Request != request {
		return keyReused.problem("This Idempotency-Key was used for a request with another path or body. Use a new key for a new request.")
	}
	var kept http.Header
	if err := json.Unmarshal(before.Header, &kept); err != nil {
		return s.asProblem(r.Context(), fmt.Errorf("reading a kept answer: %w", err))
	}
	for name, values := range kept {
		said.header[name] = values
	}
	said.header.Set("Idempotency-Replayed", "true")
	said.WriteHeader(before.Status)
	said.body.Write(before.Body)
	return nil
}

// keepReply keeps an answer under the call's Idempotency-Key, with the call's entry in the log.
func (s *Server) keepReply(ctx context.Context, c *call, request string, said *answer) *Problem {
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Location", "Etag", "Retry-After"} {
		if v := said.header.Values(name); len(v) > 0 {
			header[name] = v
		}
	}
	text, err := json.Marshal(header)
	if err == nil {
		c.status = said.status
		reply := journal.Reply{Key: c.idem, Request: request, Status: said.status, Header: text, Body: said.bytes(), Created: s.now()}
		err = s.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
			if err := tx.PutReply(reply); err != nil {
				return err
			}
			return s.appendCall(tx, c)
		})
	}
	if err != nil {
		return s.asProblem(ctx, fmt.Errorf("keeping the answer to an Idempotency-Key: %w", err))
	}
	c.logged = true
	return nil
}

// requestHash names a request: what was asked of which path.
func requestHash(r *http.Request, body []byte) string {
	h := sha256.New()
	_, _ = io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n"+r.Header.Get("Content-Type")+"\n") // a hash takes everything
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// newID makes the id of something new. With an Idempotency-Key it follows from it: where the program
// dies between making the thing and keeping the answer, the request that is sent again makes the
// same, and not another one.
func newID(c *call, prefix string) string {
	if c.idem == "" {
		return prefix + rand.Text()
	}
	sum := sha256.Sum256([]byte(c.route.name + "\n" + c.idem))
	return prefix + hex.EncodeToString(sum[:13])
}
