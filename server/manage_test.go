package server_test

import (
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

// incidentFile is an incident over the test's chain: the coin that was mined first.
func (w *world) incidentFile(id string) string {
	return "clew: incident/1\nid: " + id + "\ntitle: A test\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, output: \"" +
		string(regtest) + ":" + w.coin.String() + "\"}\n"
}

// TestIncidents loads an incident from its file, screens against it, and forgets it.
func TestIncidents(t *testing.T) {
	w := newWorld(t)
	before := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"sync"`)).verdict(200)
	require.Equal(t, screen.Clear, before.Outcome)

	r := w.ask(server.Admin, http.MethodPost, "/v1/incidents", w.incidentFile("mined"), "Content-Type", "application/yaml")
	job := w.job(r)
	require.Equal(t, "done", job.State, job.Error)
	require.Equal(t, "mined", job.Incident)
	require.Equal(t, "/v1/incidents/mined", w.ask(server.Read, http.MethodGet, "/v1/jobs/"+job.ID, "").Header.Get("Content-Location"))
	after := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"sync"`)).verdict(200)
	require.Equal(t, screen.Match, after.Outcome)

	var list server.IncidentList
	w.ask(server.Read, http.MethodGet, "/v1/incidents", "").json(&list)
	require.Len(t, list.Items, 2)
	var in server.Incident
	w.ask(server.Read, http.MethodGet, "/v1/incidents/mined", "").json(&in)
	require.Equal(t, "trace-mined", in.Trace)
	require.Equal(t, "A test", in.Title)
	trace := w.ask(server.Read, http.MethodGet, "/v1/incidents/mined/trace", "")
	require.Contains(t, string(trace.body[:40]), "clew.trace/1")
	require.Equal(t, `"`+in.SHA256+`"`, trace.Header.Get("ETag"))
	require.Equal(t, 304, w.ask(server.Read, http.MethodGet, "/v1/incidents/mined/trace", "", "If-None-Match", trace.Header.Get("ETag")).StatusCode)

	require.Equal(t, 204, w.ask(server.Admin, http.MethodDelete, "/v1/incidents/mined", "").StatusCode)
	w.ask(server.Admin, http.MethodDelete, "/v1/incidents/mined", "").problem(404, "not-found")
	w.ask(server.Read, http.MethodGet, "/v1/incidents/mined", "").problem(404, "not-found")
	w.ask(server.Read, http.MethodGet, "/v1/incidents/mined/trace", "").problem(404, "not-found")

	job = w.job(w.ask(server.Admin, http.MethodPost, "/v1/incidents", `{"trace":"trace-mined"}`))
	require.Equal(t, "mined", job.Incident, job.Error)

	w.ask(server.Admin, http.MethodPost, "/v1/incidents", `{"trace":"trace-none"}`).problem(404, "not-found")
	w.ask(server.Admin, http.MethodPost, "/v1/incidents", `{}`).problem(422, "invalid-field")
	p := w.ask(server.Admin, http.MethodPost, "/v1/incidents", "clew: incident/1\nid: x\ncolour: red\n", "Content-Type", "text/yaml").problem(422, "invalid-incident")
	require.Contains(t, p.Detail, ":3: field colour", "line and field")
	w.ask(server.Admin, http.MethodPost, "/v1/incidents?endpoint=none", w.incidentFile("y"), "Content-Type", "application/yaml").problem(422, "invalid-field")
}

// TestJobsThatFail: what cannot be done is told, in the job and to endpoints.
func TestJobsThatFail(t *testing.T) {
	w := newWorld(t)
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/","events":["job.failed"]}`)
	file := strings.Replace(w.incidentFile("gone"), w.coin.String(), strings.Repeat("a", 64)+":0", 1)
	job := w.job(w.ask(server.Admin, http.MethodPost, "/v1/incidents", file, "Content-Type", "application/yaml"))
	require.Equal(t, "failed", job.State)
	require.Contains(t, job.Error, strings.Repeat("a", 64))
	var page server.DeliveryPage
	w.ask(server.Admin, http.MethodGet, "/v1/deliveries?state=due", "").json(&page)
	require.Len(t, page.Items, 1)
	require.Equal(t, "job.failed", page.Items[0].Kind)
}

