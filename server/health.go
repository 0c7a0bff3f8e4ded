package server

import (
	"context"
	"net/http"
	"strconv"
)

// Health is the answer of /healthz.
type Health struct {
	Status  string `json:"status" enum:"ok" doc:"The process answers."`
	Version string `json:"version" doc:"Of the program."`
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready bool `json:"ready" doc:"Whether verdicts can be relied on now."`
	// Why says what is not ready; empty where all is.
	Why       []string     `json:"why" doc:"What is not ready, and why; empty where all is."`
	Chains    []ChainState `json:"chains" doc:"How far each chain is."`
	Remarks   []string     `json:"remarks" doc:"What somebody should see to, though verdicts can be relied on; empty where there is nothing."`
	Incidents int          `json:"incidents" doc:"Incidents that are screened against."`
	Stale     int          `json:"stale_incidents" doc:"Of these, those whose matches do not count at the moment: a block that they rest on left the main chain."`
}

type healthOut struct{ Body Health }

func (s *Server) health(context.Context, *struct{}) (*healthOut, error) {
	return &healthOut{Health{Status: "ok", Version: s.opt.Version}}, nil
}

type readyOut struct {
	Status int
	Body   Readiness
}

// ready says how far each chain is, with 503 where verdicts cannot be relied on.
func (s *Server) ready(ctx context.Context, _ *struct{}) (*readyOut, error) {
	out := &readyOut{Status: http.StatusOK, Body: Readiness{Why: []string{}, Remarks: []string{}, Chains: s.opt.Chains()}}
	body := &out.Body
	if body.Chains == nil {
		body.Chains = []ChainState{}
	}
	if len(body.Chains) == 0 {
		body.Remarks = append(body.Remarks, "no chain was read: verdicts rest on incidents and labels alone, and all else is not covered (clew sync reads a chain)")
	}
	if s.opt.Remarks != nil {
		body.Remarks = append(body.Remarks, s.opt.Remarks()...)
	}
	if s.opt.State() == nil {
		body.Why = append(body.Why, "labels, rules and incidents are being read")
	}
	for _, c := range body.Chains {
		if c.NotReady != "" {
			body.Why = append(body.Why, c.Chain+": "+c.NotReady)
		}
	}
	loaded, err := s.opt.Journal.Incidents(ctx)
	if err != nil {
		s.failed(ctx, callOf(ctx), err)
		body.Why = append(body.Why, "the journal cannot be read")
	}
	body.Incidents = len(loaded)
	for i := range loaded {
		if loaded[i].Stale != "" {
			body.Stale++
		}
	}
	if err := s.opt.Journal.Writable(ctx); err != nil {
		s.failed(ctx, callOf(ctx), err)
		body.Why = append(body.Why, "the journal cannot be written, and nothing is answered that is not kept; the program's log says why")
	}
	if s.ending.Load() {
		body.Why = append(body.Why, "the server is stopping")
	}
	if body.Ready = len(body.Why) == 0; !body.Ready {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

func statusText(status int) string { return strconv.Itoa(status) }
