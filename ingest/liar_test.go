package ingest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
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

// source is a node and the way in which it gives blocks.
type source struct {
	name string
	kind nodetest.Kind
	args []string
	rest bool // bytes; else hex in JSON
}

func sources() []source {
	return []source{
		{"bitcoind, REST", nodetest.BitcoinCore, nil, true},
		{"bitcoind, getblock 3", nodetest.BitcoinCore, []string{"-rest=0"}, false},
		{"litecoind, getblock 0", nodetest.LitecoinCore, nil, false},
		{"btcd, getblock 0", nodetest.Btcd, nil, false},
	}
}

// victim is what a lie is told about: a block with transactions, which is not the last one.
type victim struct {
	node   *nodetest.Node
	rest   bool
	height int64
	hash   chains.BlockHash
	tx     string // hex of a transaction in it
}

// isBlock reports whether q asks for the block that is lied about.
func (v *victim) isBlock(q *nodetest.Question) bool {
	if v.rest {
		return q.Path == "/rest/block/"+v.hash.String()+".bin"
	}
	return q.Method == "getblock" && bytes.Contains(q.Body, []byte(v.hash.String()))
}

// falsehood changes a question, or the answer to it.
type falsehood struct {
	ask    func(*victim, *nodetest.Question)
	answer func(*victim, *nodetest.Question, *nodetest.Reply)
	is     error
	says   string
	rpc    bool // it can be told by JSON-RPC alone
}

// blockLies are told about one block.
func blockLies() map[string]falsehood {
	return map[string]falsehood{
		"another block": {ask: func(v *victim, q *nodetest.Question) {
			other := v.node.HashAt(v.height - 1).String()
			q.Path = strings.Replace(q.Path, v.hash.String(), other, 1)
			q.Body = bytes.Replace(q.Body, []byte(v.hash.String()), []byte(other), 1)
		}, is: chains.ErrBadAnswer, says: "instead"},
		"a bit of a transaction": {answer: func(v *victim, _ *nodetest.Question, r *nodetest.Reply) {
			r.Body = v.flipped(r.Body)
		}, is: chains.ErrBadAnswer, says: "Merkle root"},
		"an answer that is cut": {answer: func(_ *victim, _ *nodetest.Question, r *nodetest.Reply) {
			r.Body = r.Body[:len(r.Body)*2/3]
		}, is: chains.ErrBadAnswer},
		"an answer that claims too much": {answer: func(_ *victim, _ *nodetest.Question, r *nodetest.Reply) {
			r.Claim = 1 << 40
		}, is: chains.ErrBadAnswer, says: "more than"},
		"a connection that breaks": {answer: func(_ *victim, _ *nodetest.Question, r *nodetest.Reply) {
			r.Cut = 200
		}, is: chains.ErrUnreachable},
		"the answer to another request": {answer: func(_ *victim, q *nodetest.Question, r *nodetest.Reply) {
			r.Body = bytes.Replace(r.Body, fmt.Appendf(nil, `"id":%s`, q.ID), []byte(`"id":7000000`), 1)
		}, is: chains.ErrBadAnswer, says: "request 7000000", rpc: true},
		"nothing": {answer: func(_ *victim, q *nodetest.Question, r *nodetest.Reply) {
			r.Body = q.Result("null")
		}, is: chains.ErrBadAnswer, says: "neither result nor error", rpc: true},
	}
}

// flipped turns a bit of the victim's transaction, wherever the answer has it.
func (v *victim) flipped(body []byte) []byte {
	// The last digits are the lock time: any value is a transaction.
	if !v.rest {
		return bytes.ReplaceAll(body, []byte(v.tx), []byte(v.tx[:len(v.tx)-1]+"1"))
	}
	raw := unhex(v.tx)
	other := bytes.Clone(raw)
	other[len(other)-1] ^= 1
	return bytes.ReplaceAll(body, raw, other)
}

func unhex(text string) (raw []byte) {
	_, err := fmt.Sscanf(text, "%x", &raw)
	if err != nil {
		panic(err)
	}
	return raw
}

