package accountgen_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bench/accountgen"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// A search and a pass over every block follow the theft through all accounts, with every balance
// as the chain says.
func TestChainIsFollowed(t *testing.T) {
	const accounts, last = 7, 60
	c, err := accountgen.New(last, accounts)
	require.NoError(t, err)
	require.Equal(t, int64(last), c.Last())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		var calls []accountgen.Call
		batch := json.Unmarshal(body, &calls) == nil
		if !batch {
			calls = make([]accountgen.Call, 1)
			require.NoError(t, json.Unmarshal(body, &calls[0]))
		}
		answers := make([]map[string]json.RawMessage, len(calls))
		for i := range calls {
			answers[i] = map[string]json.RawMessage{"jsonrpc": json.RawMessage(`"2.0"`), "id": calls[i].ID}
			if text, ok := c.Answer(nil, &calls[i]); ok {
				answers[i]["result"] = text
			} else {
				answers[i]["error"] = json.RawMessage(`{"code":-32601,"message":"no such method"}`)
			}
		}
		if batch {
			require.NoError(t, json.NewEncoder(w).Encode(answers))
		} else {
			require.NoError(t, json.NewEncoder(w).Encode(answers[0]))
		}
	}))
	defer server.Close()
	node, err := evm.Dial(t.Context(), c.ID, server.URL, evm.Options{})
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("t", []byte(c.Incident()), evm.Codec{})
	require.NoError(t, err)
	var traces [2]*tracer.Trace
	for i, whole := range []bool{false, true} {
		p, err := ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{From: -1, Whole: whole})
		require.NoError(t, err)
		require.Equal(t, !whole, p.Searches())
		if whole {
			p.Close()
			p, err = ingest.NewPass(t.Context(), node, nil, ingest.PassOptions{From: 1, Whole: whole})
			require.NoError(t, err)
		}
		traces[i], err = tracer.Run(t.Context(), inc, c.ID, p, evm.Codec{}, tracer.Options{TouchedOnly: true})
		require.NoError(t, err)
		require.Empty(t, traces[i].Gaps)
		moved := map[string]int{}
		for _, h := range traces[i].Hops {
			moved[string(h.Kind)]++
			require.Equal(t, "proven", h.Legs[0].Evidence)
		}
		require.Equal(t, 2*(accounts-1), moved["transfer"], moved)
		p.Close()
	}
	require.Equal(t, traces[0].Hops, traces[1].Hops)
}
