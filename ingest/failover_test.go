package ingest_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
)

// fault is what stands between a list and one of its nodes.
type fault struct {
	url   string
	now   atomic.Pointer[func(*nodetest.Question, *nodetest.Reply)]
	asked atomic.Int64
}

// faulty returns a node that does what is told to it.
func faulty(t *testing.T, node *nodetest.Node) *fault {
	t.Helper()
	f := &fault{}
	f.url = node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
		f.asked.Add(1)
		if do := f.now.Load(); do != nil {
			(*do)(q, r)
		}
	}})
	return f
}

func (f *fault) set(do func(*nodetest.Question, *nodetest.Reply)) { f.now.Store(&do) }

func gone(_ *nodetest.Question, r *nodetest.Reply) { r.Drop = true }

func busy(_ *nodetest.Question, r *nodetest.Reply) { r.Status = http.StatusTooManyRequests }

func lies(q *nodetest.Question, r *nodetest.Reply) {
	if strings.HasPrefix(q.Path, "/rest/block/") {
		r.Body[len(r.Body)-60] ^= 1
	}
}

func honest(*nodetest.Question, *nodetest.Reply) {}

// candidate is a node of a list, impatient so that tests of faults are short.
func candidate(node *nodetest.Node, url string) ingest.Candidate {
	return ingest.Candidate{Name: url, Dial: func(ctx context.Context) (ingest.Backend, error) {
		o := node.Options()
		o.Retries, o.Backoff = -1, time.Millisecond
		n, err := bitcoin.Dial(ctx, "", url, o)
		if err != nil {
			return nil, err
		}
		return n, nil
	}}
}

// list opens nodes as one, and returns what the log says of them.
func list(t *testing.T, nodes ...ingest.Candidate) (*ingest.Failover, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	f, err := ingest.OpenFailover(t.Context(), nodes, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	return f, &log
}

// Whatever befalls the node in use, the next one takes over, and the store is the same.
func TestFailoverGoesOn(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(4, 30, 1)
	want := fresh(t, dial(t, node))
	for name, do := range map[string]func(*nodetest.Question, *nodetest.Reply){"gone": gone, "busy": busy, "wrong": lies} {
		t.Run(name, func(t *testing.T) {
			a, b := faulty(t, node), faulty(t, node)
			f, log := list(t, candidate(node, a.url), candidate(node, b.url))
			require.Equal(t, a.url+", else "+b.url, f.String())
			before := b.asked.Load()
			_, err := f.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, b.asked.Load(), "the first one that answers serves everything")
			st := openStore(t)
			opt := everything
			opt.Progress = func(done, _, _ int64, _ chains.BlockRef) {
				if done == 50 {
					a.set(do)
				}
			}
			syncSome(t, f, st, opt)
			same(t, want, dump(t, st))
			require.Contains(t, log.String(), "another node takes over")
			require.Contains(t, log.String(), "instead_of="+a.url)

			// Later the second one fails: one that was wrong is not asked again.
			a.set(honest)
			b.set(gone)
			asked := a.asked.Load()
			_, err = f.Head(t.Context())
			if name == "wrong" {
				require.ErrorIs(t, err, chains.ErrUnreachable)
				require.Equal(t, asked, a.asked.Load())
				return
			}
			require.NoError(t, err, "a node that is back serves again")
			require.Greater(t, a.asked.Load(), asked)
		})
	}
}

// A node that is behind does not take over, so that no block seems to be taken back.
func TestFailoverPassesOverANodeThatIsBehind(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	late := nodetest.Start(t, nodetest.Options{})
	node.Skip(5)
	late.Skip(2)
	a := faulty(t, node)
	f, _ := list(t, candidate(node, a.url), candidate(late, late.URL))
	head, err := f.Head(t.Context())
	require.NoError(t, err)
	a.set(gone)
	_, err = f.Head(t.Context())
	require.ErrorIs(t, err, chains.ErrUnreachable)
	require.ErrorContains(t, err, "it is behind: it has no block 5 yet")
	late.Skip(4)
	again, err := f.Head(t.Context())
	require.NoError(t, err)
	require.Greater(t, again.Height, head.Height)
}

