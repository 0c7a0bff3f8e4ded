package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// variety mines blocks that create and spend every kind of output, and returns the height
// of the last.
func variety(tb testing.TB, node *nodetest.Bitcoind) int64 {
	tb.Helper()
	locks := []nodetest.Lock{
		nodetest.Anyone(1), nodetest.Bare(2), nodetest.P2SH(3), nodetest.P2PKH(4), nodetest.P2PK(5), nodetest.P2PKLong(6),
		nodetest.Multisig(7), nodetest.P2WPKH(9), nodetest.P2TR(10), nodetest.Anchor(),
	}
	coins := node.Fund(nodetest.P2TR(1), 2)
	pays := []nodetest.Pay{{To: nodetest.Data("text")}}
	for i, lock := range locks {
		pays = append(pays, nodetest.Pay{To: lock, Value: 1e8 + uint64(i)})
	}
	fan := nodetest.Spend(tb, coins, pays...)
	inBlock := nodetest.Spend(tb, fan.Coins[1:2], nodetest.Pay{To: nodetest.Anyone(2), Value: 5})
	node.MineBlock(nodetest.P2PKH(3), fan, inBlock)
	merge := nodetest.Spend(tb, append(fan.Coins[2:], inBlock.Coins...), nodetest.Pay{To: nodetest.P2TR(2), Value: 3e8})
	node.MineBlock(nodetest.P2PKLong(3), merge)
	node.Fill(2, 300, 5)
	return node.Height()
}

// older makes a node answer getblock 3 as 2, as Core before 23 and litecoind 0.21 do.
func older(tb testing.TB, node *nodetest.Bitcoind) string {
	tb.Helper()
	return nodetest.Proxy(tb, node.URL, nodetest.Tamper{Ask: func(q *nodetest.Question) {
		if q.Method == "getblock" && string(q.Params[1]) == "3" {
			q.Body = bytes.Replace(q.Body, []byte(",3]"), []byte(",2]"), 1)
		}
	}})
}

// Whichever way a block comes, it is the same block.
func TestBlockByEveryWay(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	fast := dial(t, node)
	require.True(t, fast.SpentKnown())
	want := map[int64]*chains.Block{}
	for h := int64(0); h <= height; h++ {
		block, err := fast.Block(t.Context(), h, node.HashAt(h))
		require.NoError(t, err)
		want[h] = block
		if h > 0 {
			require.Equal(t, want[h-1].Ref.Hash, block.Prev)
		}
		for i := range block.Txs {
			spent, err := bitcoin.DecodeSpent(block.Spent[i])
			require.NoError(t, err)
			require.Len(t, spent, len(block.Txs[i].Inputs))
			for j, in := range block.Txs[i].Inputs {
				require.True(t, in.Known)
				require.Equal(t, spent[j].Output(), in.Spent)
			}
		}
	}
	ways := map[string]struct {
		args []string
		old  bool
	}{
		"getblock 3 with REST beside it": {[]string{"-rest=1"}, false},
		"getblock 3":                     {[]string{"-rest=0"}, false},
		"getblock 0":                     {[]string{"-rest=0"}, true},
		"REST block":                     {[]string{"-rest=1"}, true},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			node.Restart(way.args...)
			url := node.URL
			if way.old {
				url = older(t, node)
			}
			if way.args[0] == "-rest=1" {
				url = nodetest.Proxy(t, url, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
					if strings.HasPrefix(q.Path, "/rest/spenttxouts/") {
						r.Status, r.Body = 404, nil
					}
				}})
			}
			n, err := bitcoin.Dial(t.Context(), regtest, url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(t, err)
			require.True(t, n.SpentKnown(), "nothing has shown otherwise yet")
			for h := int64(0); h <= height; h++ {
				block, err := n.Block(t.Context(), h, want[h].Ref.Hash)
				require.NoError(t, err)
				expected := want[h]
				if block.Spent == nil {
					expected = withoutSpent(t, expected)
				}
				require.Equal(t, expected, block)
			}
			require.Equal(t, !way.old, n.SpentKnown())
		})
	}
}

// withoutSpent decodes the block anew.
func withoutSpent(tb testing.TB, block *chains.Block) *chains.Block {
	tb.Helper()
	raw := append(bytes.Clone(block.Header), compact(len(block.Txs))...)
	for i := range block.Txs {
		raw = append(raw, block.Txs[i].Raw...)
	}
	plain, err := bitcoin.DecodeBlock(raw, block.Ref.Height)
	require.NoError(tb, err)
	return plain
}

