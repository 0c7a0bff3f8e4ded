package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

var (
	_ ingest.Backend       = (*evm.Node)(nil)
	_ ingest.Index         = (*evm.Node)(nil)
	_ ingest.TxPicker      = (*evm.Node)(nil)
	_ ingest.StateReader   = (*evm.Node)(nil)
	_ ingest.EventSearcher = (*evm.Node)(nil)
	_ ingest.HashLister    = (*evm.Node)(nil)
	_ ingest.ExecDecoder   = evm.Codec{}
	_ ingest.Index         = (*ingest.Recording)(nil)
	_ ingest.TxPicker      = (*ingest.Recording)(nil)
	_ ingest.StateReader   = (*ingest.Recording)(nil)
	_ ingest.EventSearcher = (*ingest.Recording)(nil)
	_ ingest.Index         = (*ingest.Failover)(nil)
	_ ingest.TxPicker      = (*ingest.Failover)(nil)
	_ ingest.StateReader   = (*ingest.Failover)(nil)
	_ ingest.EventSearcher = (*ingest.Failover)(nil)
	_ tracer.State         = (*ingest.Pass)(nil)
	_ tracer.EventFinder   = (*ingest.Pass)(nil)
	_ store.StateReader    = (*evm.Node)(nil)
)

// accountChain is a node with a chain on which things happen.
type accountChain struct {
	*nodetest.Node
	random *rand.Rand
	tokens []common.Address // contracts whose calls move a token from key to key
	splits []common.Address // contracts that pass coins on to some
	theft  *types.Transaction
	paid   int // transactions sent
}

const accountKeys = 8

var transferTopic = crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))

// newAccountChain starts a node and deploys what its transactions call.
func newAccountChain(t testing.TB, kind nodetest.Kind) *accountChain {
	t.Helper()
	c := &accountChain{Node: nodetest.Start(t, kind, nodetest.Options{}), random: rand.New(rand.NewPCG(5, 6))}
	topic := func(key int) common.Hash { return common.BytesToHash(nodetest.AddressWord(nodetest.Account(key))) }
	for i := range 3 {
		code := nodetest.Code{}
		for n := range 2 {
			code = code.Log(uint64(1000+100*i+n), transferTopic, topic((i+n)%accountKeys), topic((i+2*n+3)%accountKeys))
		}
		c.tokens = append(c.tokens, c.Deploy(0, code))
		split := nodetest.Code{}.Call(vm.CALL, nodetest.Account((i+1)%accountKeys), 40).Call(vm.CALL, nodetest.Account((i+5)%accountKeys), 7)
		c.splits = append(c.splits, c.Deploy(0, split))
	}
	c.Mine()
	c.blocks(4, 6)
	c.theft = c.Pay(1, nodetest.Account(3), 5_000_000)
	c.Mine()
	return c
}

// blocks makes blocks of random transactions.
func (c *accountChain) blocks(count, each int) {
	for range count {
		for range each {
			from := 1 + c.random.IntN(accountKeys-1)
			c.paid++
			switch c.random.IntN(5) {
			case 0:
				c.Call(from, c.tokens[c.random.IntN(3)], 0)
			case 1:
				c.Call(from, c.splits[c.random.IntN(3)], 100)
			case 2: // reverted
				c.Send(from, &types.DynamicFeeTx{Data: nodetest.InitCode(nodetest.Code{}.Revert())[:3], Gas: 90_000, Value: big.NewInt(1)})
			default:
				c.Pay(from, nodetest.Account(c.random.IntN(accountKeys)), int64(1+c.random.IntN(9000)))
			}
		}
		c.Mine()
	}
}