// Answers are answers, also when they are refusals.
func TestFailoverKeepsAnswers(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	b := faulty(t, node)
	f, _ := list(t, candidate(node, node.URL), candidate(node, b.url))
	asked := b.asked.Load()
	_, err := f.HashAt(t.Context(), 7)
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, _, err = f.Tx(t.Context(), chains.TxID{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = f.Outputs(t.Context(), []chains.OutPoint{{Tx: chains.TxID{1}}})
	require.ErrorIs(t, err, chains.ErrNotFound)
	_, err = f.Locate(t.Context(), chains.TxID{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
	require.Equal(t, asked, b.asked.Load())
}

// A list that is wrong is refused when it is opened; one in which some node answers is not.
func TestOpenFailover(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	other := nodetest.Start(t, nodetest.Options{Kind: nodetest.Btcd})
	node.Skip(1)
	const down = "http://127.0.0.1:1"
	refuses := ingest.Candidate{Name: "refuses", Dial: func(context.Context) (ingest.Backend, error) {
		return nil, chains.ErrUnauthorized
	}}
	bad := map[string]struct {
		list []ingest.Candidate
		is   error
	}{
		"two networks": {[]ingest.Candidate{candidate(node, node.URL), candidate(other, other.URL)}, chains.ErrWrongChain},
		"none answers": {[]ingest.Candidate{candidate(node, down), candidate(node, down)}, chains.ErrUnreachable},
		"one refuses":  {[]ingest.Candidate{candidate(node, node.URL), refuses}, chains.ErrUnauthorized},
	}
	for name, c := range bad {
		t.Run(name, func(t *testing.T) {
			_, err := ingest.OpenFailover(t.Context(), c.list, slog.New(slog.DiscardHandler))
			require.ErrorIs(t, err, c.is)
		})
	}
	f, log := list(t, candidate(node, down), candidate(node, node.URL))
	head, err := f.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, head.Height)
	require.Equal(t, node.Chain, f.Chain())
	require.Contains(t, log.String(), "cannot be used now")
}

// away sets the clock of a list on, so that the rest of its nodes is over.
func away(f *ingest.Failover) { f.Now = func() time.Time { return time.Now().Add(time.Hour) } }

// A node that stands first in the list serves again once it is well, and not before.
func TestFailoverComesBack(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Skip(3)
	a, b := faulty(t, node), faulty(t, node)
	f, log := list(t, candidate(node, a.url), candidate(node, b.url))
	ask := func() {
		t.Helper()
		_, err := f.Head(t.Context())
		require.NoError(t, err)
	}
	a.set(gone)
	ask()
	a.set(honest)
	asked := a.asked.Load()
	ask()
	require.Equal(t, asked, a.asked.Load(), "it rests")
	away(f)
	require.Eventually(t, func() bool {
		before := b.asked.Load()
		ask()
		return b.asked.Load() == before
	}, 10*time.Second, time.Millisecond)
	require.Contains(t, log.String(), "serves again")
	require.Contains(t, log.String(), "instead_of="+b.url)

	// One that lied does not come back.
	a.set(lies)
	_, err := f.Block(t.Context(), 1, node.HashAt(1))
	require.NoError(t, err)
	a.set(honest)
	away(f)
	asked = a.asked.Load()
	for range 20 {
		ask()
	}
	require.Equal(t, asked, a.asked.Load())
}

// What a pruned node does not have, or a node without an index cannot find, the next one is
// asked for; the others go on with the first.
func TestFailoverAsksElsewhere(t *testing.T) {
	pruned := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune"}})
	whole := nodetest.Start(t, nodetest.Options{})
	_, coins := pruned.Fill(4, 60, 1)
	pruned.Skip(400)
	for h := int64(1); h <= pruned.Height(); h++ {
		var raw string
		pruned.RPC(&raw, "getblock", pruned.HashAt(h).String(), 0)
		whole.RPC(nil, "submitblock", raw)
	}
	require.Positive(t, pruned.Prune(110))
	want := fresh(t, dial(t, whole))
	a, b := faulty(t, pruned), faulty(t, whole)
	f, _ := list(t, candidate(pruned, a.url), candidate(whole, b.url))
	st := openStore(t)
	syncAll(t, f, st)
	same(t, want, dump(t, st))
	_, _, err := f.Tx(t.Context(), coins[0].Point.Tx)
	require.NoError(t, err)

	asked := b.asked.Load()
	_, err = f.Block(t.Context(), pruned.Height(), pruned.HashAt(pruned.Height()))
	require.NoError(t, err)
	require.Equal(t, asked, b.asked.Load(), "what the first one has it gives")

	// Where nobody has it, the first one says so.
	f, _ = list(t, candidate(pruned, a.url), candidate(pruned, a.url))
	_, err = f.Block(t.Context(), 1, pruned.HashAt(1))
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "the node is pruned")
	b.set(gone)
	f, _ = list(t, candidate(pruned, a.url), candidate(whole, whole.URL), candidate(whole, whole.URL))
	_, err = f.Block(t.Context(), 1, pruned.HashAt(1))
	require.NoError(t, err)
}