func TestAddress(t *testing.T) {
	w := newWorld(t)
	var a screen.AddressAnswer
	w.ask(server.Read, http.MethodGet, "/v1/addresses/bitcoin/3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV", "").json(&a)
	require.Len(t, a.Incidents, 1)
	require.Equal(t, "demo-peel", a.Incidents[0].Incident)
	w.ask(server.Read, http.MethodGet, "/v1/addresses/bitcoin/3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmW", "").problem(422, "invalid-subject")
	w.ask(server.Read, http.MethodGet, "/v1/addresses/nochain/x", "").problem(422, "invalid-subject")
}

// TestWatches sets watches, lists them by pages, and removes them.
func TestWatches(t *testing.T) {
	w := newWorld(t)
	r := w.ask(server.Screen, http.MethodPost, "/v1/watches", `{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV","note":"desk"}`)
	require.Equal(t, http.StatusCreated, r.StatusCode, "%s", r.body)
	var first server.Watch
	r.json(&first)
	require.Equal(t, "/v1/watches/"+first.ID, r.Header.Get("Location"))
	require.True(t, first.Screen, "it is screened again unless said otherwise")
	var output server.Watch
	w.ask(server.Screen, http.MethodPost, "/v1/watches", `{"chain":"bitcoin","txid":"`+peelSeed+`","vout":0,"screen":false}`).json(&output)
	require.False(t, output.Screen)
	require.EqualValues(t, 0, *output.Vout)
	require.EqualValues(t, 2, w.watchers.Load(), "whoever watches is told of each")

	var page server.WatchPage
	w.ask(server.Read, http.MethodGet, "/v1/watches?limit=1", "").json(&page)
	require.Equal(t, first.ID, page.Items[0].ID)
	w.ask(server.Read, http.MethodGet, "/v1/watches?limit=1&cursor="+page.Next, "").json(&page)
	require.Equal(t, output.ID, page.Items[0].ID)
	page = server.WatchPage{}
	w.ask(server.Read, http.MethodGet, "/v1/watches?chain=litecoin", "").json(&page)
	require.Empty(t, page.Items)

	var got server.Watch
	w.ask(server.Read, http.MethodGet, "/v1/watches?cursor=wat-none", "").problem(422, "invalid-field")
	w.ask(server.Read, http.MethodGet, "/v1/watches/"+first.ID, "").json(&got)
	require.Equal(t, first, got)
	require.Equal(t, 204, w.ask(server.Screen, http.MethodDelete, "/v1/watches/"+first.ID, "").StatusCode)
	w.ask(server.Read, http.MethodGet, "/v1/watches/"+first.ID, "").problem(404, "not-found")
	w.ask(server.Screen, http.MethodDelete, "/v1/watches/"+first.ID, "").problem(404, "not-found")

	for name, body := range map[string]string{
		"neither":  `{"chain":"bitcoin"}`,
		"both":     `{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV","txid":"` + peelSeed + `","vout":0}`,
		"checksum": `{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmW"}`,
	} {
		t.Run(name, func(t *testing.T) {
			w.ask(server.Screen, http.MethodPost, "/v1/watches", body).problem(422, "invalid-subject")
		})
	}
	w.ask(server.Screen, http.MethodPost, "/v1/watches", `{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV","endpoint":"none"}`).problem(422, "invalid-field")
	w.ask(server.Screen, http.MethodPost, "/v1/watches", `{"chain":"bitcoin","addr":"x"}`).problem(422, "invalid-field")
}

