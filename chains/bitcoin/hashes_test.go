package bitcoin_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

func TestHashesAt(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	want := node.Skip(12)
	n := dial(t, node)
	ctx := t.Context()
	for name, c := range map[string]struct {
		from     int64
		count    int
		low, end int // of want
	}{
		"a part":              {2, 5, 1, 6},
		"one":                 {7, 1, 6, 7},
		"up to the last":      {10, 3, 9, 12},
		"beyond the last":     {9, 64, 8, 12},
		"the last, and more":  {12, 2, 11, 12},
		"from the first, all": {1, 64, 0, 12},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := n.HashesAt(ctx, c.from, c.count)
			require.NoError(t, err)
			require.Equal(t, want[c.low:c.end], got)
		})
	}
	_, err := n.HashesAt(ctx, 13, 4)
	require.ErrorIs(t, err, chains.ErrNotFound)
}

// What may be wrong with a batch, and the error that says so.
func TestHashesAtWrongAnswers(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	want := node.Skip(6)
	swap := func(height, other int) func(*nodetest.Reply) {
		return func(r *nodetest.Reply) {
			r.Body = bytes.Replace(r.Body, []byte(want[height-1].String()), []byte(want[other-1].String()), 1)
		}
	}
	for name, c := range map[string]struct {
		change func(*nodetest.Reply)
		is     error
	}{
		"no batches, by a page": {func(r *nodetest.Reply) { r.Status, r.Body = 405, []byte("<html>") }, chains.ErrUnsupported},
		"no batches, by an error": {func(r *nodetest.Reply) {
			r.Body = []byte(`{"result":null,"error":{"code":-32600,"message":"batch"},"id":null}`)
		}, chains.ErrUnsupported},
		"an answer is missing":            {func(r *nodetest.Reply) { r.Body = []byte(`[]`) }, chains.ErrUnsupported},
		"the chain has changed meanwhile": {swap(5, 6), chains.ErrReorged},
		"no hash":                         {func(r *nodetest.Reply) { r.Body = bytes.ReplaceAll(r.Body, []byte(want[3].String()), []byte("00")) }, chains.ErrBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			url := nodetest.Proxy(t, node.URL, nodetest.Tamper{Answer: func(q *nodetest.Question, r *nodetest.Reply) {
				if bytes.HasPrefix(q.Body, []byte("[")) {
					c.change(r)
				}
			}})
			n, err := bitcoin.Dial(t.Context(), regtest, url, bitcoin.Options{CookieFile: node.CookieFile})
			require.NoError(t, err)
			_, err = n.HashesAt(t.Context(), 2, 4)
			require.ErrorIs(t, err, c.is)
		})
	}
}
