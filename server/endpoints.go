package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"clew/server/webhook"
	"clew/store/journal"
)

// Endpoint is where webhooks are sent.
type Endpoint struct {
	ID  string `json:"id"`
	URL string `json:"url"`
	// Events are the kinds that it wants; empty: all.
	Events  []string  `json:"events"`
	Created time.Time `json:"created_at"`
	// Secret signs what is sent. It is shown once, when the endpoint is made.
	Secret string `json:"secret,omitempty"`
}

// EndpointRequest makes an endpoint.
type EndpointRequest struct {
	URL    string   `json:"url" maxLength:"2000" format:"uri"`
	Events []string `json:"events,omitempty" maxItems:"20"`
}

// EndpointList are all endpoints.
type EndpointList struct {
	Items []Endpoint `json:"items"`
}

func endpointOf(e *journal.Endpoint) Endpoint {
	out := Endpoint{ID: e.ID, URL: e.URL, Events: e.Events, Created: e.Created}
	if out.Events == nil {
		out.Events = []string{}
	}
	return out
}

type endpointIn struct{ Body EndpointRequest }

type endpointOut struct {
	Location string `header:"Location"`
	Body     Endpoint
}

// postEndpoint makes an endpoint, and a secret for it.
func (s *Server) postEndpoint(ctx context.Context, in *endpointIn) (*endpointOut, error) {
	if err := s.opt.Guard.CheckURL(in.Body.URL); err != nil {
		return nil, invalidField.problem("body.url: %s.", err).at("body.url", err.Error())
	}
	for _, kind := range in.Body.Events {
		if !knownEvent(kind) {
			return nil, invalidField.problem("body.events: %.100q is no kind of event. There are %s.", kind, strings.Join(Events(), ", ")).at("body.events", "no kind of event")
		}
	}
	c := callOf(ctx)
	secret, err := webhook.NewSecret()
	if err != nil {
		return nil, err
	}
	e := journal.Endpoint{ID: newID(c, "end-"), URL: in.Body.URL, Secret: secret, Events: in.Body.Events, Created: s.now()}
	c.result = e.ID
	err = s.commit(ctx, func(tx *journal.Tx) error {
		// The same request may have made it and died before its answer was kept: the secret stays.
		before, err := tx.Endpoint(e.ID)
		if err == nil {
			e = before
			return nil
		}
		if !errors.Is(err, journal.ErrNotFound) {
			return err
		}
		return tx.PutEndpoint(e)
	})
	if err != nil {
		return nil, fmt.Errorf("keeping a webhook endpoint: %w", err)
	}
	s.opt.Watches()
	out := &endpointOut{Location: "/v1/webhook-endpoints/" + e.ID, Body: endpointOf(&e)}
	out.Body.Secret = webhook.Secret(e.Secret).Reveal()
	return out, nil
}

type endpointsOut struct{ Body EndpointList }

// listEndpoints lists endpoints, without their secrets.
func (s *Server) listEndpoints(ctx context.Context, _ *struct{}) (*endpointsOut, error) {
	rows, err := s.opt.Journal.Endpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing webhook endpoints: %w", err)
	}
	out := &endpointsOut{EndpointList{Items: []Endpoint{}}}
	for i := range rows {
		out.Body.Items = append(out.Body.Items, endpointOf(&rows[i]))
	}
	return out, nil
}

// endpoint finds an endpoint that is in use.
func (s *Server) endpoint(ctx context.Context, id string) (*journal.Endpoint, error) {
	e, err := s.opt.Journal.Endpoint(ctx, id)
	if errors.Is(err, journal.ErrNotFound) || (err == nil && !e.Removed.IsZero()) {
		return nil, notFound.problem("There is no webhook endpoint %.100q.", id)
	}
	if err != nil {
		return nil, fmt.Errorf("reading webhook endpoint %s: %w", id, err)
	}
	return &e, nil
}

// knownEndpoint says what is wrong with the id of an endpoint that a body names; "" names none.
func (s *Server) knownEndpoint(ctx context.Context, id string) *Problem {
	if id == "" {
		return nil
	}
	_, err := s.endpoint(ctx, id)
	if err == nil {
		return nil
	}
	p := s.asProblem(ctx, err)
	if p.Status != notFound.status {
		return p
	}
	return invalidField.problem("body.endpoint: %s Make one with POST /v1/webhook-endpoints.", p.Detail).at("body.endpoint", "unknown endpoint")
}

// getEndpoint returns an endpoint, without its secret.
func (s *Server) getEndpoint(ctx context.Context, in *ByID) (*endpointOut, error) {
	e, err := s.endpoint(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &endpointOut{Location: "/v1/webhook-endpoints/" + e.ID, Body: endpointOf(e)}, nil
}

// removeEndpoint takes an endpoint away. What is due for it is not sent any more.
func (s *Server) removeEndpoint(ctx context.Context, in *ByID) (*struct{}, error) {
	callOf(ctx).result = in.ID
	err := s.commit(ctx, func(tx *journal.Tx) error { return tx.RemoveEndpoint(in.ID) })
	if errors.Is(err, journal.ErrNotFound) {
		return nil, notFound.problem("There is no webhook endpoint %s.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("removing webhook endpoint %s: %w", in.ID, err)
	}
	s.opt.Watches()
	return nil, nil //nolint:nilnil // huma answers with 204 and no body
}

// ProbeResult says what came of a test event.
type ProbeResult struct {
	Delivered bool   `json:"delivered"`
	Error     string `json:"error,omitempty"`
}

type probeOut struct{ Body ProbeResult }

// probeEndpoint sends an endpoint a test event now, once.
func (s *Server) probeEndpoint(ctx context.Context, in *ByID) (*probeOut, error) {
	e, err := s.endpoint(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if s.opt.Sender == nil {
		return nil, notOffered.problem("The program was started without sending webhooks.")
	}
	callOf(ctx).result = in.ID
	out := &probeOut{Body: ProbeResult{Delivered: true}}
	if err := s.opt.Sender.Probe(ctx, *e); err != nil {
		out.Body = ProbeResult{Error: err.Error()}
	}
	return out, nil
}
