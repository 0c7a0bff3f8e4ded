package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/screen"
	"clew/server"
	"clew/store/journal"
)

// verdict reads an answer as a verdict.
func (r *reply) verdict(status int) *screen.Verdict {
	r.t.Helper()
	require.Equal(r.t, status, r.StatusCode, "%s", r.body)
	v, err := screen.ReadVerdict(r.body)
	require.NoError(r.t, err)
	return v
}

// job waits for the end of the job that an answer names.
func (w *world) job(r *reply) server.Job {
	w.t.Helper()
	require.Equal(w.t, http.StatusAccepted, r.StatusCode, "%s", r.body)
	require.Equal(w.t, "1", r.Header.Get("Retry-After"))
	var job server.Job
	r.json(&job)
	require.Equal(w.t, "/v1/jobs/"+job.ID, r.Header.Get("Location"))
	require.Equal(w.t, "queued", job.State)
	require.Eventually(w.t, func() bool {
		w.ask(server.Read, http.MethodGet, r.Header.Get("Location"), "").json(&job)
		return job.Finished != nil
	}, 20*time.Second, 5*time.Millisecond, "%+v", job)
	return job
}

// TestScreening: a deposit on the trace of an incident is a match, kept byte for byte, under its id.
func TestScreening(t *testing.T) {
	w := newWorld(t)
	r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()))
	v := r.verdict(http.StatusOK)
	require.Equal(t, screen.Match, v.Outcome)
	require.Equal(t, screen.Block, v.Action)
	require.Equal(t, "demo-peel", v.Exposure[0].Incident)
	require.Equal(t, `"`+v.ID+`"`, r.Header.Get("ETag"))
	require.Equal(t, "/v1/screenings/"+v.ID, r.Header.Get("Content-Location"))
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))

	kept := w.ask(server.Read, http.MethodGet, "/v1/screenings/"+v.ID, "")
	require.Equal(t, http.StatusOK, kept.StatusCode)
	require.Equal(t, r.body, kept.body)
	require.Equal(t, r.Header.Get("ETag"), kept.Header.Get("ETag"))
	same := w.ask(server.Read, http.MethodGet, "/v1/screenings/"+v.ID, "", "If-None-Match", `"x", W/`+kept.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, same.StatusCode)
	require.Empty(t, same.body)
	w.ask(server.Read, http.MethodGet, "/v1/screenings/scr-0", "").problem(http.StatusNotFound, "not-found")

	again := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()))
	require.Equal(t, r.body, again.body, "the same question at the same state has the same answer")

	// What the verdict pins is kept with it.
	policy, err := w.journal.Blob(t.Context(), v.Pins.Policy)
	require.NoError(t, err)
	require.Equal(t, w.state.Load().Policy.Source, policy.Content)
	_, err = w.journal.Blob(t.Context(), v.Pins.IncidentSet)
	require.NoError(t, err)
}

