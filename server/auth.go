package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// keyring are the keys of the journal as they were at most keysFor ago, so that a request reads none.
type keyring struct {
	held atomic.Pointer[keySet]
	mu   sync.Mutex // held by who reads them
}

type keySet struct {
	keys map[string]*holder
	read time.Time
}

// keysFor is how long a key that was made or revoked by another process may not be known.
const keysFor = time.Second

// keysNow returns the keys in use, by id.
func (s *Server) keysNow(ctx context.Context) (map[string]*holder, error) {
	if set := s.keys.held.Load(); set != nil && s.opt.Now().Sub(set.read) < keysFor {
		return set.keys, nil
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	before := s.keys.held.Load()
	if before != nil && s.opt.Now().Sub(before.read) < keysFor {
		return before.keys, nil // another request read them meanwhile
	}
	return s.readKeys(ctx, before)
}

// readKeys reads the keys. A key that was known keeps its bucket, and its count of requests.
func (s *Server) readKeys(ctx context.Context, before *keySet) (map[string]*holder, error) {
	kept, err := s.opt.Journal.Keys(context.WithoutCancel(ctx))
	if err != nil {
		return nil, fmt.Errorf("reading the keys of the API: %w", err)
	}
	set := &keySet{keys: make(map[string]*holder, len(kept)), read: s.opt.Now()}
	for _, k := range kept {
		h := &holder{Key: k, inFlight: new(atomic.Int64)}
		if before != nil {
			if old := before.keys[k.ID]; old != nil {
				h.inFlight = old.inFlight
				if old.Rate == k.Rate && old.Key.Burst == k.Burst {
					h.bucket = old.bucket
				}
			}
		}
		if h.bucket == nil {
			perSecond, burst := s.opt.Limits.Rate, s.opt.Limits.Burst
			if k.Rate > 0 {
				perSecond, burst = k.Rate, max(k.Burst, k.Rate)
			}
			h.bucket = newBucket(perSecond, burst)
		}
		set.keys[k.ID] = h
	}
	s.keys.held.Store(set)
	return set.keys, nil
}

// forgetKeys has the keys read again by the next request.
func (s *Server) forgetKeys() {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if before := s.keys.held.Load(); before != nil {
		s.keys.held.Store(&keySet{keys: before.keys})
	}
}

// authorize finds the key of a request and whether its scope is enough.
func (s *Server) authorize(c *call, r *http.Request) *Problem {
	if c.route.scope == Open || s.opt.NoAuth {
		return nil
	}
	keys, err := s.keysNow(r.Context())
	if err != nil {
		return s.asProblem(r.Context(), err)
	}
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if text == "" || !strings.EqualFold(kind, "Bearer") {
		return unauthorized.problem("Send a key as “Authorization: Bearer KEY”. One is made with “clew key add NAME --scope %s”.", c.route.scope).
			with("WWW-Authenticate", `Bearer realm="clew"`)
	}
	if c.key = find(keys, text); c.key == nil {
		return unauthorized.problem("The key is unknown or was revoked. “clew key list” shows those in use.").
			with("WWW-Authenticate", `Bearer realm="clew", error="invalid_token"`)
	}
	if !allows(c.key.Scopes, c.route.scope) {
		return forbidden.problem("The key %s has the scope %s; %s needs %s.", c.key.ID, strings.Join(c.key.Scopes, ", "), c.route.name, c.route.scope)
	}
	return nil
}
