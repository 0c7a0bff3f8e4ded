package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"clew/screen"
	"clew/server"
	"clew/server/webhook"
	"clew/store/journal"
)

// hostileRequests is how many requests each client of TestHostileRequests sends without CLEW_FUZZ_API, a
// duration, which asks for other ones each time until it is over.
const (
	hostileRequests = 400
	hostileClients  = 4
	// mostFailures are told before it gives up.
	mostFailures = 5
)

// TestHostileRequests reads the API's own document and sends to each operation of it what fits, what nearly
// fits, and what was made to break it, from several clients at once. Whatever comes: each request is
// answered with a status and a form that the document has, no answer and no line of the program's log
// names a secret or a file, and what was kept is whole afterwards.
func TestHostileRequests(t *testing.T) {
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hooks.Close)
	w := newWorld(t, func(w *world) {
		w.opt.Guard = webhook.Guard{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
		w.opt.Sender = webhook.NewSender(w.journal, webhook.Options{Guard: w.opt.Guard})
		w.opt.Limits.Body, w.opt.Limits.BatchBody, w.opt.Limits.Rate, w.opt.Limits.Burst = 1<<17, 1<<18, 1<<20, 1<<20
	})
	until, seed := time.Time{}, uint64(1)
	if text := os.Getenv("CLEW_FUZZ_API"); text != "" {
		long, err := time.ParseDuration(text)
		require.NoError(t, err, "CLEW_FUZZ_API")
		until, seed = time.Now().Add(long), rand.Uint64()
	}
	t.Logf("seed %d", seed)
	doc := openDocument(t, w.ask("", http.MethodGet, "/openapi.json", "").body)
	checks := newChecks(w, doc)
	ids := newPools(w, hooks.URL)
	var running sync.WaitGroup
	for client := range hostileClients {
		running.Go(func() {
			g := &hostile{rng: rand.New(rand.NewPCG(seed, uint64(client))), doc: doc, pools: ids, w: w}
			for n := 0; checks.failed.Load() < mostFailures && (until.IsZero() && n < hostileRequests || time.Now().Before(until)); n++ {
				checks.send(g.request())
			}
		})
	}
	running.Wait()
	checks.after(t)
}

// checks are what is wanted of each answer.
type checks struct {
	w       *world
	doc     *document
	client  *http.Client
	secrets []string
	failed  atomic.Int64
	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema
	seen    map[string]int // statuses of each operation
}

// inside are texts that say how the program is made, or where it runs.
var inside = regexp.MustCompile(`goroutine \d|\.go:\d|runtime error|SQLITE|sqlite3?:|constraint failed`)

func newChecks(w *world, doc *document) *checks {
	c := &checks{w: w, doc: doc, schemas: map[string]*jsonschema.Schema{}, seen: map[string]int{}}
	c.client = &http.Client{Transport: w.client.Transport, CheckRedirect: w.client.CheckRedirect, Timeout: 20 * time.Second}
	for _, key := range w.keys {
		c.secrets = append(c.secrets, key, strings.Split(key, "_")[2])
	}
	c.secrets = append(c.secrets, filepath.Dir(w.path))
	return c
}

// send sends a request and looks at the answer.
func (c *checks) send(q *sent) {
	t := c.w.t
	req, err := http.NewRequestWithContext(t.Context(), q.op.method, c.w.url, bytes.NewReader(q.body))
	if err != nil {
		t.Errorf("%s: %v", q, err)
		return
	}
	req.URL.Path, req.URL.RawPath, req.URL.RawQuery, req.Header = q.path, q.rawPath, q.query, q.header
	req.URL.Opaque = "//" + req.URL.Host + q.rawPath // sent as it is
	res, err := c.client.Do(req)
	if err != nil {
		c.failed.Add(1)
		t.Errorf("no answer: %v\n%s", err, q)
		return
	}
	data, err := io.ReadAll(res.Body)
	if err = errJoin(err, res.Body.Close()); err == nil {
		err = c.look(q, res, data)
	}
	if err != nil {
		c.failed.Add(1)
		t.Errorf("%v\nanswer: %d %v %.1500s\n%s", err, res.StatusCode, res.Header, data, q)
	}
}

