package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/labels"
	"clew/screen"
	"clew/server"
	"clew/store"
	"clew/store/journal"
	"clew/testdata"
	"clew/tracer"
)

const (
	regtest   = chains.Chain("bitcoin-regtest")
	firstTime = 1_577_836_800 // of block 0: 2020-01-01
	// peelSeed is the output that the incident demo-peel begins at; see testdata/demo/peel.
	peelSeed = "1036afa59593aef1283cdf06fff558ab58441d6c38ffc78355c7d7d82114da1c"
	// peelLength is how many transactions lie between the mined coin and the last payment of the test's chain.
	peelLength = 40
)

// world is a server over a real journal, a real store with a short chain, the labels that the program
// carries, and an incident of the demonstration.
type world struct {
	t        testing.TB
	journal  *journal.Journal
	path     string
	store    *store.Store
	opt      server.Options
	state    atomic.Pointer[server.State]
	srv      *server.Server
	url      string
	client   *http.Client
	keys     map[server.Scope]string
	last     chains.TxID // the end of the chain's run of payments
	coin     chains.OutPoint
	stop     context.CancelFunc
	ended    chan error
	log      lockedBuffer
	mu       sync.Mutex
	traces   map[string]*tracer.Trace
	index    *screen.Index
	labels   *labels.Set
	watchers atomic.Int64
}

// lockedBuffer takes what the server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newWorld makes a world and serves it; change may change the options.
func newWorld(t testing.TB, change ...func(*world)) *world {
	w := newStill(t, change...)
	w.serve()
	return w
}