func compact(n int) []byte {
	if n < 0xfd {
		return []byte{byte(n)}
	}
	return binary.LittleEndian.AppendUint16([]byte{0xfd}, uint16(n))
}

// A block that the node never followed has no spent outputs there: that says nothing about
// the others.
func TestBlockOffTheMainChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0"}})
	height := variety(t, node)
	n, err := bitcoin.Dial(t.Context(), regtest, older(t, node), bitcoin.Options{CookieFile: node.CookieFile})
	require.NoError(t, err)
	stale := node.HashAt(height)
	node.Invalidate(stale)
	node.Skip(1)
	block, err := n.Block(t.Context(), height, stale)
	require.NoError(t, err)
	require.Nil(t, block.Spent)
	require.True(t, n.SpentKnown())
	_, err = n.Block(t.Context(), height-1, node.HashAt(height-1))
	require.NoError(t, err)
	require.False(t, n.SpentKnown())
}

// A node that lies is caught, and named.
func TestBlockFromALiar(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	hash, other := node.HashAt(height), node.HashAt(height-1)
	fetch := func(path string) []byte {
		var body []byte
		n := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
			if strings.Contains(q.Path, path) {
				body = bytes.Clone(r.Body)
			}
		}})
		dialled, err := bitcoin.Dial(t.Context(), regtest, n, bitcoin.Options{CookieFile: node.CookieFile})
		require.NoError(t, err)
		_, err = dialled.Block(t.Context(), height-1, other)
		require.NoError(t, err)
		return body
	}
	otherBlock, otherSpent := fetch("/rest/block/"), fetch("/rest/spenttxouts/"+other.String())
	const block, spent = "/rest/block/", "/rest/spenttxouts/"
	cases := map[string]struct {
		path string
		lie  func(r *nodetest.Reply)
		is   error
	}{
		"another block":               {block, func(r *nodetest.Reply) { r.Body = otherBlock }, chains.ErrBadAnswer},
		"a byte of a value changed":   {block, func(r *nodetest.Reply) { r.Body[len(r.Body)-60] ^= 1 }, chains.ErrBadAnswer},
		"a byte of the header":        {block, func(r *nodetest.Reply) { r.Body[70] ^= 1 }, chains.ErrBadAnswer},
		"truncated":                   {block, func(r *nodetest.Reply) { r.Body = r.Body[:len(r.Body)-9] }, chains.ErrBadAnswer},
		"empty":                       {block, func(r *nodetest.Reply) { r.Body = nil }, chains.ErrBadAnswer},
		"oversized":                   {block, func(r *nodetest.Reply) { r.Body = make([]byte, 5_000_000) }, chains.ErrBadAnswer},
		"an error page":               {block, func(r *nodetest.Reply) { r.Status = 500 }, chains.ErrBadAnswer},
		"not there":                   {block, func(r *nodetest.Reply) { r.Status = 404 }, chains.ErrIncomplete},
		"cut on the way":              {block, func(r *nodetest.Reply) { r.Cut = 1000 }, chains.ErrUnreachable},
		"another block's spent":       {spent, func(r *nodetest.Reply) { r.Body = otherSpent }, chains.ErrBadAnswer},
		"spent truncated":             {spent, func(r *nodetest.Reply) { r.Body = r.Body[:len(r.Body)-9] }, chains.ErrBadAnswer},
		"spent of no transactions":    {spent, func(r *nodetest.Reply) { r.Body = []byte{0} }, chains.ErrBadAnswer},
		"spent that claims too much":  {spent, func(r *nodetest.Reply) { r.Body = []byte{0xfe, 0xff, 0xff, 0xff, 0xff} }, chains.ErrBadAnswer},
		"spent not there":             {spent, func(r *nodetest.Reply) { r.Status = 404 }, chains.ErrIncomplete},
		"spent with a negative value": {spent, func(r *nodetest.Reply) { r.Body[len(r.Body)-36] = 0xff }, chains.ErrBadAnswer},
	}
	// The last case means the value of the last spent output, whose script has 34 bytes.
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var lying sync.Map
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if _, on := lying.Load("on"); on && strings.HasPrefix(q.Path, c.path) {
					c.lie(r)
				}
			}})
			n, err := bitcoin.Dial(t.Context(), regtest, url, impatient(node))
			require.NoError(t, err)
			lying.Store("on", true)
			got, err := n.Block(t.Context(), height, hash)
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, hash.String())
			require.ErrorContains(t, err, url)
			require.Nil(t, got)
		})
	}
}

