package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clew/chains"
	"clew/store/journal"
)

// Incident is an incident that is screened against.
type Incident struct {
	ID     string    `json:"id"`
	Title  string    `json:"title,omitempty"`
	Trace  string    `json:"trace"`
	SHA256 string    `json:"sha256"`
	Loaded time.Time `json:"loaded_at"`
	Stale  string    `json:"stale,omitempty"`
	// Synthetic: it was made for a test or a demonstration, and is no theft.
	Synthetic bool `json:"synthetic,omitempty"`
}

// IncidentList are all incidents that are screened against.
type IncidentList struct {
	Items []Incident `json:"items"`
}

// incidentOf writes an incident as the API shows it, with what its trace says where it is loaded.
func (s *Server) incidentOf(i *journal.Incident) Incident {
	out := Incident{ID: i.ID, Trace: i.Trace, SHA256: i.SHA256, Loaded: i.Loaded, Stale: i.Stale}
	if state := s.opt.State(); state != nil {
		for _, l := range state.Screener.Index().Incidents() {
			if l.ID == i.ID {
				out.Title, out.Synthetic = l.Title, l.Synthetic
			}
		}
	}
	return out
}

type incidentsOut struct{ Body IncidentList }

// listIncidents lists what is screened against.
func (s *Server) listIncidents(ctx context.Context, _ *struct{}) (*incidentsOut, error) {
	rows, err := s.opt.Journal.Incidents(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing incidents: %w", err)
	}
	out := &incidentsOut{IncidentList{Items: []Incident{}}}
	for i := range rows {
		out.Body.Items = append(out.Body.Items, s.incidentOf(&rows[i]))
	}
	return out, nil
}

// incident finds a loaded incident.
func (s *Server) incident(ctx context.Context, id string) (*journal.Incident, error) {
	rows, err := s.opt.Journal.Incidents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading incident %s: %w", id, err)
	}
	for i := range rows {
		if rows[i].ID == id {
			return &rows[i], nil
		}
	}
	return nil, notFound.problem("No incident %s is loaded. GET /v1/incidents lists those that are.", id)
}

type incidentOut struct{ Body Incident }

// getIncident returns what is known of an incident.
func (s *Server) getIncident(ctx context.Context, in *ByID) (*incidentOut, error) {
	i, err := s.incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callOf(ctx).result = in.ID
	return &incidentOut{s.incidentOf(i)}, nil
}

// dropIncident forgets an incident: nothing is screened against it from now on.
func (s *Server) dropIncident(ctx context.Context, in *ByID) (*struct{}, error) {
	if s.opt.Traces == nil {
		return nil, noTraces()
	}
	callOf(ctx).result = in.ID
	err := s.opt.Traces.Drop(ctx, in.ID)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, notFound.problem("No incident %s is loaded.", in.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("forgetting incident %s: %w", in.ID, err)
	}
	return nil, nil //nolint:nilnil // huma answers with 204 and no body
}

func noTraces() *Problem {
	return notOffered.problem("The program was started without a store of traces.")
}

// getTrace returns the trace of an incident as JSON (schema clew.trace/1).
func (s *Server) getTrace(ctx context.Context, in *storedIn) (*rawOut, error) {
	if s.opt.Traces == nil {
		return nil, noTraces()
	}
	i, err := s.incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	callOf(ctx).result = in.ID
	data, err := s.opt.Traces.JSON(ctx, i.Trace)
	if err != nil {
		return nil, fmt.Errorf("reading the trace of incident %s: %w", in.ID, err)
	}
	return raw(data, `"`+i.SHA256+`"`, in.IfNoneMatch), nil
}

// IncidentRequest asks to screen against a trace that the store has.
type IncidentRequest struct {
	Trace    string `json:"trace"`
	Endpoint string `json:"endpoint,omitempty"`
}

// postIncident takes an incident's file, or the id of a trace, and answers with a job.
func (s *Server) postIncident(w http.ResponseWriter, r *http.Request) {
	if p := s.takeIncident(w, r); p != nil {
		writeCallProblem(w, r, p)
	}
}

func (s *Server) takeIncident(w http.ResponseWriter, r *http.Request) *Problem {
	if s.opt.Traces == nil {
		return noTraces()
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(strings.ToLower(kind)) {
	case "application/yaml", "application/x-yaml", "text/yaml":
		return s.takeFile(w, r)
	}
	var req IncidentRequest
	if p := readJSON(r, &req); p != nil {
		return p
	}
	if req.Trace == "" {
		return invalidField.problem("body.trace: an id of a trace is needed. Send an incident's file as application/yaml.").at("body.trace", "is needed")
	}
	if p := s.knownEndpoint(r.Context(), req.Endpoint); p != nil {
		return p
	}
	if _, err := s.opt.Traces.JSON(r.Context(), req.Trace); errors.Is(err, chains.ErrNotFound) {
		return notFound.problem("The store has no trace %.100q. “clew trace” prints the id of each that it keeps.", req.Trace)
	} else if err != nil {
		return s.asProblem(r.Context(), fmt.Errorf("looking for trace %s: %w", req.Trace, err))
	}
	return s.addJob(w, r, jobTrace, traceJob{Trace: req.Trace}, req.Endpoint)
}

// takeFile takes an incident's file, once it can be read.
func (s *Server) takeFile(w http.ResponseWriter, r *http.Request) *Problem {
	endpoint := r.URL.Query().Get("endpoint")
	if p := s.knownEndpoint(r.Context(), endpoint); p != nil {
		return p
	}
	file := bodyOf(r)
	if err := s.opt.Traces.Check(file); err != nil {
		return invalidIncident.problem("%s.", sentence(err))
	}
	return s.addJob(w, r, jobTrace, traceJob{File: file}, endpoint)
}
