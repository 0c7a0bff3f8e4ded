package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/custody"
	"clew/screen"
	"clew/server"
	"clew/server/client"
	"clew/store/journal"
)

// TestScopes asks every operation with every scope: what is not enough is refused, and what is enough is
// not.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	order := map[string]int{"": 0, "read": 1, "screen": 2, "admin": 3}
	count := map[string]int{}
	for _, op := range operations(t, w) {
		count[op.scope]++
		path := strings.NewReplacer("{chain}", "bitcoin", "{address}", "x", "{id}", "none").Replace(op.path)
		for scope, rank := range order {
			r := w.ask(server.Scope(scope), op.method, path, "")
			switch {
			case rank >= order[op.scope]:
				require.NotContains(t, []int{401, 403}, r.StatusCode, "%s %s with scope %q", op.method, path, scope)
			case scope == "":
				p := r.problem(http.StatusUnauthorized, "unauthorized")
				require.Contains(t, p.Detail, "clew key add")
				require.Contains(t, r.Header.Get("WWW-Authenticate"), "Bearer")
			default:
				require.Contains(t, r.problem(http.StatusForbidden, "forbidden").Detail, op.scope)
			}
		}
	}
	require.Positive(t, count["read"])
	require.Positive(t, count["screen"])
	require.Positive(t, count["admin"])
}

func TestKeysThatOpenNothing(t *testing.T) {
	w := newWorld(t)
	good := w.keys[server.Read]
	last := "0"
	if strings.HasSuffix(good, "0") {
		last = "1"
	}
	for name, header := range map[string]string{
		"none": "", "another scheme": "Basic " + good, "no scheme": good, "one digit off": "Bearer " + good[:len(good)-1] + last,
		"cut": "Bearer " + good[:20], "no id": "Bearer clew_", "of nobody": "Bearer clew_0011223344556677_" + strings.Repeat("0", 64),
	} {
		t.Run(name, func(t *testing.T) {
			w.ask("", http.MethodGet, "/v1/rules", "", "Authorization", header).problem(http.StatusUnauthorized, "unauthorized")
		})
	}
	require.Equal(t, 200, w.ask("", http.MethodGet, "/v1/rules", "", "Authorization", "bearer "+good).StatusCode)
}

func TestMakeKey(t *testing.T) {
	text, k, err := server.MakeKey("desk", []string{"screen"}, 5, 10, time.Now())
	require.NoError(t, err)
	require.Regexp(t, `^clew_[0-9a-f]{16}_[0-9a-f]{64}$`, text)
	require.NotContains(t, fmt.Sprintf("%x %+v", k.Hash, k), strings.Split(text, "_")[2], "the key is not kept")
	other, _, err := server.MakeKey("desk", []string{"screen"}, 0, 0, time.Now())
	require.NoError(t, err)
	require.NotEqual(t, text, other)
	for name, call := range map[string]func() error{
		"no name":       func() error { _, _, err := server.MakeKey(" ", []string{"read"}, 0, 0, time.Now()); return err },
		"no scope":      func() error { _, _, err := server.MakeKey("x", nil, 0, 0, time.Now()); return err },
		"unknown scope": func() error { _, _, err := server.MakeKey("x", []string{"root"}, 0, 0, time.Now()); return err },
	} {
		require.Error(t, call(), name)
	}
}

// TestRequestID: an id that a request brings is kept where it can stand in a log, and another is made
// where not.
func TestRequestID(t *testing.T) {
	w := newWorld(t)
	given := w.ask(server.Read, http.MethodGet, "/v1/rules", "", "X-Request-Id", "abc-123")
	require.Equal(t, "abc-123", given.Header.Get("X-Request-Id"))
	for _, bad := range []string{"", "two words", strings.Repeat("x", 129), "tab\tin"} {
		made := w.ask(server.Read, http.MethodGet, "/v1/rules", "", "X-Request-Id", bad)
		require.Regexp(t, `^req-[A-Z2-7]{26}$`, made.Header.Get("X-Request-Id"), "%q", bad)
	}
	require.Equal(t, "lost", w.ask("", http.MethodGet, "/nowhere", "", "X-Request-Id", "lost").problem(404, "not-found").RequestID)
}