// The same for JSON: each field that a block is put together from.
func TestVerboseBlockFromALiar(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0"}})
	height := variety(t, node)
	hash := node.HashAt(height)
	type object = map[string]any
	tx := func(b object, i int) object { return b["tx"].([]any)[i].(object) }
	prevout := func(b object) object { return tx(b, 1)["vin"].([]any)[0].(object)["prevout"].(object) }
	cases := map[string]struct {
		lie func(block object)
		is  error
	}{
		"nothing changed":       {func(object) {}, nil},
		"time":                  {func(b object) { b["time"] = 5 }, chains.ErrBadAnswer},
		"bits":                  {func(b object) { b["bits"] = "zz" }, chains.ErrBadAnswer},
		"easier bits":           {func(b object) { b["bits"] = "207ffffe" }, chains.ErrBadAnswer},
		"root":                  {func(b object) { b["merkleroot"] = hash.String() }, chains.ErrBadAnswer},
		"no root":               {func(b object) { delete(b, "merkleroot") }, chains.ErrBadAnswer},
		"previous block":        {func(b object) { b["previousblockhash"] = "00" }, chains.ErrBadAnswer},
		"a transaction missing": {func(b object) { b["tx"] = b["tx"].([]any)[:5] }, chains.ErrBadAnswer},
		"no hex":                {func(b object) { delete(tx(b, 2), "hex") }, chains.ErrBadAnswer},
		"no hex digits":         {func(b object) { tx(b, 2)["hex"] = "xy" }, chains.ErrBadAnswer},
		"another transaction":   {func(b object) { tx(b, 2)["hex"] = tx(b, 3)["hex"] }, chains.ErrBadAnswer},
		"inputs missing":        {func(b object) { tx(b, 2)["vin"] = []any{} }, chains.ErrBadAnswer},
		"a value too fine":      {func(b object) { prevout(b)["value"] = json.Number("0.000000001") }, chains.ErrBadAnswer},
		"a negative value":      {func(b object) { prevout(b)["value"] = json.Number("-1.00000000") }, chains.ErrBadAnswer},
		"a value too large":     {func(b object) { prevout(b)["value"] = json.Number("999999999999999.00000000") }, chains.ErrBadAnswer},
		"a script of no digits": {func(b object) { prevout(b)["scriptPubKey"] = object{"hex": "0"} }, chains.ErrBadAnswer},
		"another type":          {func(b object) { b["tx"] = "none" }, chains.ErrBadAnswer},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if q.Method != "getblock" {
					return
				}
				answer := object{}
				numbers := json.NewDecoder(bytes.NewReader(r.Body))
				numbers.UseNumber()
				if err := numbers.Decode(&answer); err != nil {
					t.Errorf("the node's own answer: %v", err)
					return
				}
				c.lie(answer["result"].(object))
				r.Body, _ = json.Marshal(answer)
			}})
			n, err := bitcoin.Dial(t.Context(), regtest, url, impatient(node))
			require.NoError(t, err)
			_, err = n.Block(t.Context(), height, hash)
			require.ErrorIs(t, err, c.is)
		})
	}
}

func TestBlockPruned(t *testing.T) {
	for name, rest := range map[string]string{"REST": "-rest=1", "getblock": "-rest=0"} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune", rest}})
			node.Skip(900)
			last := node.Prune(400)
			n := dial(t, node)
			_, err := n.Block(t.Context(), last, node.HashAt(last))
			require.ErrorIs(t, err, chains.ErrUnsupported)
			require.ErrorContains(t, err, "pruned and keeps blocks from")
			_, err = n.Block(t.Context(), last+1, node.HashAt(last+1))
			require.NoError(t, err)

			report, err := n.Doctor(t.Context())
			require.NoError(t, err)
			require.Equal(t, last+1, report.Offers.FirstBlock)
			require.Contains(t, whats(report), "an index of transactions")
		})
	}
}

