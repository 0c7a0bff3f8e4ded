package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bench/accountgen"
	"clew/chains"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// tally answers for a generated chain and counts the questions by method. Searches that are about
// more than widest blocks are refused; 0: none is.
type tally struct {
	chain   *accountgen.Chain
	widest  int64
	mu      sync.Mutex
	asked   map[string]int
	refused int
}

// ServeHTTP answers one question, or several in one request.
func (c *tally) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var text json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&text); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var calls []accountgen.Call
	batch := strings.HasPrefix(string(text), "[")
	if !batch {
		text = fmt.Appendf(nil, "[%s]", text)
	}
	if err := json.Unmarshal(text, &calls); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers := make([]json.RawMessage, len(calls))
	for i := range calls {
		answers[i] = c.answer(&calls[i])
	}
	var body any = answers
	if !batch {
		body = answers[0]
	}
	_ = json.NewEncoder(w).Encode(body) // the test sees it where the client is gone
}

func (c *tally) answer(q *accountgen.Call) json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[q.Method]++
	form := `{"jsonrpc":"2.0","id":%s,%s}`
	if c.tooWide(q) {
		c.refused++
		return fmt.Appendf(nil, form, q.ID, fmt.Sprintf(`"error":{"code":-32600,"message":"limited to a %d block range"}`, c.widest))
	}
	result, known := c.chain.Answer([]byte(`"result":`), q)
	if !known {
		return fmt.Appendf(nil, form, q.ID, `"error":{"code":-32601,"message":"the method does not exist"}`)
	}
	return fmt.Appendf(nil, form, q.ID, result)
}

func (c *tally) tooWide(q *accountgen.Call) bool {
	if c.widest == 0 || q.Method != "eth_getLogs" && q.Method != "trace_filter" {
		return false
	}
	var f struct{ FromBlock, ToBlock string }
	if json.Unmarshal(q.Params[0], &f) != nil {
		return true
	}
	var from, to int64
	_, err := fmt.Sscanf(f.FromBlock+" "+f.ToBlock, "0x%x 0x%x", &from, &to)
	return err != nil || to-from >= c.widest
}

// follow traces the theft of the chain, and returns how many searches that took.
func (c *tally) follow(t *testing.T) (searches, all int) {
	t.Helper()
	server := httptest.NewServer(c)
	defer server.Close()
	c.asked, c.refused = map[string]int{}, 0
	node, err := evm.Dial(t.Context(), c.chain.ID, server.URL, evm.Options{})
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("cost", []byte(c.chain.Incident()), evm.Codec{})
	require.NoError(t, err)
	pass := accountPass(t, node, ingest.PassOptions{From: -1})
	require.True(t, pass.Searches())
	touched := 0
	_, err = tracer.Run(t.Context(), inc, c.chain.ID, pass, evm.Codec{}, tracer.Options{
		TouchedOnly: true, Progress: func(_ chains.BlockRef, n, _ int) { touched = n },
	})
	require.NoError(t, err)
	require.Equal(t, 2*(len(c.chain.Accounts)-1), touched)
	require.NoError(t, node.Close())
	for _, n := range c.asked {
		all += n
	}
	return c.asked["eth_getLogs"] + c.asked["trace_filter"], all
}

// What a search asks grows with the accounts that it follows, not with the chain; of a node that
// limits a question by so many for each part of the chain that it takes.
func TestSearchAsksByWhatIsTouched(t *testing.T) {
	const accounts = 20
	made := func(last int64) *accountgen.Chain {
		c, err := accountgen.New(last, accounts)
		require.NoError(t, err)
		return c
	}
	short, long := &tally{chain: made(500)}, &tally{chain: made(40_000)}
	few, all := short.follow(t)
	more, allMore := long.follow(t)
	t.Logf("500 blocks: %d searches of %d questions; 40,000 blocks: %d of %d", few, all, more, allMore)
	// The first windows are narrow, until the node is known to take more: 2,000 and 16,000 blocks.
	require.LessOrEqual(t, more, few+2*5)

	limited := &tally{chain: long.chain, widest: 1_000}
	searches, _ := limited.follow(t)
	t.Logf("of a node that takes 1,000 blocks: %d searches, %d of them refused", searches, limited.refused)
	require.Positive(t, limited.refused)
	require.LessOrEqual(t, limited.refused, 5*3, "what was refused is seldom tried again")
	// Beside what the accounts take, five for each window.
	require.LessOrEqual(t, searches, few+5*(40+5)+limited.refused)
}
