package server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"clew/store/journal"
)

// Scope is what a key may do. Each includes those before it.
type Scope string

// The scopes.
const (
	Open   Scope = ""       // no key is needed
	Read   Scope = "read"   // what is there: screenings, jobs, incidents, addresses, watches
	Screen Scope = "screen" // screenings, batches, watches
	Admin  Scope = "admin"  // incidents, webhook endpoints, deliveries, keys
)

var scopeOrder = []Scope{Open, Read, Screen, Admin}

// allows says whether any of the scopes of a key is enough.
func allows(have []string, need Scope) bool {
	for _, s := range have {
		if at := slices.Index(scopeOrder, Scope(s)); at > 0 && at >= slices.Index(scopeOrder, need) {
			return true
		}
	}
	return false
}

// keyPrefix begins each key, so that scanners for leaked secrets can know it.
const keyPrefix = "clew_"

// MakeKey makes a key of the API. The text is "clew_", the key's id, "_", and 64 hex digits of 256
// random bits; it is shown once. What is kept is its SHA-256: with that many random bits there is
// nothing to guess, and a slow hash would only slow down each request. A rate of 0 is the server's own.
func MakeKey(name string, scopes []string, rate, burst int, now time.Time) (string, journal.Key, error) {
	if strings.TrimSpace(name) == "" {
		return "", journal.Key{}, fmt.Errorf("a key needs a name, by which it is known in the log")
	}
	for _, s := range scopes {
		if !slices.Contains(scopeOrder[1:], Scope(s)) {
			return "", journal.Key{}, fmt.Errorf("scope %q: there are read, screen and admin", s)
		}
	}
	if len(scopes) == 0 {
		return "", journal.Key{}, fmt.Errorf("a key needs a scope: read, screen or admin")
	}
	var random [40]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	id := hex.EncodeToString(random[:8])
	text := keyPrefix + id + "_" + hex.EncodeToString(random[8:])
	return text, journal.Key{
		ID: id, Name: name, Hash: sha256.Sum256([]byte(text)), Scopes: scopes, Created: now.UTC(),
		Rate: rate, Burst: burst,
	}, nil
}

// holder is a key in use, with what it may still ask for.
type holder struct {
	journal.Key
	bucket   *bucket
	inFlight *atomic.Int64 // requests of it that are being read or answered
}

// find returns the key of a text; nil where it is none of them. What it compares does not depend on
// where a wrong text differs.
func find(keys map[string]*holder, text string) *holder {
	id, _, ok := strings.Cut(strings.TrimPrefix(text, keyPrefix), "_")
	if !ok || !strings.HasPrefix(text, keyPrefix) {
		return nil
	}
	sum := sha256.Sum256([]byte(text))
	k := keys[id]
	if k == nil || subtle.ConstantTimeCompare(sum[:], k.Hash[:]) != 1 || !k.Revoked.IsZero() {
		return nil
	}
	return k
}