// TestModes: a walk that its budget ends is an answer to who asks for it now, and a job to others; the
// job's walk goes to its end.
func TestModes(t *testing.T) {
	w := newWorld(t)
	little := `,"budget":{"transactions":5}`
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), little, `,"mode":"sync"`)).verdict(http.StatusOK)
	require.Equal(t, screen.EndedBudget, v.Coverage.Ended)
	require.Equal(t, "transactions", v.Coverage.Limit)

	for name, mode := range map[string]string{"auto": `,"mode":"auto"`, "nothing said": "", "async": `,"mode":"async"`} {
		t.Run(name, func(t *testing.T) {
			budget := little
			if name == "async" {
				budget = ""
			}
			r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), budget, mode))
			job := w.job(r)
			require.Equal(t, "done", job.State, job.Error)
			require.Equal(t, screen.KindOutput, job.Subject.Kind)
			if name == "async" {
				require.Empty(t, job.Preliminary)
			} else {
				require.Equal(t, v.ID, job.Preliminary, "what was found so far is kept")
			}
			end := w.ask(server.Read, http.MethodGet, "/v1/screenings/"+job.Screening, "").verdict(http.StatusOK)
			require.Equal(t, screen.EndedExplained, end.Coverage.Ended, "%s", end.Says)
			require.GreaterOrEqual(t, end.Coverage.Transactions, peelLength)
			require.Equal(t, screen.Clear, end.Outcome)
		})
	}
	t.Run("what blocks already is not walked on", func(t *testing.T) {
		v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit(), `,"budget":{"transactions":1}`)).verdict(http.StatusOK)
		require.Equal(t, screen.Block, v.Action)
	})
	t.Run("enough budget is an answer at once", func(t *testing.T) {
		v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"budget":{"transactions":1000,"hops":100,"milliseconds":20000}`)).verdict(http.StatusOK)
		require.Equal(t, screen.EndedExplained, v.Coverage.Ended)
	})
	w.ask(server.Read, http.MethodGet, "/v1/jobs/job-0", "").problem(http.StatusNotFound, "not-found")
}

func TestScreeningRefusals(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
		problem string
		says    string
	}{
		"nothing":             {"", nil, 400, "bad-request", "empty"},
		"no JSON":             {"{", nil, 400, "bad-request", "/docs"},
		"a field twice":       {`{"mode":"sync","mode":"async","subject":` + stolenDeposit() + `}`, nil, 400, "bad-request", "mode"},
		"unknown field":       {subject(stolenDeposit(), `,"depth":3`), nil, 400, "bad-request", "depth"},
		"capitals":            {`{"Subject":` + stolenDeposit() + `}`, nil, 400, "bad-request", "Subject"},
		"form":                {"subject=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported-media-type", "application/json"},
		"mode":                {subject(stolenDeposit(), `,"mode":"soon"`), nil, 422, "invalid-field", "mode"},
		"budget":              {subject(stolenDeposit(), `,"budget":{"hops":-1}`), nil, 422, "invalid-field", "budget"},
		"unknown endpoint":    {subject(stolenDeposit(), `,"endpoint":"end-0"`), nil, 422, "invalid-field", "endpoint"},
		"no subject":          {`{}`, nil, 422, "invalid-subject", "missing"},
		"long reference":      {subject(stolenDeposit(), `,"reference":"`+strings.Repeat("x", 201)+`"`), nil, 422, "invalid-field", "reference"},
		"unknown chain":       {subject(`{"chain":"bitcorn","txid":"` + peelSeed + `"}`), nil, 422, "invalid-subject", "bitcorn"},
		"checksum":            {subject(`{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmW"}`), nil, 422, "invalid-subject", "address"},
		"fields of two kinds": {subject(`{"chain":"bitcoin","kind":"address","txid":"` + peelSeed + `"}`), nil, 422, "invalid-subject", "address"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.ask(server.Screen, http.MethodPost, "/v1/screenings", c.body, c.headers...).problem(c.status, c.problem)
			require.Contains(t, p.Detail, c.says)
		})
	}
}

// TestNotCovered: a chain that the store does not have is no problem of the request, and says so.
func TestNotCovered(t *testing.T) {
	w := newWorld(t)
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings",
		subject(`{"chain":"bitcoin","txid":"`+strings.Repeat("0", 63)+`1","vout":0}`)).verdict(http.StatusOK)
	require.Equal(t, screen.NotCovered, v.Outcome)
	require.Equal(t, screen.Review, v.Action)
}

