package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/screen"
	"clew/server/webhook"
	"clew/store/journal"
)

// house is a folder with a store and a journal, in which clew runs as a process.
type house struct {
	t       *testing.T
	dir     string
	key     string // of the scope admin
	client  *http.Client
	process *process
}

// process is a running clew serve.
type process struct {
	cmd    *exec.Cmd
	url    string
	stderr *syncBuffer
	ended  chan struct{} // closed once it has ended
	err    error         // of Wait
}

// syncBuffer takes what a process says while others read it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newHouse makes an empty one, with a key.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}}
	t.Cleanup(h.client.CloseIdleConnections)
	h.key = strings.TrimSpace(h.clew(0, "key", "add", "tests", "--scope", "admin", "--quiet"))
	return h
}

// in is the same house for a part of the test.
func (h *house) in(t *testing.T) *house {
	part := *h
	part.t = t
	return &part
}

func (h *house) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "clew", args...)
	cmd.Dir, cmd.Env = h.dir, append(os.Environ(), "HOME="+h.dir)
	return cmd
}

// clew runs a command that must end with this exit code, and returns what it printed.
func (h *house) clew(code int, args ...string) string {
	h.t.Helper()
	var out, said bytes.Buffer
	cmd := h.command(h.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(h.t, err)
	}
	require.Equal(h.t, code, cmd.ProcessState.ExitCode(), "clew %s\n%s%s", strings.Join(args, " "), out.String(), said.String())
	return out.String()
}

// write writes a file into the house.
func (h *house) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	require.NoError(h.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// serve starts clew serve and waits until it answers. It is killed at the end of the test if it still runs.
func (h *house) serve(args ...string) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{stderr: &syncBuffer{}, ended: make(chan struct{})}
	p.cmd = h.command(ctx, append([]string{"serve", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(h.t, err)
	require.NoError(h.t, p.cmd.Start())
	var m servingMessage
	failed := json.NewDecoder(out).Decode(&m)
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	h.t.Cleanup(func() { cancel(); <-p.ended })
	require.NoError(h.t, failed, "clew serve did not answer: %s", p.stderr)
	p.url, h.process = m.Address, p
}

// stop ends clew serve as an operator does. It must end well.
func (h *house) stop() {
	h.t.Helper()
	require.NoError(h.t, h.process.cmd.Process.Signal(syscall.SIGTERM))
	<-h.process.ended
	require.NoError(h.t, h.process.err, "%s", h.process.stderr)
}

// kill ends clew serve without a word.
func (h *house) kill() {
	h.t.Helper()
	require.NoError(h.t, h.process.cmd.Process.Kill())
	<-h.process.ended
}

// ask sends a request and returns the answer; headers are pairs. Safe for several at once.
func (h *house) ask(method, path, body string, headers ...string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.process.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+h.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := h.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, text, errors.Join(err, res.Body.Close())
}

// wants sends a request that must be answered with this status, and reads the answer into v.
func (h *house) wants(status int, method, path, body string, v any, headers ...string) []byte {
	h.t.Helper()
	got, text, err := h.ask(method, path, body, headers...)
	require.NoError(h.t, err)
	require.Equal(h.t, status, got, "%s %s %s\n%s", method, path, body, text)
	if v != nil {
		require.NoError(h.t, json.Unmarshal(text, v), "%s", text)
	}
	return text
}

// screening asks for the verdict on a subject, as written on the command line.
func (h *house) screening(subject string) *screen.Verdict {
	h.t.Helper()
	s, err := screen.ParseSubject(subject, codec())
	require.NoError(h.t, err)
	text := h.wants(http.StatusOK, http.MethodPost, "/v1/screenings", `{"subject":`+s.Key()+`,"mode":"sync"}`, nil)
	v, err := screen.ReadVerdict(text)
	require.NoError(h.t, err)
	return v
}

// patience is how long a test waits for what has to happen.
const patience = 90 * time.Second

// waits asks again and again until it is so.
func (h *house) waits(what string, so func() bool) {
	h.t.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); <-tick.C {
		select {
		case <-h.process.ended:
			require.Fail(h.t, "clew serve ended", "while the test waited for: %s\n%s", what, h.process.stderr)
		default:
		}
		require.True(h.t, time.Now().Before(end), "it did not happen: %s\n%s", what, h.process.stderr)
	}
}

// job waits for the end of a job, which must be done.
func (h *house) job(id string) (done struct{ State, Error, Screening, Incident string }) {
	h.t.Helper()
	h.waits("the end of job "+id, func() bool {
		h.wants(http.StatusOK, http.MethodGet, "/v1/jobs/"+id, "", &done)
		return done.State == string(journal.JobDone) || done.State == string(journal.JobFailed)
	})
	require.Equal(h.t, string(journal.JobDone), done.State, "%s", done.Error)
	return done
}

// addIncident has the server trace an incident's file, and waits until it is loaded.
func (h *house) addIncident(file string) (id string) {
	h.t.Helper()
	var job struct{ ID string }
	h.wants(http.StatusAccepted, http.MethodPost, "/v1/incidents", file, &job, "Content-Type", "application/yaml")
	return h.job(job.ID).Incident
}

// hooked is a webhook as it came.
type hooked struct {
	ID, Type string
	Data     json.RawMessage
}

// hookTaker takes webhooks, and checks the signature of each as whoever receives them does.
type hookTaker struct {
	id     string // of the endpoint
	secret webhook.Secret
	mu     sync.Mutex
	got    []hooked
	faults []error
}

// receives starts a taker of events and makes it an endpoint of the API. The server must allow loopback.
func (h *house) receives(kinds ...string) *hookTaker {
	h.t.Helper()
	r := &hookTaker{}
	s := httptest.NewServer(r)
	h.t.Cleanup(s.Close)
	body, err := json.Marshal(map[string]any{"url": s.URL, "events": kinds})
	require.NoError(h.t, err)
	var made struct{ ID, Secret string }
	h.wants(http.StatusCreated, http.MethodPost, "/v1/webhook-endpoints", string(body), &made)
	r.id = made.ID
	r.secret, err = webhook.ParseSecret(made.Secret)
	require.NoError(h.t, err)
	return r
}

// ServeHTTP takes a webhook.
func (r *hookTaker) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var e hooked
	var id string
	if err == nil {
		id, err = webhook.Verify(r.secret, q.Header, body, 5*time.Minute)
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err == nil && id != e.ID {
		err = errors.New("the header names event " + id + ", and the body " + e.ID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.faults = append(r.faults, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.got = append(r.got, e)
}

// events are those of a kind that came, each once, in the order in which they came first.
func (r *hookTaker) events(t *testing.T, kind string) []hooked {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(t, r.faults)
	var out []hooked
	for _, e := range r.got {
		if e.Type == kind && !slices.ContainsFunc(out, func(o hooked) bool { return o.ID == e.ID }) {
			out = append(out, e)
		}
	}
	return out
}