// newStill makes a world that nobody serves yet.
func newStill(t testing.TB, change ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, keys: map[server.Scope]string{}, traces: map[string]*tracer.Trace{}, index: screen.NewIndex(bitcoin.Codec{})}
	dir := t.TempDir()
	w.path = filepath.Join(dir, "clew.screening.db")
	var err error
	w.store, err = store.Open(t.Context(), filepath.Join(dir, "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	w.journal, err = journal.Open(t.Context(), w.path, journal.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.journal.Close()); require.NoError(t, w.store.Close()) })
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	w.labels, err = labels.NewSet(packs...)
	require.NoError(t, err)
	w.chain()
	w.keepTrace("demo-peel", peel(t))
	w.opt = server.Options{
		Journal: w.journal, Codec: bitcoin.Codec{}, State: w.state.Load, Traces: w, Version: "test",
		Logger:  slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Watches: func() { w.watchers.Add(1) },
		Chains: func() []server.ChainState {
			behind := int64(2)
			return []server.ChainState{{Chain: string(regtest), Height: peelLength, Behind: &behind}}
		},
		Replay: func(ctx context.Context, v *screen.Verdict) (*screen.Verdict, error) {
			return w.state.Load().Screener.Replay(ctx, v)
		},
		Limits: server.Limits{Drain: 5 * time.Second},
	}
	w.refresh()
	for _, scope := range []server.Scope{server.Read, server.Screen, server.Admin} {
		w.keys[scope] = w.key(string(scope), 0, 0, string(scope))
	}
	for _, f := range change {
		f(w)
	}
	return w
}

// key makes a key and returns its text.
func (w *world) key(name string, rate, burst int, scopes ...string) string {
	text, k, err := server.MakeKey(name, scopes, rate, burst, time.Now())
	require.NoError(w.t, err)
	require.NoError(w.t, w.journal.Do(w.t.Context(), func(tx *journal.Tx) error { return tx.PutKey(k) }))
	return text
}

// serve serves on loopback until the test ends, or end is called.
func (w *world) serve() {
	l, err := new(net.ListenConfig).Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	w.serveOn(l, "http://"+l.Addr().String(), &http.Transport{})
}

func (w *world) serveOn(l net.Listener, url string, tr *http.Transport) {
	w.t.Helper()
	var err error
	w.srv, err = server.New(w.opt)
	require.NoError(w.t, err)
	ctx, stop := context.WithCancel(w.t.Context())
	w.url, w.stop, w.ended = url, stop, make(chan error, 1)
	w.client = &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	go func() { w.ended <- w.srv.Serve(ctx, l) }()
	w.t.Cleanup(func() {
		tr.CloseIdleConnections()
		require.NoError(w.t, w.end())
	})
}

// end stops the server and returns what Serve returned.
func (w *world) end() error {
	w.stop()
	err, open := <-w.ended
	if open {
		close(w.ended)
	}
	return err
}

// reply is an answer that was read whole.
type reply struct {
	*http.Response
	body []byte
	t    testing.TB
}

// json reads the answer.
func (r *reply) json(v any) {
	r.t.Helper()
	require.NoError(r.t, json.Unmarshal(r.body, v), "%s", r.body)
}

// problem reads the answer as a problem and checks what holds of all.
func (r *reply) problem(status int, name string) server.Problem {
	r.t.Helper()
	require.Equal(r.t, status, r.StatusCode, "%s", r.body)
	require.Equal(r.t, "application/problem+json", r.Header.Get("Content-Type"))
	var p server.Problem
	r.json(&p)
	require.Equal(r.t, server.ProblemPath+name, p.Type)
	require.Equal(r.t, status, p.Status)
	require.NotEmpty(r.t, p.Title)
	require.NotEmpty(r.t, p.Detail)
	require.Equal(r.t, r.Header.Get("X-Request-Id"), p.RequestID)
	return p
}

// ask sends a request with the key of a scope ("" for none); headers are pairs.
func (w *world) ask(scope server.Scope, method, path, body string, headers ...string) *reply {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	require.NoError(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key := w.keys[scope]; key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Del(headers[i]); headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := w.client.Do(req)
	require.NoError(w.t, err)
	data, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	return &reply{res, data, w.t}
}

// subject is the JSON of a request for a verdict.
func subject(s string, more ...string) string {
	return `{"subject":` + s + strings.Join(more, "") + `}`
}

// stolenDeposit is what lies on the trace of demo-peel.
func stolenDeposit() string {
	return `{"kind":"output","chain":"bitcoin","txid":"` + peelSeed + `","vout":0}`
}

// walked is a subject that has to be walked back to the coin that was mined.
func (w *world) walked() string {
	return fmt.Sprintf(`{"chain":"%s","txid":"%s","vout":0}`, regtest, w.last)
}

// refresh makes a new state of what there is.
func (w *world) refresh() {
	w.t.Helper()
	require.NoError(w.t, w.renew())
}

func (w *world) renew() error {
	policy := screen.DefaultPolicy()
	hash := w.labels.SHA256(time.Time{})
	ref, err := w.store.View(context.Background(), regtest, store.Latest)
	if err != nil {
		return err
	}
	spans, block := ref.Covered()
	if err := ref.Close(); err != nil {
		return err
	}
	s, err := screen.New(screen.Config{
		Policy: policy, Labels: w.labels, LabelsSHA256: hash, Index: w.index, Codec: bitcoin.Codec{}, Chains: views{w.store},
		Heads: []screen.Head{{Chain: regtest, Spans: spans, Block: block}},
	})
	if err != nil {
		return err
	}
	_, set := s.IncidentSet()
	w.state.Store(&server.State{Screener: s, Policy: policy, Blobs: []journal.Blob{
		{Kind: "rules", Content: policy.Source}, {Kind: "incidents", Content: set},
	}})
	return nil
}

// views opens views of a store.
type views struct{ st *store.Store }

func (v views) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	return v.st.View(ctx, chain, asOf)
}

// chain makes a chain in the store: a coin is mined and paid on, peelLength times.
func (w *world) chain() {
	l, err := w.store.Load(w.t.Context(), regtest)
	require.NoError(w.t, err)
	var prev chains.Hash
	var carried chains.OutPoint
	var value chains.Output
	for height := range int64(peelLength + 1) {
		b := &chains.Block{Header: make([]byte, 80), Prev: prev}
		b.Ref = chains.BlockRef{Height: height, Time: firstTime + 600*height, Hash: sha256.Sum256(fmt.Appendf(nil, "block %d", height))}
		copy(b.Header[4:], b.Prev[:])
		mined := transaction(b, 0, nil, chains.Output{Value: 5_000_000_000, Address: party(height), Type: chains.ScriptP2WPKH})
		b.Txs = append(b.Txs, mined)
		if height == 0 {
			carried, value = chains.OutPoint{Tx: mined.ID}, mined.Outputs[0]
			w.coin = carried
		} else {
			next := chains.Output{Value: value.Value - 1_000_000, Address: party(1000 + height), Type: chains.ScriptP2WPKH}
			paid := transaction(b, 1, []chains.Input{{Prev: carried, Spent: value, Known: true, Proven: true}},
				next, chains.Output{Value: 900_000, Address: party(2000 + height), Type: chains.ScriptP2WPKH})
			b.Txs = append(b.Txs, paid)
			carried, value, w.last = chains.OutPoint{Tx: paid.ID}, next, paid.ID
		}
		prev = b.Ref.Hash
		require.NoError(w.t, l.Add(b))
	}
	require.NoError(w.t, l.Flush(w.t.Context()))
	require.NoError(w.t, l.Close())
}

func transaction(b *chains.Block, index int, from []chains.Input, to ...chains.Output) chains.Tx {
	var serial [16]byte
	binary.BigEndian.PutUint64(serial[:], uint64(b.Ref.Height))
	binary.BigEndian.PutUint64(serial[8:], uint64(index))
	return chains.Tx{
		Block: b.Ref, Index: index, Version: 2, Evidence: chains.EvidenceProven, ID: sha256.Sum256(serial[:]),
		Coinbase: from == nil, Inputs: from, Outputs: to,
	}
}

// party is an address of the test's chain.
func party(n int64) chains.Address {
	sum := sha256.Sum256(fmt.Appendf(nil, "party %d", n))
	a, _ := bitcoin.Classify(regtest, append([]byte{0x00, 0x14}, sum[:20]...)) // pay to witness public key hash
	return a
}

// peel traces the demonstration's run of payments from the recording that the program carries.
func peel(t testing.TB) *tracer.Trace {
	t.Helper()
	dir, err := fs.Sub(testdata.Demo, "demo/peel")
	require.NoError(t, err)
	text, err := fs.ReadFile(dir, "incident.yaml")
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("incident.yaml", text, bitcoin.Codec{})
	require.NoError(t, err)
	node, err := ingest.OpenRecording(t.Context(), dir, "bitcoin", bitcoin.Codec{}, nil)
	require.NoError(t, err)
	if c, ok := any(node).(io.Closer); ok {
		defer func() { require.NoError(t, c.Close()) }()
	}
	trace, err := tracer.RunAll(t.Context(), inc, recording{node}, bitcoin.Codec{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	return trace
}

// recording opens a chain at its recording.
type recording struct{ node ingest.Node }

func (r recording) Open(ctx context.Context, _ chains.Chain, height, _ int64) (tracer.Source, error) {
	pass, err := ingest.NewPass(ctx, r.node, bitcoin.Codec{}, ingest.PassOptions{From: height})
	return recorded{pass}, err
}

type recorded struct{ *ingest.Pass }

func (r recorded) Close() error { r.Pass.Close(); return nil }

// keepTrace loads a trace as an incident.
func (w *world) keepTrace(id string, trace *tracer.Trace) {
	w.t.Helper()
	_, err := w.keep(context.Background(), id, trace)
	require.NoError(w.t, err)
}

func (w *world) keep(ctx context.Context, id string, trace *tracer.Trace) (journal.Incident, error) {
	data, err := json.Marshal(trace)
	if err != nil {
		return journal.Incident{}, err
	}
	sum := sha256.Sum256(data)
	title := trace.Incident.Title
	in := journal.Incident{ID: id, Trace: "trace-" + id, SHA256: hex.EncodeToString(sum[:]), Loaded: time.Now().UTC()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traces[in.Trace] = trace
	if w.index, err = w.index.With(trace, screen.Loaded{ID: id, Trace: in.Trace, SHA256: in.SHA256, Title: title}); err != nil {
		return in, err
	}
	return in, w.journal.Do(ctx, func(tx *journal.Tx) error { return tx.PutIncident(in) })
}

// Run traces an incident's file over the test's chain and loads it: a world is its own server.Traces.
func (w *world) Run(ctx context.Context, file []byte) (journal.Incident, error) {
	inc, err := tracer.ParseIncident("incident.yaml", file, bitcoin.Codec{})
	if err != nil {
		return journal.Incident{}, err
	}
	src, err := w.store.Source(ctx, regtest, store.Latest)
	if err != nil {
		return journal.Incident{}, err
	}
	trace, err := tracer.Run(ctx, inc, regtest, src, bitcoin.Codec{}, tracer.Options{})
	if closed := src.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return journal.Incident{}, err
	}
	in, err := w.keep(ctx, inc.ID, trace)
	if err == nil {
		err = w.renew()
	}
	return in, err
}

// Load loads a trace that is kept already.
func (w *world) Load(ctx context.Context, trace string) (journal.Incident, error) {
	w.mu.Lock()
	t := w.traces[trace]
	w.mu.Unlock()
	if t == nil {
		return journal.Incident{}, chains.ErrNotFound
	}
	in, err := w.keep(ctx, t.Incident.ID, t)
	if err == nil {
		err = w.renew()
	}
	return in, err
}

// Check says what is wrong with an incident's file.
func (w *world) Check(file []byte) error {
	_, err := tracer.ParseIncident("incident.yaml", file, bitcoin.Codec{})
	return err
}

// Drop forgets an incident.
func (w *world) Drop(ctx context.Context, id string) error {
	w.mu.Lock()
	w.index = w.index.Without(id)
	w.mu.Unlock()
	err := w.journal.Do(ctx, func(tx *journal.Tx) error { return tx.DropIncident(id) })
	if err != nil {
		return fmt.Errorf("%w: %w", chains.ErrNotFound, err)
	}
	return w.renew()
}

// JSON returns a trace.
func (w *world) JSON(_ context.Context, trace string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.traces[trace] == nil {
		return nil, chains.ErrNotFound
	}
	return json.Marshal(w.traces[trace])
}
