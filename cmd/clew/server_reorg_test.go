package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains/bitcoin/nodetest"
	"clew/screen"
	"clew/screen/watch"
)

// TestServeFollowsReorganisations: a theft on a real node goes over two hops to a deposit, which is a match.
// The block of the second hop leaves the main chain: so does the match, whoever watches the deposit's
// address is told with the reason, and once the block is back, told again.
func TestServeFollowsReorganisations(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	thief, hop, customer, bystander := nodetest.P2WPKH(1), nodetest.P2WPKH(2), nodetest.P2WPKH(3), nodetest.P2WPKH(4)
	coins := node.Fund(nodetest.P2WPKH(9), 2)
	theft := nodetest.Spend(t, coins[:1], nodetest.Pay{To: thief, Value: 30e8}, nodetest.Pay{To: bystander, Value: 20e8})
	node.MineBlock(nodetest.Anyone(0), theft)
	first := nodetest.Spend(t, []nodetest.Coin{theft.Coins[0], coins[1]}, nodetest.Pay{To: hop, Value: 60e8}, nodetest.Pay{To: nodetest.P2WPKH(5), Value: 20e8})
	node.MineBlock(nodetest.Anyone(0), first)
	paid := nodetest.Spend(t, first.Coins[:1], nodetest.Pay{To: customer, Value: 40e8}, nodetest.Pay{To: hop, Value: 20e8})
	block := node.MineBlock(nodetest.Anyone(0), paid)

	h := newHouse(t)
	h.serve("--rpc", string(node.Chain)+"="+node.URL, "--rpc-cookie", node.CookieFile, "--from", "0", "--allow-webhook", "127.0.0.0/8")
	hooks := h.receives(watch.EventVerdict)
	h.readTo(node)
	h.addIncident(fmt.Sprintf("clew: incident/1\nid: theft\ntitle: A theft\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, output: \"%s:%s\"}\n", node.Chain, theft.Coins[0].Point))

	deposit := fmt.Sprintf("%s:%s:%s", node.Chain, paid.ID, customer)
	v := h.screening(deposit)
	require.Equal(t, screen.Match, v.Outcome, "%s", v.Says)
	// The theft's 30 stand first in the line of inputs, so first in, first out the 60 to the hop begin with
	// them, and so do the 40 to the customer. In proportion 3/8 of each part is stolen: 30 of 80, 22.5 of
	// 60, 15 of 40.
	stolen(t, v, screen.Split[string]{FIFO: "3000000000", ProRata: "1500000000"}, "theft", theft.ID.String(), first.ID.String(), paid.ID.String())
	require.Equal(t, screen.Clear, h.screening(fmt.Sprintf("%s:%s:%s", node.Chain, theft.ID, bystander)).Outcome)

	var set struct{ ID string }
	h.wants(http.StatusCreated, http.MethodPost, "/v1/watches", fmt.Sprintf(`{"chain":%q,"address":%q,"note":"of a customer","endpoint":%q}`, node.Chain, customer, hooks.id), &set)
	require.Equal(t, screen.Match, h.told(hooks, set.ID, 1).After.Outcome)

	t.Log("the hop's block leaves the main chain")
	node.Invalidate(block)
	other := node.Skip(3)[0]
	h.readTo(node)
	gone := h.told(hooks, set.ID, 2)
	require.Equal(t, screen.Match, gone.Before.Outcome)
	require.NotEqual(t, screen.Match, gone.After.Outcome)
	require.NotEmpty(t, gone.Changes)
	for _, c := range gone.Changes {
		require.NotEmpty(t, c.Why, "%+v", c)
	}
	h.waits("the deposit is no match any more", func() bool { return h.screening(deposit).Outcome == screen.NotCovered })
	h.waits("the incident was traced again", func() bool { return h.stale("theft") == "" })
	require.NotEqual(t, screen.Match, h.screening(string(node.Chain)+":"+customer.String()).Outcome)

	t.Log("the verdict of before says why it cannot be made again")
	status, text, err := h.ask(http.MethodPost, "/v1/screenings/"+v.ID+":replay", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusConflict, status, "%s", text)
	require.Contains(t, string(text), "not on the main chain")
	require.JSONEq(t, string(raw(t, v)), string(h.wants(http.StatusOK, http.MethodGet, "/v1/screenings/"+v.ID, "", nil)))

	t.Log("and comes back")
	node.Reconsider(block)
	node.Invalidate(other)
	node.Skip(6)
	h.readTo(node)
	back := h.told(hooks, set.ID, 3)
	require.Equal(t, screen.Match, back.After.Outcome)
	h.waits("the deposit is a match again", func() bool { return h.screening(deposit).Outcome == screen.Match })
	// The trace of the branch that left again stands up to the fork, and a walk from it leads to the deposit.
	h.waits("the incident counts", func() bool { return h.stale("theft") == "" })
	stolen(t, h.screening(deposit), screen.Split[string]{FIFO: "3000000000", ProRata: "1500000000"}, "theft", theft.ID.String(), first.ID.String(), paid.ID.String())
	h.stop()
	h.clew(0, "log", "verify", "--calls")
}

func raw(t *testing.T, v *screen.Verdict) []byte {
	t.Helper()
	text, err := v.JSON()
	require.NoError(t, err)
	return text
}

// readTo waits until the server has read the node's last block.
func (h *house) readTo(node *nodetest.Node) {
	h.t.Helper()
	want := node.HashAt(node.Height()).String()
	h.waits("block "+want+" is read", func() bool {
		var ready struct {
			Chains []struct{ Chain, Hash string }
		}
		_, text, err := h.ask(http.MethodGet, "/readyz", "")
		require.NoError(h.t, err)
		require.NoError(h.t, json.Unmarshal(text, &ready))
		return len(ready.Chains) == 1 && ready.Chains[0].Hash == want
	})
}

// told waits for the nth verdict.changed of a watch.
func (h *house) told(r *hookTaker, id string, n int) watch.VerdictChange {
	h.t.Helper()
	var last watch.VerdictChange
	h.waits(fmt.Sprintf("event %d of watch %s", n, id), func() bool {
		got := 0
		for _, e := range r.events(h.t, watch.EventVerdict) {
			var c watch.VerdictChange
			require.NoError(h.t, json.Unmarshal(e.Data, &c))
			if c.Watch == id {
				if got++; got == n {
					last = c
				}
			}
		}
		return got >= n
	})
	return last
}

// stale says why an incident does not count now.
func (h *house) stale(id string) string {
	var in struct{ Stale string }
	h.wants(http.StatusOK, http.MethodGet, "/v1/incidents/"+id, "", &in)
	return in.Stale
}

// stolen checks what of an incident a verdict found, and that the way of it is of these transactions.
func stolen(t *testing.T, v *screen.Verdict, want screen.Split[string], incident string, way ...string) {
	t.Helper()
	found := 0
	for i := range v.Exposure {
		e := &v.Exposure[i]
		if e.Category != screen.Stolen {
			continue
		}
		found++
		require.Equal(t, incident, e.Incident)
		require.Equal(t, want, screen.Split[string]{FIFO: e.Units.FIFO.String(), ProRata: e.Units.ProRata.String()})
		require.NotEmpty(t, e.Paths)
		var txs []string
		for _, s := range e.Paths[0].Steps {
			txs = append(txs, strings.TrimPrefix(s.TxID, "0x"))
		}
		require.Equal(t, way, txs)
	}
	require.Equal(t, 1, found, "%s", raw(t, v))
}
