package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"clew/store/journal"
)

// The kinds of events of this package.
const (
	EventPending  = "watch.pending"
	EventMoved    = "watch.moved"
	EventReceived = "watch.received"
	EventDropped  = "watch.dropped"
	EventReorged  = "watch.reorged"
	EventVerdict  = "verdict.changed"
)

// Event is something that endpoints are told: also those of other packages have this form.
type Event struct {
	ID   string
	Type string
	// Group: those of one group are first sent in the order in which they were emitted; "": no order.
	Group string
	At    time.Time // when it was found; in UTC, to the second
	Data  json.RawMessage
}

// NewEvent returns the event that says data, a value for JSON. Its id is a hash of type, group and data: the
// same thing said twice is one event. What can happen twice has something in its data that tells.
func NewEvent(kind, group string, at time.Time, data any) (Event, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", kind, err)
	}
	h := sha256.New()
	for _, part := range []string{kind, group} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	h.Write(text)
	return Event{
		ID: "evt-" + hex.EncodeToString(h.Sum(nil)[:16]), Type: kind, Group: group, At: at.UTC().Truncate(time.Second), Data: text,
	}, nil
}

// Body returns the JSON that is sent:
//
//	{"id": "evt-…", "type": "watch.moved", "timestamp": "2026-01-02T03:04:05Z", "data": {…}}
func (e *Event) Body() ([]byte, error) {
	return json.Marshal(struct {
		ID   string          `json:"id"`
		Type string          `json:"type"`
		At   string          `json:"timestamp"`
		Data json.RawMessage `json:"data"`
	}{e.ID, e.Type, e.At.Format(time.RFC3339), e.Data})
}

// Emit keeps a delivery of an event for each of the endpoints that wants its kind, in the caller's
// transaction; only for the one with the id only, where that is not "".
func Emit(tx *journal.Tx, endpoints []journal.Endpoint, only string, e *Event) error {
	body, err := e.Body()
	if err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	for i := range endpoints {
		to := &endpoints[i]
		if only != "" && to.ID != only || to.Events != nil && !slices.Contains(to.Events, e.Type) {
			continue
		}
		if err := tx.AddDelivery(journal.Delivery{ID: e.ID, Endpoint: to.ID, Group: e.Group, Kind: e.Type, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// Events returns every kind of event that an endpoint can ask for of this package.
func Events() []string {
	return []string{EventPending, EventMoved, EventReceived, EventDropped, EventReorged, EventVerdict}
}