func errJoin(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// look checks an answer.
func (c *checks) look(q *sent, res *http.Response, data []byte) error {
	status := strconv.Itoa(res.StatusCode)
	c.mu.Lock()
	c.seen[q.op.id+" "+status]++
	c.mu.Unlock()
	if q.elsewhere && res.StatusCode == http.StatusBadRequest && string(data) == "400 Bad Request" {
		return nil // net/http cannot read the path
	}
	if res.Header.Get("X-Request-Id") == "" && res.StatusCode/100 != 3 {
		return fmt.Errorf("it has no X-Request-Id")
	}
	for _, secret := range c.secrets {
		if bytes.Contains(data, []byte(secret)) {
			return fmt.Errorf("it has the secret %.12s…", secret)
		}
	}
	if m := inside.Find(data); m != nil {
		return fmt.Errorf("it tells of the inside: %q", m)
	}
	answer := q.op.response(status)
	switch {
	case q.elsewhere && answer == nil && slices.Contains([]int{301, 307, 308, 400, 404, 405}, res.StatusCode):
	case answer == nil:
		return fmt.Errorf("the document has no answer %s of %s", status, q.op.id)
	case res.StatusCode == http.StatusInternalServerError:
		return fmt.Errorf("it failed")
	}
	if res.StatusCode >= 400 && q.op.method != http.MethodHead {
		if name := res.Header.Get("Content-Type"); name != "application/problem+json" && !(q.op.id == "getReadiness" && res.StatusCode == 503) {
			return fmt.Errorf("it is no problem but %q", name)
		}
		return c.problem(res, data)
	}
	if answer == nil || q.elsewhere {
		return nil
	}
	q.learn(data)
	return c.form(q, status, res.Header.Get("Content-Type"), data)
}

// problem checks a problem of RFC 9457.
func (c *checks) problem(res *http.Response, data []byte) error {
	if err := c.fits("/components/schemas/Problem", data); err != nil {
		return err
	}
	var p server.Problem
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	switch {
	case p.Status != res.StatusCode:
		return fmt.Errorf("the problem says %d", p.Status)
	case p.RequestID != res.Header.Get("X-Request-Id"):
		return fmt.Errorf("the problem is of request %q", p.RequestID)
	case !slices.Contains(server.ProblemNames(), strings.TrimPrefix(p.Type, server.ProblemPath)):
		return fmt.Errorf("nobody knows the problem %q", p.Type)
	case len(p.Detail) < 10 || len(data) > 8<<10:
		return fmt.Errorf("its words are not for people")
	}
	return nil
}

// form checks what was answered well against the document.
func (c *checks) form(q *sent, status, contentType string, data []byte) error {
	kind, _, _ := strings.Cut(contentType, ";")
	content := q.op.response(status)["content"]
	if content == nil {
		if len(data) != 0 {
			return fmt.Errorf("the document has no body of it")
		}
		return nil
	}
	if content.(map[string]any)[kind] == nil {
		return fmt.Errorf("the document has no %q of it", kind)
	}
	at := "/paths/" + pointer(q.op.path) + "/" + strings.ToLower(q.op.method) + "/responses/" + status + "/content/" + pointer(kind) + "/schema"
	switch kind {
	case "application/json":
		return c.fits(at, data)
	case "application/x-ndjson":
		for line := range bytes.Lines(data) {
			if err := c.fits(at, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits checks JSON against a schema of the document.
func (c *checks) fits(at string, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock() // a schema is compiled once, and a compiler is no thing for several
	schema := c.schemas[at]
	if schema == nil {
		var err error
		if schema, err = c.doc.compiler.Compile("openapi.json#" + at); err != nil {
			return fmt.Errorf("schema %s: %w", at, err)
		}
		c.schemas[at] = schema
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = schema.Validate(v)
	}
	return err
}

// after looks at what is left: every operation gave what it has to give, the server answers, the journal is
// whole, and the program's log tells nothing that it should not.
func (c *checks) after(t *testing.T) {
	for _, op := range c.doc.operations {
		good := 0
		for status, n := range c.seen {
			if strings.HasPrefix(status, op.id+" 2") {
				good += n
			}
		}
		require.Positive(t, good, "%s never gave what it has to give: %v", op.id, c.seen)
	}
	require.Equal(t, http.StatusOK, c.w.ask("", http.MethodGet, "/healthz", "").StatusCode)
	require.Equal(t, http.StatusOK, c.w.ask(server.Screen, http.MethodPost, "/v1/screenings", subject(stolenDeposit())).StatusCode)
	log := c.w.log.String()
	for _, secret := range c.secrets[:len(c.secrets)-1] {
		require.NotContains(t, log, secret)
	}
	require.NotContains(t, log, "whsec_")
	require.NotContains(t, log, "panic")
	require.NotContains(t, log, "level=ERROR", "%s", regexp.MustCompile(`(?m)^.*level=ERROR.*$`).FindString(log))

	ctx := context.Background()
	lines, _, err := c.w.journal.VerifyLog(ctx)
	require.NoError(t, err)
	require.Positive(t, lines)
	problems, err := c.w.journal.Check(ctx, func(s *journal.Screening) error {
		v, err := screen.ReadVerdict(s.Verdict)
		if err == nil && v.ID != s.ID {
			err = fmt.Errorf("it is %s", v.ID)
		}
		return err
	})
	require.NoError(t, err)
	require.Empty(t, problems)
}
