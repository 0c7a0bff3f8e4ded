package watch

import (
	"encoding/json"
	"fmt"
	"time"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
)

// The states of a movement: journal.Sighting.State.
const (
	statePending   = "pending"
	stateConfirmed = "confirmed"
	stateDropped   = "dropped"
	stateReorged   = "reorged"
)

// Movement is the data of a watch's events.
type Movement struct {
	Watch    string         `json:"watch"`
	Subject  screen.Subject `json:"subject"` // what is watched
	Incident string         `json:"incident,omitempty"`
	Note     string         `json:"note,omitempty"` // of who set the watch
	Kind     string         `json:"kind"`           // moved, received
	State    string         `json:"state"`          // pending, confirmed, dropped, reorged
	// Sequence counts the events about this transaction at this watch, from 1: a later one
	// corrects those before it.
	Sequence int     `json:"sequence"`
	Chain    string  `json:"chain"`
	CAIP2    string  `json:"caip2"`
	TxID     string  `json:"txid"`
	Height   *int64  `json:"height,omitempty"` // of the block; absent while it waits
	Block    string  `json:"block,omitempty"`  // its hash
	Time     string  `json:"time,omitempty"`   // in its header
	Value    []Value `json:"value"`            // what left the place, or came to it
	From     []Party `json:"from"`
	To       []Party `json:"to"`
	MoreFrom int     `json:"more_from,omitempty"` // that are not listed
	MoreTo   int     `json:"more_to,omitempty"`
	Evidence string  `json:"evidence"` // proven, attested, imported
	Why      string  `json:"why,omitempty"`
}

// movement returns what was found as data of an event, in a state.
func (f *found) movement(state string) Movement {
	w := f.watch
	m := Movement{
		Watch: w.ID, Subject: subject(w), Incident: w.Incident, Note: w.Note, Kind: f.kind, State: state,
		Chain: w.Chain, CAIP2: chains.Chain(w.Chain).CAIP2(), TxID: formatTx(chains.Chain(w.Chain), f.tx.ID),
		Value: f.value, From: f.from, To: f.to, MoreFrom: f.moreFrom, MoreTo: f.moreTo, Evidence: f.tx.Evidence.String(),
	}
	if m.Value == nil { // an input whose value nobody told
		m.Value = []Value{}
	}
	if state == stateConfirmed {
		height := f.tx.Block.Height
		m.Height, m.Block, m.Time = &height, formatTx(chains.Chain(w.Chain), f.tx.Block.Hash), formatTime(f.tx.Block.Time)
	}
	return m
}

// eventOf returns the kind of event that tells of a movement.
func eventOf(m *Movement) string {
	switch m.State {
	case statePending:
		return EventPending
	case stateDropped:
		return EventDropped
	case stateReorged:
		return EventReorged
	}
	if m.Kind == Moved {
		return EventMoved
	}
	return EventReceived
}

// teller writes events in one transaction of the journal.
type teller struct {
	tx        *journal.Tx
	endpoints []journal.Endpoint
	now       time.Time
	told      int
	touched   map[string]bool // watches of which a block moved value, or was taken back
}

// open makes a teller for a transaction.
func open(tx *journal.Tx, now time.Time) (*teller, error) {
	endpoints, err := tx.Endpoints()
	return &teller{tx: tx, endpoints: endpoints, now: now, touched: map[string]bool{}}, err
}

// tell writes what a movement's state means, given what was told of it before:
//
//	told before \ now   pending    confirmed                  dropped   reorged
//	nothing             pending    moved                      -         -
//	pending             -          moved                      dropped   -
//	confirmed           -          - ; in another block:      -         reorged
//	                               reorged, then moved
//	dropped, reorged    pending    moved                      -         -
//
// - is nothing: it was told, or there is nothing to take back.
func (t *teller) tell(m Movement, only string) error {
	prior, seen, err := t.tx.Sighting(m.Watch, m.TxID, m.Kind)
	if err != nil {
		return err
	}
	state := prior.State
	switch m.State {
	case statePending:
		if state == statePending || state == stateConfirmed {
			return nil
		}
	case stateConfirmed:
		if state == stateConfirmed && prior.Block == m.Block {
			return nil
		}
		if state == stateConfirmed {
			if err := t.takeBack(&prior, only); err != nil {
				return err
			}
		}
	case stateDropped:
		if state != statePending {
			return nil
		}
	case stateReorged:
		if state != stateConfirmed {
			return nil
		}
	}
	if seen {
		before, err := readMovement(&prior)
		if err != nil {
			return err
		}
		m.Sequence = before.Sequence
	}
	return t.write(m, only)
}

// takeBack tells that the block of a sighting has left the main chain.
func (t *teller) takeBack(s *journal.Sighting, only string) error {
	m, err := readMovement(s)
	if err != nil {
		return err
	}
	m.State, m.Why = stateReorged, fmt.Sprintf("block %d (%s) has left the main chain", s.Height, s.Block)
	if err := t.write(m, only); err != nil {
		return err
	}
	*s, _, err = t.tx.Sighting(s.Watch, s.TxID, s.Kind)
	return err
}

// write writes the event of a movement and what was told of it last.
func (t *teller) write(m Movement, only string) error {
	m.Sequence++
	e, err := NewEvent(eventOf(&m), "watch:"+m.Watch, t.now, m)
	if err != nil {
		return err
	}
	s := journal.Sighting{
		Watch: m.Watch, TxID: m.TxID, Kind: m.Kind, Chain: m.Chain, State: m.State, Block: m.Block, Event: e.ID, Body: e.Data,
	}
	if m.Height != nil {
		s.Height = *m.Height
	}
	if err := t.tx.PutSighting(s); err != nil {
		return err
	}
	t.told++
	if m.State == stateConfirmed || m.State == stateReorged {
		t.touched[m.Watch] = true
	}
	return Emit(t.tx, t.endpoints, only, &e)
}

func readMovement(s *journal.Sighting) (Movement, error) {
	var m Movement
	if err := json.Unmarshal(s.Body, &m); err != nil {
		return m, fmt.Errorf("what was told of watch %s: transaction %s: %w", s.Watch, s.TxID, err)
	}
	return m, nil
}