func TestUnrouted(t *testing.T) {
	w := newWorld(t)
	require.Contains(t, w.ask("", http.MethodGet, "/v2/screenings", "").problem(404, "not-found").Detail, "/docs")
	r := w.ask("", http.MethodPut, "/v1/screenings", "")
	r.problem(405, "method-not-allowed")
	require.Equal(t, "GET, HEAD, POST", r.Header.Get("Allow"))
}

// TestIdempotency: a request that is sent again gets the first one's answer, and does nothing twice.
func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	post := func(scope server.Scope, key, body string) *reply {
		return w.ask(scope, http.MethodPost, "/v1/watches", body, "Idempotency-Key", key)
	}
	watch := `{"chain":"bitcoin","address":"3329Tvn8GC5fbRSAZzTFQMEGZ74ZVfzSmV","note":"one"}`
	first := post(server.Screen, "k1", watch)
	require.Equal(t, http.StatusCreated, first.StatusCode, "%s", first.body)
	require.Empty(t, first.Header.Get("Idempotency-Replayed"))
	second := post(server.Screen, "k1", watch)
	require.Equal(t, http.StatusCreated, second.StatusCode)
	require.Equal(t, "true", second.Header.Get("Idempotency-Replayed"))
	require.Equal(t, first.body, second.body)
	require.Equal(t, first.Header.Get("Location"), second.Header.Get("Location"))
	require.NotEqual(t, first.Header.Get("X-Request-Id"), second.Header.Get("X-Request-Id"))

	p := post(server.Screen, "k1", strings.Replace(watch, "one", "two", 1)).problem(422, "idempotency-key-reused")
	require.Contains(t, p.Detail, "new key")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()), "Idempotency-Key", "k1").problem(422, "idempotency-key-reused")
	require.Empty(t, post(server.Admin, "k1", watch).Header.Get("Idempotency-Replayed"), "another key's keys are its own")
	post(server.Screen, "two words", watch).problem(400, "bad-request")

	// What was refused did nothing, and may be mended under the same key.
	post(server.Screen, "k2", `{"chain":"bitcoin"}`).problem(422, "invalid-subject")
	require.Equal(t, http.StatusCreated, post(server.Screen, "k2", watch).StatusCode)

	r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()), "Idempotency-Key", "k3")
	again := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit()), "Idempotency-Key", "k3")
	require.Equal(t, r.body, again.body)
	require.Equal(t, r.Header.Get("ETag"), again.Header.Get("ETag"))
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}

