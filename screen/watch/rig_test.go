package watch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/ingest"
	"clew/screen"
	"clew/screen/watch"
	"clew/server/webhook"
	"clew/store"
	"clew/store/journal"
)

// codec reads the addresses of both families, as the program does.
type codec struct{}

func (codec) ParseAddress(chain chains.Chain, text string) (chains.Address, error) {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.ParseAddress(chain, text)
	}
	return bitcoin.Codec{}.ParseAddress(chain, text)
}

func (codec) FormatAddress(chain chains.Chain, a chains.Address) string {
	if chain.Info().Family == chains.FamilyEVM {
		return evm.FormatAddress(chain, a)
	}
	return bitcoin.Codec{}.FormatAddress(chain, a)
}

// views is a store as screen.Chains.
type views struct{ *store.Store }

func (v views) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	return v.View(ctx, chain, asOf)
}

// rig is a store, a journal, a watcher and a receiver of webhooks, all real.
type rig struct {
	t        testing.TB
	dir      string
	store    *store.Store
	journal  *journal.Journal
	watcher  *watch.Watcher
	secret   webhook.Secret
	arrived  chan got
	screener func() *screen.Screener
	moved    chan string // incidents
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// got is an event that arrived and whose signature was checked.
type got struct {
	err  error
	ID   string          `json:"id"`
	Type string          `json:"type"`
	At   time.Time       `json:"timestamp"`
	Data json.RawMessage `json:"data"`
}

func newRig(t testing.TB) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, dir: dir, arrived: make(chan got, 100), moved: make(chan string, 100)}
	var err error
	r.store, err = store.Open(t.Context(), filepath.Join(dir, "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	r.journal, err = journal.Open(t.Context(), filepath.Join(dir, "clew.screening.db"), journal.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.journal.Close()) })
	r.again()
	return r
}

// again makes a new watcher, as a process that was started again has.
func (r *rig) again() {
	r.t.Helper()
	o := watch.Options{
		Journal: r.journal, Chains: views{r.store}, Codec: codec{},
		Moved: func(_ context.Context, incident string) { r.moved <- incident },
		Log:   slog.New(slog.NewTextHandler(r.t.Output(), nil)),
	}
	if r.screener != nil {
		o.Screener = r.screener
		o.Record = func(tx *journal.Tx, v *screen.Verdict) error {
			text, err := v.JSON()
			if err == nil {
				_, err = tx.PutScreening(journal.Screening{
					ID: v.ID, Subject: v.Subject.Key(), Verdict: text, Outcome: string(v.Outcome), Action: string(v.Action),
				})
			}
			return err
		}
	}
	var err error
	r.watcher, err = watch.NewWatcher(o)
	require.NoError(r.t, err)
}

// endpoint sets a receiver on loopback, to which a sender delivers until the test ends.
func (r *rig) endpoint(kinds ...string) {
	r.t.Helper()
	var err error
	r.secret, err = webhook.NewSecret()
	require.NoError(r.t, err)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var g got
		if err == nil {
			var id string
			if id, err = webhook.Verify(r.secret, req.Header, body, 0); err == nil {
				err = json.Unmarshal(body, &g)
			}
			if err == nil && g.ID != id {
				err = fmt.Errorf("the header says %s, the body %s", id, g.ID)
			}
		}
		g.err = err
		r.arrived <- g
	}))
	r.t.Cleanup(server.Close)
	r.do(func(tx *journal.Tx) error {
		return tx.PutEndpoint(journal.Endpoint{ID: "end-1", URL: server.URL, Secret: r.secret, Events: kinds})
	})
	sender := webhook.NewSender(r.journal, webhook.Options{
		Guard: webhook.Guard{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Poll: 10 * time.Millisecond,
	})
	r.background(func(ctx context.Context) { sender.Run(ctx) })
}

// background runs something until the test ends.
func (r *rig) background(f func(ctx context.Context)) (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f(ctx) })
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	r.t.Cleanup(stop)
	return stop
}

func (r *rig) do(f func(*journal.Tx) error) {
	r.t.Helper()
	require.NoError(r.t, r.journal.Do(r.t.Context(), f))
}

func subjectOf(t testing.TB, text string) screen.Subject {
	t.Helper()
	s, err := screen.ParseSubject(text, codec{})
	require.NoError(t, err)
	return s
}

// watch sets a watch and returns its id.
func (r *rig) watch(subject string, o watch.Settings) string {
	r.t.Helper()
	w, err := watch.New(subjectOf(r.t, subject), o)
	require.NoError(r.t, err)
	r.do(func(tx *journal.Tx) error { return tx.PutWatch(w) })
	return w.ID
}

// next waits for the next event that arrives.
func (r *rig) next() got {
	r.t.Helper()
	select {
	case g := <-r.arrived:
		require.NoError(r.t, g.err)
		return g
	case <-time.After(patience):
		require.Fail(r.t, "no event came")
		return got{}
	}
}

// movement waits for the next event, which is of this kind, and returns its data.
func (r *rig) movement(kind string) watch.Movement {
	r.t.Helper()
	g := r.next()
	require.Equal(r.t, kind, g.Type, "%s", g.Data)
	var m watch.Movement
	require.NoError(r.t, json.Unmarshal(g.Data, &m))
	return m
}

// queued returns the events that wait in the journal, in their order.
func (r *rig) queued() []got {
	r.t.Helper()
	all, _, err := r.journal.Deliveries(r.t.Context(), "", 0, 10_000)
	require.NoError(r.t, err)
	out := make([]got, len(all))
	for i, d := range all {
		require.NoError(r.t, json.Unmarshal(d.Body, &out[len(all)-1-i]))
	}
	return out
}

// sync reads a node's new blocks into the store, as a sync of the program does.
func (r *rig) sync(node ingest.Node) func(ctx context.Context) (watch.Synced, error) {
	var dec ingest.Decoder
	if node.Chain().Info().Family == chains.FamilyBitcoin {
		dec = bitcoin.Codec{}
	}
	return func(ctx context.Context) (done watch.Synced, err error) {
		loader, err := r.store.Load(ctx, node.Chain())
		if err != nil {
			return done, err
		}
		res, err := ingest.Sync(ctx, node, dec, loader, ingest.SyncOptions{From: -1, To: -1})
		done = watch.Synced{Head: res.Head, Reorged: len(res.Reorgs) > 0}
		for i, reorg := range res.Reorgs {
			if done.Fork = min(done.Fork, reorg.Fork); i == 0 {
				done.Fork = reorg.Fork
			}
		}
		if closed := loader.Close(); err == nil {
			err = closed
		}
		return done, err
	}
}

// follow follows a node until the test ends or stop is called.
func (r *rig) follow(node ingest.Node, pending watch.Pending) (stop func()) {
	r.t.Helper()
	f := watch.Feed{Chain: node.Chain(), Node: "node", Head: node.Head, Sync: r.sync(node), Pending: pending, Poll: 20 * time.Millisecond}
	return r.background(func(ctx context.Context) { _ = r.watcher.Follow(ctx, f) }) // it ends with ctx alone
}

// reached waits until a chain was looked through to a height.
func (r *rig) reached(chain chains.Chain, height int64) {
	r.t.Helper()
	r.status(func(s watch.FeedStatus) bool { return s.Chain == chain && s.Synced >= height })
}
