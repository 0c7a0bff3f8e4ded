package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clew/store/journal"
)

// Delivery is an event on its way to an endpoint.
type Delivery struct {
	// ID is the event's: the same at each attempt, in the header webhook-id.
	ID       string          `json:"id"`
	Endpoint string          `json:"endpoint"`
	Kind     string          `json:"kind"`
	State    string          `json:"state"`
	Attempts int             `json:"attempts"`
	Next     *time.Time      `json:"next_at,omitempty"`
	Error    string          `json:"error,omitempty"`
	Created  time.Time       `json:"created_at"`
	Finished *time.Time      `json:"finished_at,omitempty"`
	Event    json.RawMessage `json:"event"`
}

// DeliveryPage is a part of the list of deliveries, the newest first.
type DeliveryPage struct {
	Items []Delivery `json:"items"`
	Next  string     `json:"next,omitempty"`
}

func deliveryOf(d *journal.Delivery) Delivery {
	out := Delivery{
		ID: d.ID, Endpoint: d.Endpoint, Kind: d.Kind, State: string(d.State), Attempts: d.Attempts, Error: d.Error,
		Created: d.Created, Event: d.Body,
	}
	if d.State == journal.DeliveryDue {
		out.Next = &d.Next
	}
	if !d.Finished.IsZero() {
		out.Finished = &d.Finished
	}
	return out
}

type deliveriesIn struct {
	Paged
	State string `query:"state" enum:"due,delivered,dead" doc:"Only these. dead: given up; they can be sent again."`
}

type deliveriesOut struct{ Body DeliveryPage }

// listDeliveries lists events on their way, and those that did not arrive.
func (s *Server) listDeliveries(ctx context.Context, in *deliveriesIn) (*deliveriesOut, error) {
	before, p := in.place()
	if p != nil {
		return nil, p
	}
	rows, next, err := s.opt.Journal.Deliveries(ctx, journal.DeliveryState(in.State), before, in.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing deliveries: %w", err)
	}
	out := &deliveriesOut{DeliveryPage{Items: []Delivery{}, Next: cursorOf(next)}}
	for i := range rows {
		out.Body.Items = append(out.Body.Items, deliveryOf(&rows[i]))
	}
	return out, nil
}

type resendIn struct {
	ByID
	Endpoint string `query:"endpoint" required:"true" maxLength:"200" doc:"The endpoint that it is sent to again."`
}

// resend makes a delivery due again, with the same id.
func (s *Server) resend(ctx context.Context, in *resendIn) (*struct{}, error) {
	callOf(ctx).result = in.ID
	err := s.commit(ctx, func(tx *journal.Tx) error { return tx.Resend(in.ID, in.Endpoint, s.now()) })
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("No delivery of the event %s to the endpoint %.100q has ended, so that it could be sent again.", in.ID, in.Endpoint)
	}
	if err != nil {
		return nil, fmt.Errorf("sending %s again: %w", in.ID, err)
	}
	if s.opt.Sender != nil {
		s.opt.Sender.Wake()
	}
	return nil, nil //nolint:nilnil // huma answers with 202 and no body
}