// TestIdempotencyOverACrash: where the program died between doing something and keeping the answer, the
// request that is sent again makes the same thing, and no other.
func TestIdempotencyOverACrash(t *testing.T) {
	w := newWorld(t)
	ask := func() (job server.Job) {
		r := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`), "Idempotency-Key", "j1")
		require.Equal(t, http.StatusAccepted, r.StatusCode)
		r.json(&job)
		return job
	}
	first := ask()
	require.NoError(t, w.journal.Do(t.Context(), func(tx *journal.Tx) error { // the answer was never kept
		return tx.PutReply(journal.Reply{Key: strings.Split(w.keys[server.Screen], "_")[1] + "/j1", Request: "", Created: time.Unix(1, 0)})
	}))
	require.Equal(t, first.ID, ask().ID)
}

// TestIdempotencyInFlight: the same request while the first is being answered is told to wait.
func TestIdempotencyInFlight(t *testing.T) {
	held, free := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(w *world) {
		replay := w.opt.Replay
		w.opt.Replay = func(ctx context.Context, v *screen.Verdict) (*screen.Verdict, error) {
			close(held)
			<-free
			return replay(ctx, v)
		}
	})
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	path := "/v1/screenings/" + v.ID + ":replay"
	var first *reply
	var asking sync.WaitGroup
	asking.Go(func() { first = w.ask(server.Screen, http.MethodPost, path, "", "Idempotency-Key", "k") })
	<-held
	r := w.ask(server.Screen, http.MethodPost, path, "", "Idempotency-Key", "k")
	close(free)
	asking.Wait()
	r.problem(409, "idempotency-in-flight")
	require.Equal(t, "1", r.Header.Get("Retry-After"))
	require.Equal(t, 200, first.StatusCode)
}

// TestRates: each key has a rate of its own, and hears how much is left.
func TestRates(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	w := newWorld(t, func(w *world) {
		w.opt.Now = clock
		w.keys["slow"] = w.key("slow", 1, 3, "screen")
	})
	for left := 2; left >= 0; left-- {
		r := w.ask("slow", http.MethodGet, "/v1/rules", "")
		require.Equal(t, 200, r.StatusCode)
		require.Equal(t, `"key";q=3;w=3`, r.Header.Get("RateLimit-Policy"))
		require.Contains(t, r.Header.Get("RateLimit"), fmt.Sprintf("r=%d;", left))
	}
	r := w.ask("slow", http.MethodGet, "/v1/rules", "")
	r.problem(429, "rate-limited")
	require.Equal(t, "1", r.Header.Get("Retry-After"))
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode, "another key is not slowed down")
	mu.Lock()
	now = now.Add(time.Second)
	mu.Unlock()
	require.Equal(t, 200, w.ask("slow", http.MethodGet, "/v1/rules", "").StatusCode)
	w.ask("slow", http.MethodGet, "/v1/rules", "").problem(429, "rate-limited")
}

// TestPlaces: more requests than there are places are told to come back; health always answers.
func TestPlaces(t *testing.T) {
	held, free := make(chan struct{}, 2), make(chan struct{})
	w := newWorld(t, func(w *world) {
		w.opt.Limits.InFlight = 1
		w.opt.Replay = func(_ context.Context, v *screen.Verdict) (*screen.Verdict, error) {
			held <- struct{}{}
			<-free
			return v, nil
		}
	})
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	var asking sync.WaitGroup
	asking.Go(func() { w.ask(server.Screen, http.MethodPost, "/v1/screenings/"+v.ID+":replay", "") })
	<-held
	r := w.ask(server.Read, http.MethodGet, "/v1/rules", "")
	health := w.ask("", http.MethodGet, "/healthz", "")
	revoked := w.ask(server.Admin, http.MethodDelete, "/v1/keys/"+keyIDOf(w.keys[server.Screen]), "")
	close(free)
	asking.Wait()
	r.problem(503, "busy")
	require.Equal(t, "1", r.Header.Get("Retry-After"))
	require.Equal(t, 200, health.StatusCode)
	require.Equal(t, 204, revoked.StatusCode, "those who administer have places of their own")
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode)
}

// keyIDOf returns the id of a key, which stands in it.
func keyIDOf(key string) string { return strings.Split(key, "_")[1] }

// TestSlowBodies: whoever sends slowly takes no place, and no more of its own than one key may have.
func TestSlowBodies(t *testing.T) {
	w := newWorld(t, func(w *world) { w.opt.Limits.InFlight, w.opt.Limits.KeyInFlight = 1, 3 })
	for range 3 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST /v1/screenings HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			w.keys[server.Screen])
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(string(w.ask(server.Read, http.MethodGet, "/metrics", "").body), "clew_requests_in_flight 4\n") // and this one
	}, 20*time.Second, time.Millisecond)
	require.Equal(t, 200, w.ask(server.Read, http.MethodGet, "/v1/rules", "").StatusCode, "another key")
	p := w.ask(server.Screen, http.MethodGet, "/v1/rules", "").problem(429, "rate-limited")
	require.Contains(t, p.Detail, "3 requests of the key")
}

// TestBodies: bodies are bounded whether or not their length is told, and may not be slow.
func TestBodies(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.opt.Limits.Body = 1000
		w.opt.Limits.BatchBody = 2000
		w.opt.Limits.HeaderTime, w.opt.Limits.Deadline = 100*time.Millisecond, 200*time.Millisecond
	})
	long := subject(stolenDeposit(), `,"mode":"`+strings.Repeat("x", 1000)+`"`)
	require.Contains(t, w.ask(server.Screen, http.MethodPost, "/v1/screenings", long).problem(413, "too-large").Detail, "1000")
	w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", strings.Repeat("x", 2001)).problem(413, "too-large")

	send := func(text string) *reply {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte(text))
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer res.Body.Close()
		r := &reply{Response: res, t: t}
		r.body = make([]byte, 4096)
		n, _ := res.Body.Read(r.body)
		r.body = r.body[:n]
		return r
	}
	head := "POST /v1/screenings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + w.keys[server.Screen] + "\r\n"
	send(head+"Transfer-Encoding: chunked\r\n\r\n800\r\n"+strings.Repeat("x", 2048)+"\r\n0\r\n\r\n").problem(413, "too-large")
	send(head+"Content-Length: 100\r\n\r\n{").problem(408, "request-timeout")
	require.Equal(t, 431, send("GET /healthz HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 40<<10)+"\r\n\r\n").StatusCode)
}

// TestDeadline: what takes longer than a request has is told so.
func TestDeadline(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.opt.Limits.Deadline = 50 * time.Millisecond
		w.opt.Replay = func(ctx context.Context, _ *screen.Verdict) (*screen.Verdict, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	w.ask(server.Screen, http.MethodPost, "/v1/screenings/"+v.ID+":replay", "").problem(504, "timeout")
}

// TestFailuresKeepTheirCause: what goes wrong here is told without what it is, which stands in the
// program's log under the request's id.
func TestFailuresKeepTheirCause(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.opt.Replay = func(_ context.Context, v *screen.Verdict) (*screen.Verdict, error) {
			if v.Action == screen.Block {
				panic("secret place")
			}
			return nil, fmt.Errorf("open /secret/place: gone")
		}
	})
	block := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	other := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"sync"`)).verdict(200)
	for _, v := range []*screen.Verdict{block, other} {
		r := w.ask(server.Screen, http.MethodPost, "/v1/screenings/"+v.ID+":replay", "", "X-Request-Id", "r-"+v.ID)
		r.problem(500, "internal")
		require.NotContains(t, string(r.body), "secret")
		require.Contains(t, w.log.String(), "secret")
		require.Contains(t, w.log.String(), "request=r-"+v.ID)
	}
}

