package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"clew/strict"
)

// newAPI sets huma up: strict JSON, problems of our own form, and no pages of its own, which would
// load scripts from elsewhere.
func (s *Server) newAPI() {
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Info:       &huma.Info{Title: "Clew screening API", Version: "1"},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName)},
		},
		Formats: map[string]huma.Format{
			"application/json": {Marshal: writeJSON, Unmarshal: strict.JSON},
			"json":             {Marshal: writeJSON, Unmarshal: strict.JSON},
		},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{problems},
	}
	describeTypes(config.Components.Schemas)
	// Paths are a map in the document; the page shows operations in the order in which they are registered.
	config.OnAddOperation = append(config.OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) {
		s.ordered++
		op.Extensions["x-order"] = s.ordered
	})
	s.api = huma.NewAPI(config, &adapter{Adapter: humago.NewAdapter(s.mux, ""), s: s})
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// problems turns what huma says of a request into problems of our kinds.
func problems(ctx huma.Context, _ string, v any) (any, error) {
	p, is := v.(*Problem)
	if m, foreign := v.(*huma.ErrorModel); foreign {
		p, is = fromHuma(m), true
	}
	if !is {
		return v, nil
	}
	if c := callOf(ctx.Context()); c != nil {
		p.RequestID = c.id
	}
	return p, nil
}

// adapter puts the gate before each of huma's routes.
type adapter struct {
	huma.Adapter
	s *Server
}

// Handle registers an operation with the mux.
func (a *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	rt := routeOf(op, &a.s.opt.Limits)
	next := func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept") // there is one form of each answer, whatever form is asked for (RFC 9110, 12.1)
		handler(humago.NewContext(op, r, w))
	}
	pattern, verb := rt.name, ""
	if at := strings.LastIndex(op.Path, "}:"); at >= 0 {
		pattern, verb = op.Method+" "+op.Path[:at+1], op.Path[at+1:]
	}
	gated := a.s.gate(rt, next)
	a.s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if verb != "" && !cutVerb(r, verb) {
			a.s.unrouted(w, r)
			return
		}
		gated(w, r)
	})
}

// cutVerb takes the verb (“:replay”) off the path's id. The mux of net/http knows whole segments alone.
func cutVerb(r *http.Request, verb string) bool {
	id, found := strings.CutSuffix(r.PathValue("id"), verb)
	if found {
		r.SetPathValue("id", id)
	}
	return found && id != ""
}

// routeOf is what the gate has to know of an operation.
func routeOf(op *huma.Operation, l *Limits) *route {
	rt := &route{Operation: op, name: op.Method + " " + op.Path, body: l.Body, time: l.Deadline}
	rt.scope, _ = op.Metadata["scope"].(Scope)
	rt.quiet, _ = op.Metadata["quiet"].(bool)
	return rt
}

// register registers a handler of huma's. What it returns as an error is told as a problem; what is no
// problem yet stays in the program's log, since it may name what is nobody's business.
func register[I, O any](s *Server, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err == nil {
			return out, nil
		}
		return nil, s.asProblem(ctx, err)
	})
}

// asProblem makes a problem of whatever error a handler returned.
func (s *Server) asProblem(ctx context.Context, err error) *Problem {
	var p *Problem
	switch c := callOf(ctx); {
	case errors.As(err, &p):
	case s.abort.Err() != nil:
		p = stopping.problem("The server stopped before the answer was there. Ask again once it is back.").after(5)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		s.opt.Logger.LogAttrs(ctx, slog.LevelDebug, "whoever asked has gone", slog.String("request", c.id))
		p = clientGone.problem("Nobody waits for the answer.")
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		p = timedOut.problem("There was no answer within %s. Ask for less at once, or with mode async.", c.route.time)
	default:
		s.failed(ctx, c, err)
		p = internalError.problem("The request could not be carried out; the program's log names the cause under this request id. It is safe to send it again with the same Idempotency-Key.")
	}
	return p
}

// plain registers a handler that is not huma's for an operation that the document has.
func (s *Server) plain(op huma.Operation, change func(*route), h http.HandlerFunc) {
	s.api.OpenAPI().AddOperation(&op)
	rt := routeOf(&op, &s.opt.Limits)
	if change != nil {
		change(rt)
	}
	s.mux.HandleFunc(rt.name, s.gate(rt, h))
}

// operation begins the declaration of an operation: what all have in common.
func operation(method, path, id, tag string, scope Scope, summary, description string, problems ...*problemKind) huma.Operation {
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Description: description,
		MaxBodyBytes: -1, BodyReadTimeout: -1, // the gate has read it
		Responses:  map[string]*huma.Response{},
		Metadata:   map[string]any{"scope": scope},
		Extensions: map[string]any{},
	}
	if scope != Open {
		op.Security = []map[string][]string{{"key": {}}}
		op.Extensions["x-scope"] = string(scope)
		problems = append(problems, unauthorized, forbidden, rateLimited, busy, stopping, timedOut, tooLarge, requestTimeout)
	}
	problems = append(problems, invalidField) // an unknown parameter of the query is one
	if method == http.MethodPost {
		problems = append(problems, badRequest, mediaType, inFlight, keyReused)
		op.Parameters = append(op.Parameters, idempotencyParam())
	}
	problems = append(problems, foreignHost)
	if method != http.MethodGet {
		problems = append(problems, foreignPage)
	}
	var names []string
	for _, k := range inOrder(append(problems, internalError)) {
		addProblem(&op, k)
		names = append(names, k.name)
	}
	op.Extensions["x-problems"] = names
	return op
}

// inOrder returns each kind once, in the order of all kinds.
func inOrder(kinds []*problemKind) (out []*problemKind) {
	for _, k := range problemKinds() {
		if slices.Contains(kinds, k) {
			out = append(out, k)
		}
	}
	return out
}

func idempotencyParam() *huma.Param {
	most := 128
	return &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
		Description: "Names this request, such as a UUID: sent again with the same body it gets the same answer, and nothing is done twice."}
}

// addProblem says in the document that an operation may answer with a kind of problem.
func addProblem(op *huma.Operation, k *problemKind) {
	status := statusText(k.status)
	r := op.Responses[status]
	if r == nil {
		r = &huma.Response{Content: map[string]*huma.MediaType{problemType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
		op.Responses[status] = r
	}
	if r.Description != "" {
		r.Description += "; "
	}
	r.Description += k.title + " (" + k.name + ")"
}

// schemaName names the schema of a type: the type's own name, and of a generic one those of its
// parameters behind it.
func schemaName(t reflect.Type, hint string) string {
	return strings.NewReplacer("Clew", "").Replace(huma.DefaultSchemaNamer(t, hint))
}
