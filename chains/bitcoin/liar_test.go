package bitcoin_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

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