// TestLogOfCalls: every call is in the log, in a chain of hashes, with who, what and what came of it;
// keys, secrets and bodies are not.
func TestLogOfCalls(t *testing.T) {
	w := newWorld(t)
	v := w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit(), `,"reference":"D-7"`), "X-Request-Id", "first").verdict(200)
	w.ask(server.Read, http.MethodGet, "/v1/screenings/"+v.ID, "", "X-Request-Id", "second")
	w.ask(server.Read, http.MethodDelete, "/v1/keys/x", "", "X-Request-Id", "third").problem(403, "forbidden")
	w.ask("", http.MethodGet, "/v1/rules", "", "X-Request-Id", "nobody")
	w.ask("", http.MethodGet, "/healthz", "", "X-Request-Id", "health")
	var end server.Endpoint
	w.ask(server.Admin, http.MethodPost, "/v1/webhook-endpoints", `{"url":"https://hooks.example.org/token-in-path"}`, "X-Request-Id", "fourth", "Idempotency-Key", "e").json(&end)
	batch := w.ask(server.Screen, http.MethodPost, "/v1/screenings:batch", `[`+subject(stolenDeposit())+`]`, "X-Request-Id", "fifth")
	require.Equal(t, 200, batch.StatusCode)

	lines, err := w.journal.LogLines(t.Context(), 0, 100)
	require.NoError(t, err)
	_, err = custody.Verify(lines)
	require.NoError(t, err)
	got := map[string]custody.Entry{}
	whole := ""
	for i := range lines {
		e, err := lines[i].Parse()
		require.NoError(t, err)
		got[e.Details["request"]] = e
		whole += lines[i].Entry
	}
	require.Len(t, got, 5)
	id := func(scope server.Scope) string { return strings.Split(w.keys[scope], "_")[1] }
	subjectKey, err := json.Marshal(v.Subject)
	require.NoError(t, err)
	for request, want := range map[string]custody.Entry{
		"first":  {Who: id(server.Screen), Details: map[string]string{"request": "first", "route": "POST /v1/screenings", "status": "200", "subject": string(subjectKey), "reference": "D-7", "result": v.ID}},
		"second": {Who: id(server.Read), Details: map[string]string{"request": "second", "route": "GET /v1/screenings/{id}", "status": "200", "result": v.ID}},
		"third":  {Who: id(server.Read), Details: map[string]string{"request": "third", "route": "DELETE /v1/keys/{id}", "status": "403"}},
		"fourth": {Who: id(server.Admin), Details: map[string]string{"request": "fourth", "route": "POST /v1/webhook-endpoints", "status": "201", "result": end.ID}},
		"fifth":  {Who: id(server.Screen), Details: map[string]string{"request": "fifth", "route": "POST /v1/screenings:batch", "status": "200", "subject": "batch of 1"}},
	} {
		require.Equal(t, want.Who, got[request].Who, request)
		require.Equal(t, want.Details, got[request].Details, request)
		require.Equal(t, server.Called, got[request].What)
	}
	for _, secret := range []string{w.keys[server.Screen], strings.Split(w.keys[server.Admin], "_")[2], end.Secret, "token-in-path"} {
		require.NotContains(t, whole, secret)
		require.NotContains(t, w.log.String(), secret)
	}
	require.Contains(t, w.log.String(), `msg=answered route="POST /v1/screenings" status=200 request=first`)
}