// dialEVM reaches a node as a user would.
func dialEVM(t testing.TB, c *accountChain, url string) *evm.Node {
	t.Helper()
	n, err := evm.Dial(t.Context(), c.Chain, url, evm.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	return n
}

// accountSource is what a trace asks of a chain of accounts.
type accountSource interface {
	tracer.Source
	tracer.State
}

// followAccounts asks a source as a trace does and writes down everything that it says: the theft's
// transaction, then whatever touches who was paid by what came before, up to a number of accounts,
// with what these held and are.
func followAccounts(t testing.TB, src accountSource, theft chains.TxID, accounts int) string {
	t.Helper()
	ctx := context.Background()
	var out strings.Builder
	require.NoError(t, src.WatchTx(ctx, theft))
	var watched []chains.Address
	for {
		tx, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			fmt.Fprintf(&out, "as of %v\n", src.AsOf())
			return out.String()
		}
		require.NoError(t, err)
		e := *tx.Exec
		e.Receipt, e.Attested, e.TxProof, e.ReceiptProof = nil, nil, nil, nil
		fmt.Fprintf(&out, "%s %d in %v %s %+v\n", tx.ID, tx.Index, tx.Block, tx.Evidence, e)
		for _, m := range tx.Exec.Moves {
			// What nobody's index has (tips) is no reason to watch: see ingest.Index.
			if m.To == "" || m.Kind == chains.MoveTip || slices.Contains(watched, m.To) || len(watched) == accounts {
				continue
			}
			watched = append(watched, m.To)
			require.NoError(t, src.WatchAddress(ctx, m.To))
			before, err := src.BalanceBefore(ctx, m.To, m.Asset)
			fmt.Fprintf(&out, "held %s %v\n", before, err)
			at, err := src.BalanceAt(ctx, m.To, m.Asset, tx.Block.Height)
			fmt.Fprintf(&out, "holds %s %v\n", at, err)
			kind, err := src.AccountKind(ctx, m.To)
			fmt.Fprintf(&out, "is %s %v\n", kind, err)
			if m.Asset != chains.Native {
				token, err := src.Token(ctx, m.Asset)
				fmt.Fprintf(&out, "token %+v %v\n", token, err)
			}
		}
	}
}

// accountPass makes a pass from the theft on.
func accountPass(t testing.TB, node ingest.Node, opt ingest.PassOptions) *ingest.Pass {
	t.Helper()
	opt.From = -1
	p, err := ingest.NewPass(context.Background(), node, nil, opt)
	require.NoError(t, err)
	return p
}

// recorded follows a pass with a recorder and returns what it said, the manifest's hash and the
// folder.
func recorded(t testing.TB, node ingest.Node, theft chains.TxID, accounts int, opt ingest.PassOptions) (said, sha, dir string) {
	t.Helper()
	dir = t.TempDir()
	var err error
	opt.Recorder, err = ingest.NewRecorder(dir, node.Chain(), nil)
	require.NoError(t, err)
	p := accountPass(t, node, opt)
	said = followAccounts(t, p, theft, accounts)
	sha, err = opt.Recorder.Close(p.AsOf())
	require.NoError(t, err)
	return said, sha, dir
}

// openKept opens a recording of a chain of accounts.
func openKept(t testing.TB, dir string) *ingest.Recording {
	t.Helper()
	r, err := ingest.OpenRecording(context.Background(), os.DirFS(dir), "", nil, evm.Codec{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// TestEveryWayToAChainOfAccountsSaysTheSame: a pass over every block, a search by the node's
// index, a store and the recordings of both.
func TestEveryWayToAChainOfAccountsSaysTheSame(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			ctx := context.Background()
			c := newAccountChain(t, kind)
			c.blocks(10, 8)
			node := dialEVM(t, c, c.URL)
			theft := nodetest.TxID(c.theft)
			const accounts = 3
			whole, wholeSHA, wholeDir := recorded(t, node, theft, accounts, ingest.PassOptions{Whole: true})
			require.Greater(t, strings.Count(whole, "\n"), 20)

			found, sha, dir := recorded(t, node, theft, accounts, ingest.PassOptions{})
			p := accountPass(t, node, ingest.PassOptions{})
			require.Equal(t, kind == nodetest.Anvil, p.Searches(), "this kind of node has an index")
			same(t, whole, found)
			require.Equal(t, wholeSHA, sha, "manifests")

			for _, dir := range []string{wholeDir, dir} {
				r := openKept(t, dir)
				again, againSHA, _ := recorded(t, r, theft, accounts, ingest.PassOptions{})
				same(t, whole, again)
				require.Equal(t, sha, againSHA, "recording of the recording")
			}

			st := openStore(t)
			l, err := st.Load(ctx, c.Chain)
			require.NoError(t, err)
			res, err := ingest.Sync(ctx, node, nil, l, ingest.SyncOptions{From: -1, To: -1})
			require.NoError(t, errors.Join(err, l.Close()))
			require.Greater(t, res.Txs, int64(c.paid))
			sound(t, st)
			q, err := st.AccountSource(ctx, c.Chain, store.Latest, node)
			require.NoError(t, err)
			defer func() { require.NoError(t, q.Close()) }()
			stored := followAccounts(t, q, theft, accounts)
			require.NotEqual(t, whole, stored, "a store keeps no signatures")
			weaker := strings.NewReplacer("Evidence:proven", "Evidence:", "Evidence:attested", "Evidence:")
			same(t, weaker.Replace(whole), weaker.Replace(stored))
		})
	}
}