// Several callers at once get what one gets.
func TestBlockConcurrently(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	n := dial(t, node)
	var group sync.WaitGroup
	errs := make(chan error, 8*int(height+1))
	for range 8 {
		group.Go(func() {
			for h := int64(0); h <= height; h++ {
				hash, err := n.HashAt(t.Context(), h)
				if err == nil {
					_, err = n.Block(t.Context(), h, hash)
				}
				errs <- err
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

// bitcoind's own rev*.dat gives what its REST interface gives.
func TestDecodeUndoOfARealNode(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	height := variety(t, node)
	n := dial(t, node)
	want := map[chains.BlockHash]*chains.Block{}
	for h := int64(1); h <= height; h++ {
		block, err := n.Block(t.Context(), h, node.HashAt(h))
		require.NoError(t, err)
		want[block.Ref.Hash] = block
	}
	node.Stop()
	raw, err := os.ReadFile(filepath.Join(node.BlocksDir, "rev00000.dat"))
	require.NoError(t, err)
	if mask, err := os.ReadFile(filepath.Join(node.BlocksDir, "xor.dat")); err == nil {
		for i := range raw {
			raw[i] ^= mask[i%len(mask)]
		}
	}
	byHeight := make([]*chains.Block, height+1)
	for _, block := range want {
		byHeight[block.Ref.Height] = block
	}
	magic := unhex(t, "fabfb5da")
	for h := int64(1); h <= height; h++ {
		require.Equal(t, magic, raw[:4], "block %d", h)
		size := binary.LittleEndian.Uint32(raw[4:])
		spent, err := bitcoin.DecodeUndo(raw[8 : 8+size])
		require.NoError(t, err)
		require.Equal(t, hexes(byHeight[h].Spent), hexes(spent), "block %d", h)
		raw = raw[8+size+32:] // a checksum stands behind
	}
}

func hexes(parts [][]byte) []string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = hex.EncodeToString(part)
	}
	return texts
}

func whats(r bitcoin.Report) []string {
	list := []string{}
	for _, l := range r.Lacks {
		list = append(list, l.What)
		if l.Effect == "" {
			list = append(list, "an effect of "+l.What)
		}
	}
	return list
}

func TestDoctor(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.SetTime(time.Now())
	height := variety(t, node)
	report, err := dial(t, node).Doctor(t.Context())
	require.NoError(t, err)
	require.Regexp(t, "^/Satoshi:", report.Node)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, report.Version)
	require.Equal(t, regtest, report.Chain)
	require.Equal(t, regtest.CAIP2(), report.CAIP2)
	require.Equal(t, height, report.Head.Height)
	require.Equal(t, node.HashAt(height), report.Head.Hash)
	require.Equal(t, bitcoin.Offers{Blocks: "rest", SpentOutputs: "rest", TxIndex: true, Batches: true}, report.Offers)
	require.Empty(t, report.Lacks)
	text, err := json.Marshal(report)
	require.NoError(t, err)
	for _, field := range []string{`"node":`, `"version":`, `"chain":"bitcoin-regtest"`, `"head":{"height":`, `"offers":{`, `"lacks":[]`} {
		require.Contains(t, string(text), field)
	}

	cases := map[string]struct {
		args   []string
		old    bool
		offers bitcoin.Offers
		lacks  []string
	}{
		"no REST": {
			[]string{"-rest=0", "-txindex=1"}, false,
			bitcoin.Offers{Blocks: "getblock", SpentOutputs: "getblock", TxIndex: true, Batches: true},
			[]string{"REST", "spent outputs over REST"},
		},
		"no REST, older": {
			[]string{"-rest=0", "-txindex=1"}, true,
			bitcoin.Offers{Blocks: "getblock", SpentOutputs: "none", TxIndex: true, Batches: true},
			[]string{"REST", "spent outputs"},
		},
		"no index": {
			[]string{"-rest=1", "-txindex=0"}, false,
			bitcoin.Offers{Blocks: "rest", SpentOutputs: "rest", Batches: true},
			[]string{"an index of transactions"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			node.Restart(c.args...)
			url := node.URL
			if c.old {
				url = older(t, node)
			}
			n, err := bitcoin.Dial(t.Context(), "", url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(t, err)
			report, err := n.Doctor(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.offers, report.Offers)
			require.ElementsMatch(t, c.lacks, whats(report))
		})
	}
}

// A node with nothing but its first block says so.
func TestDoctorOfAnEmptyChain(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-rest=0"}})
	report, err := dial(t, node).Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, "unknown", report.Offers.SpentOutputs)
	require.Contains(t, whats(report), "a complete chain")
	require.Contains(t, whats(report), "spent outputs, perhaps")
}