// TestNothingIsAnsweredThatIsNotKept: without a journal that takes the verdict and the entry of the log,
// there is no answer.
func TestNothingIsAnsweredThatIsNotKept(t *testing.T) {
	var own *journal.Journal
	w := newWorld(t, func(w *world) {
		var err error
		own, err = journal.Open(t.Context(), w.path, journal.Options{})
		require.NoError(t, err)
		w.opt.Journal = own
	})
	w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).verdict(200)
	require.NoError(t, own.Close())
	for _, call := range [][3]string{
		{http.MethodPost, "/v1/screenings", subject(stolenDeposit())}, // which was kept before
		{http.MethodPost, "/v1/screenings", subject(w.walked())},
		{http.MethodPost, "/v1/screenings", subject(w.walked(), `,"mode":"async"`)},
		{http.MethodGet, "/v1/rules", ""},
	} {
		r := w.ask(server.Screen, call[0], call[1], call[2])
		require.NotContains(t, r.problem(500, "internal").Detail, w.path)
	}
	batch := []client.BatchItem{{Subject: client.Subject{Chain: "bitcoin", Txid: ptr(peelSeed)}}}
	var ended error
	for line, err := range client.Screen(t.Context(), w.dial(server.Screen), batch) {
		if ended = err; err == nil {
			require.Equal(t, "/problems/internal", line.Problem.Type)
		}
	}
	require.ErrorIs(t, ended, io.ErrUnexpectedEOF, "a batch that is not in the log does not look as if it had ended")
}
