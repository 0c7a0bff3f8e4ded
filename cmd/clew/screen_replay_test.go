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
)

// TestVerdictsReplay asks a running server for verdicts of every kind, then has blocks mined, labels changed
// and the incident removed: another process makes each verdict again to the byte, and says what would be
// different now, and why.
func TestVerdictsReplay(t *testing.T) {
	t.Parallel()
	node := nodetest.Start(t, nodetest.Options{})
	thief, payer, customer, listed, later := nodetest.P2WPKH(1), nodetest.P2WPKH(2), nodetest.P2WPKH(3), nodetest.P2WPKH(4), nodetest.P2WPKH(5)
	coins := node.Fund(nodetest.P2WPKH(9), 4)
	theft := nodetest.Spend(t, coins[:1], nodetest.Pay{To: thief, Value: 50e8})
	clean := nodetest.Spend(t, coins[1:2], nodetest.Pay{To: payer, Value: 50e8})
	black := nodetest.Spend(t, coins[2:3], nodetest.Pay{To: listed, Value: 50e8})
	node.MineBlock(nodetest.Anyone(0), theft, clean, black)
	stolenPay := nodetest.Spend(t, theft.Coins, nodetest.Pay{To: customer, Value: 30e8}, nodetest.Pay{To: thief, Value: 20e8})
	cleanPay := nodetest.Spend(t, clean.Coins, nodetest.Pay{To: customer, Value: 10e8}, nodetest.Pay{To: payer, Value: 40e8})
	blackPay := nodetest.Spend(t, black.Coins, nodetest.Pay{To: later, Value: 50e8})
	dustPay := nodetest.Spend(t, coins[3:], nodetest.Pay{To: customer, Value: 200}, nodetest.Pay{To: nodetest.P2WPKH(9), Value: 49e8})
	node.MineBlock(nodetest.Anyone(0), stolenPay, cleanPay, blackPay, dustPay)

	h := newHouse(t)
	h.clew(0, "label", "add", listed.String(), "--chain", string(node.Chain), "--label", "on a list", "--abuse", "sanction", "--quiet")
	h.serve("--rpc", string(node.Chain)+"="+node.URL, "--rpc-cookie", node.CookieFile, "--from", "0")
	h.readTo(node)
	h.addIncident(fmt.Sprintf("clew: incident/1\nid: theft\ntitle: A theft\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, output: \"%s:%s\"}\n", node.Chain, theft.Coins[0].Point))

	at := func(tx nodetest.Tx, to nodetest.Lock) string { return fmt.Sprintf("%s:%s:%s", node.Chain, tx.ID, to) }
	of := map[string]struct {
		subject string
		outcome screen.Outcome
		now     bool // it is another one in the end
	}{
		"stolen, by the incident":  {at(stolenPay, customer), screen.Match, true},
		"listed, by a walk":        {at(blackPay, later), screen.Match, true},
		"listed, its own address":  {string(node.Chain) + ":" + listed.String(), screen.Match, true},
		"mined":                    {at(cleanPay, customer), screen.Clear, true},
		"dust":                     {at(dustPay, customer), screen.Clear, false},
		"an address with much":     {string(node.Chain) + ":" + customer.String(), screen.Match, true},
		"a transaction of nobody":  {string(node.Chain) + ":" + strings.Repeat("ab", 32), screen.NotCovered, false},
		"a chain that is not read": {"litecoin:LTdsVS8VDw6syvfQADdhf2PHAm3rMGJvPX", screen.NotCovered, false},
	}
	given := map[string]*screen.Verdict{}
	for name, one := range of {
		v := h.screening(one.subject)
		require.Equal(t, one.outcome, v.Outcome, "%s: %s", name, v.Says)
		given[name] = v
	}

	t.Log("more blocks, other labels, no incident")
	more := nodetest.Spend(t, cleanPay.Coins[1:], nodetest.Pay{To: customer, Value: 40e8})
	node.MineBlock(nodetest.Anyone(0), more)
	node.Skip(2)
	h.readTo(node)
	h.clew(0, "label", "remove", listed.String(), "--chain", string(node.Chain), "--quiet")
	h.clew(0, "label", "add", payer.String(), "--chain", string(node.Chain), "--label", "a mixer", "--category", "mixing_service", "--quiet")
	h.wants(http.StatusNoContent, http.MethodDelete, "/v1/incidents/theft", "", nil)
	h.waits("the labels are taken up", func() bool { return h.screening(of["mined"].subject).Outcome == screen.Match })

	codes := map[screen.Outcome]int{screen.Clear: 0, screen.Match: 4, screen.NotCovered: 3}
	for name, v := range given {
		again := h.clew(codes[v.Outcome], "screen", "--replay", v.ID, "--json")
		require.Equal(t, string(raw(t, v)), strings.TrimSpace(again), name)
		var said struct {
			Same bool
			Now  string
		}
		h.wants(http.StatusOK, http.MethodPost, "/v1/screenings/"+v.ID+":replay", "", &said)
		require.True(t, said.Same, name)

		var now struct {
			Same    bool
			Changes []screen.Change
		}
		h.wants(http.StatusOK, http.MethodPost, "/v1/screenings/"+v.ID+":replay?as_of=now", "", &now)
		for _, c := range now.Changes {
			require.NotEmpty(t, c.Why, "%s: %+v", name, c)
		}
		require.Equal(t, of[name].now, len(now.Changes) > 0, "%s: %+v", name, now.Changes)
	}
	var answer struct {
		Changes []json.RawMessage
	}
	text := h.clew(codes[screen.Match], "screen", "--replay", given["mined"].ID, "--as-of", "now", "--json")
	require.NoError(t, json.Unmarshal([]byte(text), &answer))
	require.NotEmpty(t, answer.Changes)
	h.stop()
}