// Whatever a node of each kind lies about a block, it is caught and named; the store has what
// lies below, and is completed once the node is honest.
func TestSyncFromLiars(t *testing.T) {
	for _, s := range sources() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			node := nodetest.Start(t, nodetest.Options{Kind: s.kind, Args: s.args})
			hashes, _ := node.Fill(3, 10, 1)
			node.Skip(2)
			v := &victim{node: node, rest: s.rest, hash: hashes[1], height: node.Height() - 3}
			block := node.Block(v.hash, v.height)
			v.tx = fmt.Sprintf("%x", block.Txs[4].Raw)
			honest := reach(t, node, node.URL)
			last := ingest.SyncOptions{From: v.height - 4, To: -1}
			want := openStore(t)
			_, err := trySync(t.Context(), honest, node.Chain, want, fewTxs, last)
			require.NoError(t, err)
			for name, l := range blockLies() {
				if l.rpc && s.rest {
					continue
				}
				t.Run(name, func(t *testing.T) {
					url := node.Proxy(t, nodetest.Tamper{
						Ask: func(q *nodetest.Question) {
							if l.ask != nil && v.isBlock(q) {
								l.ask(v, q)
							}
						},
						Answer: func(q *nodetest.Question, r *nodetest.Reply) {
							if l.answer != nil && v.isBlock(q) {
								l.answer(v, q, r)
							}
						},
					})
					st := openStore(t)
					_, err := trySync(t.Context(), reach(t, node, url), node.Chain, st, fewTxs, last)
					require.ErrorIs(t, err, l.is)
					require.ErrorContains(t, err, l.says)
					require.ErrorContains(t, err, url)
					require.ErrorContains(t, err, fmt.Sprintf("block %d (%s)", v.height, v.hash))
					below, err := st.Spans(t.Context(), node.Chain)
					require.NoError(t, err)
					require.Equal(t, []ingest.Span{{From: last.From, To: v.height - 1}}, below)
					_, err = trySync(t.Context(), honest, node.Chain, st, fewTxs, last)
					require.NoError(t, err)
					same(t, dump(t, want), dump(t, st))
				})
			}
		})
	}
}

// reach dials a node of any kind, patient for a moment only.
func reach(t *testing.T, node *nodetest.Node, url string) *bitcoin.Node {
	t.Helper()
	o := node.Options()
	o.Retries, o.Backoff = 2, time.Millisecond
	n, err := bitcoin.Dial(t.Context(), "", url, o)
	require.NoError(t, err)
	return n
}

// The hash of another height in answer to a height, again and again: where the network has the
// height in every coinbase that shows it, else the block that does not fit below the next one.
func TestSyncFromALiarAboutHeights(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			node := nodetest.Start(t, nodetest.Options{Kind: kind})
			node.Skip(60)
			const asked = 40
			higher, own := node.HashAt(asked+3), []byte(node.HashAt(asked).String())
			url := node.Proxy(t, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if bytes.Contains(q.Body, []byte(`"getblockhash"`)) { // alone, or many at once
					r.Body = bytes.ReplaceAll(r.Body, own, []byte(higher.String()))
				}
			}})
			for name, from := range map[string]int64{"first of a range": asked, "amid others": 20} {
				st := openStore(t)
				_, err := trySync(t.Context(), reach(t, node, url), node.Chain, st, fewTxs, ingest.SyncOptions{From: from, To: -1})
				if kind == nodetest.Btcd {
					require.ErrorIs(t, err, chains.ErrBadAnswer, name)
					require.ErrorContains(t, err, url)
					require.ErrorContains(t, err, fmt.Sprintf("block %d (%s)", asked, higher))
					require.ErrorContains(t, err, fmt.Sprintf("states height %d, not %d", asked+3, asked))
				} else {
					require.ErrorIs(t, err, chains.ErrReorged, name)
				}
				stored := dump(t, st)
				require.NotContains(t, stored, fmt.Sprintf("block %d %s", asked, higher), name)
				require.NotContains(t, stored, fmt.Sprintf("block %d ", asked), name)
			}
		})
	}
}

