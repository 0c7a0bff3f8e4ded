package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"clew/screen"
)

// The groups of operations, in the order of the page.
const (
	tagScreenings = "Screenings"
	tagIncidents  = "Incidents"
	tagWatching   = "Watching"
	tagWebhooks   = "Webhooks"
	tagServer     = "Server"
)

// object is a JSON object of an example.
type object = map[string]any

var (
	exampleItem = object{"subject": object{
		"chain": "bitcoin", "txid": "1036afa59593aef1283cdf06fff558ab58441d6c38ffc78355c7d7d82114da1c", "address": "3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV",
	}}
	exampleScreening = object{"reference": "D-0001", "subject": exampleItem["subject"], "mode": "auto", "budget": object{"milliseconds": 200}}
)

// routes registers every operation.
func (s *Server) routes() {
	s.screeningRoutes()
	s.incidentRoutes()
	s.watchRoutes()
	s.webhookRoutes()
	s.serverRoutes()
	s.pageRoutes()
	s.mux.HandleFunc(elsewhere, s.unrouted)
}

func (s *Server) screeningRoutes() {
	op := operation(http.MethodPost, "/v1/screenings", "createScreening", tagScreenings, Screen,
		"Screen a subject", "Gives the verdict on an address, a transaction, an output or a deposit. Where the walk through the store ended at its budget with something unexplained, and the mode is auto, the answer is 202 with a job that walks on; mode async answers so at once.",
		invalidSubject, stopping, timedOut)
	s.takes(&op, body[ScreeningRequest]("application/json", exampleScreening))
	s.gives(&op, http.StatusOK, "The verdict. Its ETag is its id: the same question at the same state has the same.", schemaOf[screen.Verdict](s), "ETag", "Content-Location")
	s.gives(&op, http.StatusAccepted, "A job was accepted. Ask at Location, or hear of its end by webhook (screening.completed).", schemaOf[Job](s), "Location", "Retry-After")
	s.plain(op, nil, s.postScreening)

	op = operation(http.MethodPost, "/v1/screenings:batch", "createScreenings", tagScreenings, Screen,
		"Screen many subjects", "Takes up to 10,000 subjects, as a JSON array or one JSON object in each line, and answers with one JSON object in each line, in the same order, while it goes: {\"index\": n, …verdict}, or {\"index\": n, \"problem\": {…}}. Walks end at their budget; no jobs are made. It keeps no Idempotency-Key: the verdicts of the same subjects at the same state have the same ids.",
		stopping, timedOut)
	op.Parameters = []*huma.Param{{Name: "view", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"full", "summary"}, Default: "full"},
		Description: "summary: of each verdict its id, subject, verdict, action, says and score alone; GET /v1/screenings/{id} has the whole."}}
	s.takes(&op, body[[]BatchItem]("application/json", []any{exampleItem}), body[BatchItem](ndjson, exampleItem))
	s.gives(&op, http.StatusOK, "A line for each subject, in order.", schemaOf[BatchLine](s))
	op.Responses["200"].Content = map[string]*huma.MediaType{ndjson: op.Responses["200"].Content["application/json"]}
	s.plain(op, func(rt *route) {
		rt.streams, rt.body, rt.time = true, s.opt.Limits.BatchBody, s.opt.Limits.BatchTime
	}, s.postBatch)

	register(s, operation(http.MethodGet, "/v1/screenings", "listScreenings", tagScreenings, Read,
		"List verdicts", "The newest first.", invalidSubject), s.listScreenings)
	op = operation(http.MethodGet, "/v1/screenings/{id}", "getScreening", tagScreenings, Read,
		"Get a verdict", "The verdict as it was given, byte for byte.", notFound)
	s.gives(&op, http.StatusOK, "The verdict.", schemaOf[screen.Verdict](s), "ETag")
	s.unchanged(&op)
	register(s, op, s.getScreening)
	register(s, operation(http.MethodPost, "/v1/screenings/{id}:replay", "replayScreening", tagScreenings, Screen,
		"Make a verdict again", "From what it was made from, which must give the same bytes; or from what is there now, with what changed and why.", notFound, notReplayable, notOffered, timedOut), s.replayScreening)
	register(s, operation(http.MethodGet, "/v1/jobs/{id}", "getJob", tagScreenings, Read,
		"Get a job", "How far a job is, and what came of it.", notFound), s.getJob)
	register(s, operation(http.MethodGet, "/v1/addresses/{chain}/{address}", "getAddress", tagScreenings, Read,
		"What is known of an address", "Its labels with their dates, its cluster, and the incidents that touch it.", invalidSubject, timedOut), s.getAddress)
}