// TestListScreenings pages through verdicts, the newest first, and picks some.
func TestListScreenings(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for n := range 7 {
		v := w.ask(server.Screen, http.MethodPost, "/v1/screenings",
			subject(fmt.Sprintf(`{"chain":"bitcoin","txid":"%064x","vout":0}`, n+1))).verdict(http.StatusOK)
		ids = append([]string{v.ID}, ids...)
	}
	match := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(http.StatusOK)
	ids = append([]string{match.ID}, ids...)

	var seen []string
	for cursor, pages := "", 0; ; pages++ {
		require.Less(t, pages, 10)
		var page server.ScreeningPage
		w.ask(server.Read, http.MethodGet, "/v1/screenings?limit=3&cursor="+cursor, "").json(&page)
		require.LessOrEqual(t, len(page.Items), 3)
		for _, item := range page.Items {
			seen = append(seen, item.ID)
			require.NotEmpty(t, item.Key)
			require.NotEmpty(t, item.Subject.Chain)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, ids, seen)

	for query, want := range map[string][]string{
		"verdict=match":                      {match.ID},
		"action=block":                       {match.ID},
		"verdict=error":                      nil,
		"subject=bitcoin:" + peelSeed + ":0": {match.ID},
		"subject=bitcoin:" + peelSeed + ":0&direction=destination": nil,
		"since=2100-01-01T00:00:00Z":                               nil,
	} {
		var page server.ScreeningPage
		w.ask(server.Read, http.MethodGet, "/v1/screenings?"+query, "").json(&page)
		var got []string
		for _, item := range page.Items {
			got = append(got, item.ID)
		}
		require.Equal(t, want, got, query)
	}
	for query, field := range map[string]string{
		"cursor=!": "query.cursor", "cursor=zzz": "query.cursor", "limit=0": "query.limit", "limit=501": "query.limit", "verdict=guilty": "query.verdict",
		"colour=red": "query.colour", "since=yesterday": "query.since",
	} {
		p := w.ask(server.Read, http.MethodGet, "/v1/screenings?"+query, "").problem(http.StatusUnprocessableEntity, "invalid-field")
		require.Equal(t, field, p.Errors[0].Location, query)
	}
	w.ask(server.Read, http.MethodGet, "/v1/screenings?subject=nowhere:x", "").problem(http.StatusUnprocessableEntity, "invalid-subject")
}

// TestReplay makes verdicts again: from what they pin, and from what is there now.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(http.StatusOK)
	replay := "/v1/screenings/" + v.ID + ":replay"
	var out server.Replay
	w.ask(server.Screen, http.MethodPost, replay, "").json(&out)
	require.Equal(t, server.Replay{ID: v.ID, Same: true, Changes: []screen.Change{}}, out)

	require.Equal(t, http.StatusNoContent, w.ask(server.Admin, http.MethodDelete, "/v1/incidents/demo-peel", "").StatusCode)
	p := w.ask(server.Screen, http.MethodPost, replay, "").problem(http.StatusConflict, "not-replayable")
	require.Contains(t, p.Detail, "demo-peel")
	out = server.Replay{}
	w.ask(server.Screen, http.MethodPost, replay+"?as_of=now", "").json(&out)
	require.False(t, out.Same)
	require.NotEmpty(t, out.Changes)
	now := w.ask(server.Read, http.MethodGet, "/v1/screenings/"+out.Now, "").verdict(http.StatusOK)
	require.NotEqual(t, screen.Match, now.Outcome)

	w.ask(server.Screen, http.MethodPost, "/v1/screenings/scr-0:replay", "").problem(http.StatusNotFound, "not-found")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings/"+v.ID+":undo", "").problem(http.StatusNotFound, "not-found")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings/"+v.ID, "").problem(http.StatusNotFound, "not-found")
}

// TestJobTellsItsEndpoint: the end of a job is an event for the endpoint that was named, and for no other.
func TestJobTellsItsEndpoint(t *testing.T) {
	w := newWorld(t)
	var first, second server.Endpoint
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/a"}`).json(&first)
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/b"}`).json(&second)
	job := w.job(w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async","reference":"D-7","endpoint":"`+first.ID+`"`)))
	var page server.DeliveryPage
	w.ask(server.Admin, http.MethodGet, "/v1/deliveries", "").json(&page)
	require.Len(t, page.Items, 1)
	d := page.Items[0]
	require.Equal(t, first.ID, d.Endpoint)
	require.Equal(t, "screening.completed", d.Kind)
	require.Equal(t, string(journal.DeliveryDue), d.State)
	var event struct {
		Type string
		Data struct{ Job, Screening, Action, Reference string }
	}
	require.NoError(t, json.Unmarshal(d.Event, &event))
	require.Equal(t, "screening.completed", event.Type)
	require.Equal(t, job.ID, event.Data.Job)
	require.Equal(t, job.Screening, event.Data.Screening)
	require.Equal(t, "D-7", event.Data.Reference)
	require.Equal(t, "D-7", job.Reference)
}
