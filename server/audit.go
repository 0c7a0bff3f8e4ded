package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"clew/custody"
	"clew/store/journal"
)

// Called is what an entry of the log of calls is about.
const Called = "call"

// entry is what the log of calls says of a call: who, what, about what, and what came of it. Bodies and
// keys never stand in it.
func (s *Server) entry(c *call) custody.Entry {
	e := custody.Entry{When: c.started.UTC(), What: Called, Who: c.keyID(), Details: map[string]string{
		"request": c.id, "route": c.route.name, "status": strconv.Itoa(c.status),
	}}
	if c.about != "" {
		e.Details["subject"] = c.about
	}
	if c.reference != "" {
		e.Details["reference"] = c.reference
	}
	if c.result != "" {
		e.Details["result"] = c.result
	}
	return e
}

// appendCall writes a call's entry, with what else the call keeps.
func (s *Server) appendCall(tx *journal.Tx, c *call) error {
	if _, err := tx.AppendLog(s.entry(c)); err != nil {
		return fmt.Errorf("logging the call: %w", err)
	}
	return nil
}

// logCall writes a call's entry in a commit of its own, which calls at the same time share.
func (s *Server) logCall(ctx context.Context, c *call) error {
	err := s.commit(ctx, func(tx *journal.Tx) error { return s.appendCall(tx, c) })
	if err == nil {
		c.logged = true
	}
	return err
}

// logRefused writes the entry of a call that the gate refused. What nobody with a key asked, and what
// was too much, is counted in the metrics alone: the log would be anybody's to fill.
func (s *Server) logRefused(ctx context.Context, c *call) {
	nobody := c.key == nil && c.route.scope != Open && !s.opt.NoAuth
	if c.logged || c.route.quiet || nobody || c.status == http.StatusTooManyRequests || c.status == http.StatusServiceUnavailable {
		return
	}
	if err := s.logCall(context.WithoutCancel(ctx), c); err != nil {
		s.failed(ctx, c, err)
	}
}