func (s *Server) incidentRoutes() {
	op := operation(http.MethodPost, "/v1/incidents", "createIncident", tagIncidents, Admin,
		"Load an incident", "Takes an incident's file (application/yaml), which is traced, or the id of a trace that the store has (application/json). From then on every screening looks in it. Answers with a job; its end is told by webhook (incident.loaded).",
		notFound, invalidIncident, notOffered)
	s.takes(&op, body[IncidentRequest]("application/json", object{"trace": "trc-0123456789abcdef"}))
	op.RequestBody.Content["application/yaml"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "An incident's file, clew: incident/1."}}
	op.Parameters = append(op.Parameters, &huma.Param{Name: "endpoint", In: "query", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "With a file: the webhook endpoint that hears of the end; without it, all that want the event."})
	s.gives(&op, http.StatusAccepted, "A job was accepted.", schemaOf[Job](s), "Location", "Retry-After")
	s.plain(op, nil, s.postIncident)
	register(s, operation(http.MethodGet, "/v1/incidents", "listIncidents", tagIncidents, Read,
		"List incidents", "All that is screened against."), s.listIncidents)
	register(s, operation(http.MethodGet, "/v1/incidents/{id}", "getIncident", tagIncidents, Read,
		"Get an incident", "Which trace stands for it, and whether its matches count.", notFound), s.getIncident)
	register(s, operation(http.MethodDelete, "/v1/incidents/{id}", "deleteIncident", tagIncidents, Admin,
		"Forget an incident", "Nothing is screened against it from now on. Its trace stays in the store, and verdicts that name it stay.", notFound, notOffered), s.dropIncident)
	op = operation(http.MethodGet, "/v1/incidents/{id}/trace", "getIncidentTrace", tagIncidents, Read,
		"Get the trace of an incident", "The trace as JSON (schema clew.trace/1), as it is in the store.", notFound, notOffered)
	s.gives(&op, http.StatusOK, "The trace.", &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}, "ETag")
	s.unchanged(&op)
	register(s, op, s.getTrace)
}

func (s *Server) watchRoutes() {
	op := operation(http.MethodPost, "/v1/watches", "createWatch", tagWatching, Screen,
		"Watch an address or an output", "Events tell when money moves there, and when the verdict on it changes.", invalidSubject)
	op.DefaultStatus = http.StatusCreated
	register(s, op, s.postWatch)
	register(s, operation(http.MethodGet, "/v1/watches", "listWatches", tagWatching, Read,
		"List watches", "In the order in which they were set."), s.listWatches)
	register(s, operation(http.MethodGet, "/v1/watches/{id}", "getWatch", tagWatching, Read,
		"Get a watch", "", notFound), s.getWatch)
	register(s, operation(http.MethodDelete, "/v1/watches/{id}", "deleteWatch", tagWatching, Screen,
		"Remove a watch", "", notFound), s.removeWatch)
}

func (s *Server) webhookRoutes() {
	op := operation(http.MethodPost, "/v1/webhook-endpoints", "createWebhookEndpoint", tagWebhooks, Admin,
		"Make a webhook endpoint", "Events are sent there, signed (Standard Webhooks). The secret is shown in this answer alone.")
	op.DefaultStatus = http.StatusCreated
	register(s, op, s.postEndpoint)
	register(s, operation(http.MethodGet, "/v1/webhook-endpoints", "listWebhookEndpoints", tagWebhooks, Admin,
		"List webhook endpoints", "Without their secrets."), s.listEndpoints)
	register(s, operation(http.MethodGet, "/v1/webhook-endpoints/{id}", "getWebhookEndpoint", tagWebhooks, Admin,
		"Get a webhook endpoint", "Without its secret.", notFound), s.getEndpoint)
	register(s, operation(http.MethodDelete, "/v1/webhook-endpoints/{id}", "deleteWebhookEndpoint", tagWebhooks, Admin,
		"Remove a webhook endpoint", "Nothing is sent there any more.", notFound), s.removeEndpoint)
	register(s, operation(http.MethodPost, "/v1/webhook-endpoints/{id}:test", "testWebhookEndpoint", tagWebhooks, Admin,
		"Send a test event", "One event of the kind webhook.test, now and once.", notFound, notOffered), s.probeEndpoint)
	register(s, operation(http.MethodGet, "/v1/deliveries", "listDeliveries", tagWebhooks, Admin,
		"List deliveries", "The newest first. With state dead: those that were given up."), s.listDeliveries)
	op = operation(http.MethodPost, "/v1/deliveries/{id}:resend", "resendDelivery", tagWebhooks, Admin,
		"Send an event again", "A delivery that was given up, or that was delivered, is due again with the same id.", notFound)
	op.DefaultStatus = http.StatusAccepted
	register(s, op, s.resend)
}

func (s *Server) serverRoutes() {
	register(s, operation(http.MethodGet, "/v1/rules", "getRules", tagServer, Read,
		"Get the rules in force", "The policy's file, and its SHA-256, which verdicts name."), s.getRules)
	register(s, operation(http.MethodGet, "/v1/keys", "listKeys", tagServer, Admin,
		"List keys", "Without what they open with, which is kept nowhere."), s.listKeys)
	register(s, operation(http.MethodDelete, "/v1/keys/{id}", "revokeKey", tagServer, Admin,
		"Revoke a key", "It is refused from now on; other processes on this journal refuse it within a second.", notFound), s.revokeKey)

	op := operation(http.MethodGet, "/healthz", "getHealth", tagServer, Open, "Is the process alive?", "Answers whenever the process does.")
	op.Metadata["quiet"] = true
	register(s, op, s.health)
	op = operation(http.MethodGet, "/readyz", "getReadiness", tagServer, Open, "Can verdicts be relied on?", "Says for each chain how far the store is and how far behind its node; 503 says why not.")
	op.Metadata["quiet"] = true
	s.gives(&op, http.StatusServiceUnavailable, "Not ready: why says why.", schemaOf[Readiness](s))
	register(s, op, s.ready)
	op = operation(http.MethodGet, "/metrics", "getMetrics", tagServer, Read, "Metrics", "In the text form of Prometheus.")
	op.Metadata["quiet"] = true
	op.Responses["200"] = &huma.Response{Description: "Metrics.", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}
	s.plain(op, nil, s.metricsHandler().ServeHTTP)
}