// behind serves whichever node it is told to, as one that was started again does.
type behind struct {
	url string
	now atomic.Pointer[nodetest.Node]
	cut atomic.Bool // break the next connection
}

func startBehind(t *testing.T, nodes map[*nodetest.Node]string) *behind {
	t.Helper()
	b := &behind{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.cut.CompareAndSwap(true, false) {
			panic(http.ErrAbortHandler)
		}
		node := b.now.Load()
		o := node.Options()
		if o.CookieFile != "" {
			cookie, err := os.ReadFile(o.CookieFile)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			o.User, o.Password, _ = strings.Cut(string(cookie), ":")
		}
		target, err := url.Parse(nodes[node])
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.SetBasicAuth(o.User, o.Password)
		httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// Another network behind the same URL, from the start of a sync on or in the midst of it: that
// is said, and none of its blocks is stored.
func TestSyncWhenTheNetworkChanges(t *testing.T) {
	t.Parallel()
	nodes := map[nodetest.Kind]*nodetest.Node{}
	urls := map[*nodetest.Node]string{}
	for _, kind := range nodetest.Kinds() {
		node := nodetest.Start(t, nodetest.Options{Kind: kind})
		node.Skip(150)
		nodes[kind], urls[node] = node, node.Proxy(t, nodetest.Tamper{})
	}
	others := map[nodetest.Kind]nodetest.Kind{
		nodetest.BitcoinCore: nodetest.LitecoinCore, nodetest.LitecoinCore: nodetest.Btcd, nodetest.Btcd: nodetest.BitcoinCore,
	}
	for kind, node := range nodes {
		for _, after := range []int64{0, 3} {
			t.Run(fmt.Sprintf("%s, after %d blocks", kind, after), func(t *testing.T) {
				b := startBehind(t, urls)
				b.now.Store(node)
				n := reach(t, node, b.url)
				change := func() {
					b.now.Store(nodes[others[kind]])
					b.cut.Store(true)
				}
				last := ingest.SyncOptions{From: 140, To: 150}
				opt := last
				opt.Progress = func(done, _, _ int64, _ chains.BlockRef) {
					if done == after {
						change()
					}
				}
				if after == 0 {
					change()
				}
				st := openStore(t)
				_, err := trySync(t.Context(), n, node.Chain, st, fewTxs, opt)
				require.ErrorIs(t, err, chains.ErrWrongChain)
				require.ErrorContains(t, err, b.url)
				require.ErrorContains(t, err, fmt.Sprintf("the node was of %s when it was reached", node.Chain))
				b.now.Store(node)
				_, err = trySync(t.Context(), reach(t, node, b.url), node.Chain, st, fewTxs, last)
				require.NoError(t, err)
				want := openStore(t)
				_, err = trySync(t.Context(), reach(t, node, urls[node]), node.Chain, want, fewTxs, last)
				require.NoError(t, err)
				same(t, dump(t, want), dump(t, st))
				require.Empty(t, history(t, st), "none of the other network's was stored and taken back")
			})
		}
	}
}

// Other blocks below the store's last one, on a chain that is not longer: they are followed, as
// a node may be told to forget a block, and what was there is kept as history and named.
func TestSyncWhenHistoryChanges(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			node := nodetest.Start(t, nodetest.Options{Kind: kind})
			node.Skip(30)
			st := openStore(t)
			_, err := trySync(t.Context(), reach(t, node, node.URL), node.Chain, st, fewTxs, everything)
			require.NoError(t, err)
			head := node.Height()
			left := node.HashAt(head - 4)
			node.Invalidate(left)
			node.Mine(2, nodetest.Anyone(9))
			res, err := trySync(t.Context(), reach(t, node, node.URL), node.Chain, st, fewTxs, everything)
			require.NoError(t, err)
			require.Equal(t, []ingest.Reorg{{Fork: head - 5, Blocks: 5}}, res.Reorgs)
			require.Contains(t, history(t, st), left.String())
			want := openStore(t)
			_, err = trySync(t.Context(), reach(t, node, node.URL), node.Chain, want, fewTxs, everything)
			require.NoError(t, err)
			same(t, dump(t, want), dump(t, st))
		})
	}
}