// TestEndpoints: a secret is shown once, and targets that are not for others are refused.
func TestEndpoints(t *testing.T) {
	w := newWorld(t)
	r := w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/x","events":["watch.moved"]}`, "Idempotency-Key", "e1")
	require.Equal(t, http.StatusCreated, r.StatusCode, "%s", r.body)
	var made server.Endpoint
	r.json(&made)
	require.Regexp(t, `^whsec_`, made.Secret)
	require.Equal(t, r.body, w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/x","events":["watch.moved"]}`, "Idempotency-Key", "e1").body)

	for _, path := range []string{"/v1/webhook-endpoints", "/v1/webhook-endpoints/" + made.ID} {
		shown := w.ask(server.Admin, http.MethodGet, path, "")
		require.Contains(t, string(shown.body), made.ID)
		require.NotContains(t, string(shown.body), "whsec_")
	}
	for name, url := range map[string]string{
		"loopback": "https://127.0.0.1/x", "private": "https://10.1.2.3/x", "metadata": "http://169.254.169.254/", "plain": "http://hooks.example.org/", "file": "file:///etc/passwd", "none": "x",
	} {
		t.Run(name, func(t *testing.T) {
			w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"`+url+`"}`).problem(422, "invalid-field")
		})
	}
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/","events":["watch.moved","watch.danced"]}`).problem(422, "invalid-field")
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints/"+made.ID+":test", "").problem(501, "not-offered")
	require.Equal(t, 204, w.ask(server.Admin, http.MethodDelete, "/v1/webhook-endpoints/"+made.ID, "").StatusCode)
	w.ask(server.Admin, http.MethodGet, "/v1/webhook-endpoints/"+made.ID, "").problem(404, "not-found")
	w.ask(server.Admin, http.MethodDelete, "/v1/webhook-endpoints/"+made.ID, "").problem(404, "not-found")
}

// TestDeliveries lists what is on its way and what was given up, which can be sent again.
func TestDeliveries(t *testing.T) {
	w := newWorld(t)
	var end server.Endpoint
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/x"}`).json(&end)
	now := time.Now().UTC()
	require.NoError(t, w.journal.Do(t.Context(), func(tx *journal.Tx) error {
		for n := range 5 {
			d := journal.Delivery{ID: fmt.Sprintf("evt-%d", n), Endpoint: end.ID, Kind: "watch.moved", Body: []byte(`{"n":1}`)}
			if err := tx.AddDelivery(d); err != nil {
				return err
			}
			if n == 0 {
				d.State, d.Attempts, d.Error, d.Finished = journal.DeliveryDead, 12, "410 Gone", now
				if err := tx.FinishDelivery(d); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	var ids []string
	for cursor := ""; ; {
		var page server.DeliveryPage
		w.ask(server.Admin, http.MethodGet, "/v1/deliveries?limit=2&cursor="+cursor, "").json(&page)
		for _, d := range page.Items {
			ids = append(ids, d.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"evt-4", "evt-3", "evt-2", "evt-1", "evt-0"}, ids)
	var dead server.DeliveryPage
	w.ask(server.Admin, http.MethodGet, "/v1/deliveries?state=dead", "").json(&dead)
	require.Len(t, dead.Items, 1)
	require.Equal(t, "410 Gone", dead.Items[0].Error)
	require.JSONEq(t, `{"n":1}`, string(dead.Items[0].Event))

	resend := "/v1/deliveries/evt-0:resend?endpoint=" + end.ID
	require.Equal(t, http.StatusAccepted, w.ask(server.Admin, http.MethodPost, resend, "").StatusCode)
	dead = server.DeliveryPage{}
	w.ask(server.Admin, http.MethodGet, "/v1/deliveries?state=dead", "").json(&dead)
	require.Empty(t, dead.Items)
	w.ask(server.Admin, http.MethodPost, resend, "").problem(404, "not-found")
	w.ask(server.Admin, http.MethodPost, "/v1/deliveries/evt-0:resend", "").problem(422, "invalid-field")
	w.ask(server.Admin, http.MethodGet, "/v1/deliveries?cursor=%21", "").problem(422, "invalid-field")
}

// TestKeys lists keys without what they open with, and revokes one at once.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	var list server.KeyList
	r := w.ask(server.Admin, http.MethodGet, "/v1/keys", "")
	r.json(&list)
	require.Len(t, list.Items, 3)
	for _, text := range w.keys {
		require.NotContains(t, string(r.body), strings.Split(text, "_")[2])
	}
	id := strings.Split(w.keys[server.Read], "_")[1]
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode)
	require.Equal(t, 204, w.ask(server.Admin, http.MethodDelete, "/v1/keys/"+id, "").StatusCode)
	w.ask(server.Read, http.MethodGet, "/v1/rules", "").problem(401, "unauthorized")
	w.ask(server.Admin, http.MethodDelete, "/v1/keys/"+id, "").problem(404, "not-found")
	w.ask(server.Admin, http.MethodGet, "/v1/keys", "").json(&list)
	revoked := 0
	for _, k := range list.Items {
		if k.Revoked != nil {
			revoked++
		}
	}
	require.Equal(t, 1, revoked)
}

// TestKeysOfOtherProcesses: a key that another process makes opens soon.
func TestKeysOfOtherProcesses(t *testing.T) {
	w := newWorld(t)
	w.ask(server.Read, http.MethodGet, "/v1/rules", "")
	other, err := journal.Open(t.Context(), w.path, journal.Options{})
	require.NoError(t, err)
	text, k, err := server.MakeKey("late", []string{"read"}, 0, 0, time.Now())
	require.NoError(t, err)
	require.NoError(t, other.Do(t.Context(), func(tx *journal.Tx) error { return tx.PutKey(k) }))
	require.NoError(t, other.Close())
	w.keys["late"] = text
	require.Eventually(t, func() bool { return w.ask("late", http.MethodGet, "/v1/rules", "").StatusCode == 200 }, 10*time.Second, 20*time.Millisecond)
}

func TestRules(t *testing.T) {
	w := newWorld(t)
	var rules server.Rules
	r := w.ask(server.Read, http.MethodGet, "/v1/rules", "")
	r.json(&rules)
	require.Equal(t, string(screen.DefaultPolicy().Source), rules.Source)
	require.Equal(t, `"`+rules.SHA256+`"`, r.Header.Get("ETag"))
}

func TestHealth(t *testing.T) {
	var reason string
	w := newWorld(t, func(w *world) {
		w.opt.Remarks = func() []string { return []string{"the rules cannot be read"} }
		chains := w.opt.Chains
		w.opt.Chains = func() []server.ChainState {
			states := chains()
			states[0].NotReady = reason
			return states
		}
	})
	var h server.Health
	w.ask("", http.MethodGet, "/healthz", "").json(&h)
	require.Equal(t, server.Health{Status: "ok", Version: "test"}, h)

	var ready server.Readiness
	r := w.ask("", http.MethodGet, "/readyz", "")
	require.Equal(t, 200, r.StatusCode)
	r.json(&ready)
	require.True(t, ready.Ready)
	require.EqualValues(t, 2, *ready.Chains[0].Behind)
	require.EqualValues(t, peelLength, ready.Chains[0].Height)
	require.Equal(t, 1, ready.Incidents)

	reason = "the node does not answer"
	r = w.ask("", http.MethodGet, "/readyz", "")
	require.Equal(t, 503, r.StatusCode)
	r.json(&ready)
	require.Equal(t, []string{string(regtest) + ": the node does not answer"}, ready.Why)
	reason = ""
	require.Equal(t, []string{"the rules cannot be read"}, ready.Remarks)
	w.state.Store(nil)
	require.Equal(t, 503, w.ask("", http.MethodGet, "/readyz", "").StatusCode)
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).problem(503, "busy")
	w.ask(server.Read, http.MethodGet, "/v1/rules", "").problem(503, "busy")
}

// TestNotReadyWhereNothingIsKept: nothing is answered that is not kept, so a journal that takes nothing is said.
func TestNotReadyWhereNothingIsKept(t *testing.T) {
	w := newWorld(t, func(w *world) {
		still, err := journal.Open(t.Context(), w.path, journal.Options{ReadOnly: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, still.Close()) })
		w.opt.Journal = still
	})
	var ready server.Readiness
	r := w.ask("", http.MethodGet, "/readyz", "")
	r.json(&ready)
	require.Equal(t, 503, r.StatusCode)
	require.Len(t, ready.Why, 1)
	require.Contains(t, ready.Why[0], "the journal cannot be written")
	require.NotContains(t, ready.Why[0], w.path)
	require.Contains(t, w.log.String(), w.path)
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", "{").problem(400, "bad-request")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"sync"`)).verdict(200)
	w.job(w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`)))
	w.ask("", http.MethodGet, "/nowhere", "")
	text := string(w.ask(server.Read, http.MethodGet, "/metrics", "").body)
	for _, want := range []string{
		`clew_requests_total{route="POST /v1/screenings",status="200"} 2`,
		`clew_requests_total{route="POST /v1/screenings",status="400"} 1`,
		`clew_requests_total{route="unrouted",status="404"} 1`,
		`clew_request_duration_seconds_count{route="POST /v1/screenings"} 4`,
		`clew_screenings_total{action="block",verdict="match"} 1`,
		`clew_walk_transactions_count 2`,
		`clew_jobs_total{kind="screening",state="done"} 1`,
		`clew_chain_behind_blocks{chain="bitcoin-regtest"} 2`,
		`clew_chain_height_blocks{chain="bitcoin-regtest"} 40`,
		`clew_journal_commit_seconds_count`,
		`clew_queue_length{queue="jobs",state="queued"} 0`,
	} {
		require.Contains(t, text, want)
	}
	w.ask("", http.MethodGet, "/metrics", "").problem(401, "unauthorized")
}
