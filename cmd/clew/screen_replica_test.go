package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/replica/atlanta"
	"clew/replica/stage"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

// replica is the play of the worked example on two nodes.
type replica struct {
	*atlanta.Play
	t       *testing.T
	address map[string]string // of everybody, by name
	trace   *tracer.Trace     // of its incident
	node    map[string]string // address of a node of the trace, by its id
}

// play plays it; the test is skipped where what plays it is missing.
func playReplica(t *testing.T) *replica {
	t.Helper()
	anvil := cmp.Or(os.Getenv("CLEW_ANVIL"), "../../build/tools/anvil")
	compiled := cmp.Or(os.Getenv("CLEW_REPLICA_CONTRACTS"), "../../build/replica/contracts.json")
	for _, file := range []string{anvil, compiled} {
		if _, err := os.Stat(file); err != nil {
			t.Skipf("%s is missing: make test fetches or compiles it", file)
		}
	}
	contracts, err := stage.ReadContracts(compiled)
	require.NoError(t, err)
	play, err := atlanta.Run(t.Context(), atlanta.Options{Anvil: anvil, Contracts: contracts})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, play.Close()) })
	r := &replica{Play: play, t: t, address: map[string]string{}, node: map[string]string{}}
	for _, a := range play.Truth.Accounts {
		r.address[a.Name] = a.Address
	}
	for _, c := range play.Truth.Contracts {
		r.address[c.Chain+" "+c.Name] = c.Address
	}
	return r
}

// of is the address of somebody, or of something on a chain.
func (r *replica) of(chain, name string) string {
	r.t.Helper()
	at := cmp.Or(r.address[name], r.address[chain+" "+name])
	require.NotEmpty(r.t, at, name)
	return at
}

// load reads both chains into the house's store.
func (r *replica) load(h *house) {
	r.t.Helper()
	for _, c := range r.Truth.Chains {
		h.clew(0, "sync", "--rpc", c.Chain+"="+r.Chains[c.Chain].URL, "--from", strconv.FormatInt(c.First+1, 10), "--quiet")
	}
}

// loadIncident traces the play's incident over the store, and keeps the trace to compare with.
func (r *replica) loadIncident(h *house) {
	r.t.Helper()
	text, err := r.Incident()
	require.NoError(r.t, err)
	h.clew(0, "incident", "add", h.write("incident.yaml", string(text)), "--quiet",
		"--state-rpc", "polygon="+r.Chains["polygon"].URL, "--state-rpc", "bsc="+r.Chains["bsc"].URL)
}

// readTrace reads the incident's trace as the server has it.
func (r *replica) readTrace(h *house) {
	r.t.Helper()
	r.trace = &tracer.Trace{}
	text := h.wants(http.StatusOK, http.MethodGet, "/v1/incidents/demo-atlanta-replica/trace", "", nil)
	require.NoError(r.t, json.Unmarshal(text, r.trace))
	require.NoError(r.t, r.trace.Check())
	for i := range r.trace.Nodes {
		n := &r.trace.Nodes[i]
		r.node[n.ID] = n.Address
	}
}

// traced is what the trace has of a movement in a transaction to an address, in an asset.
func (r *replica) traced(tx, to string, asset chains.Asset) screen.Split[string] {
	sum := screen.Split[chains.Amount]{}
	for i := range r.trace.Hops {
		hop := &r.trace.Hops[i]
		last := &hop.Legs[len(hop.Legs)-1]
		if "0x"+last.TxID.String() != tx || r.node[last.To] != to || last.Asset != asset {
			continue
		}
		sum.FIFO, _ = sum.FIFO.Add(hop.Traced.Value[tracer.FIFO])
		sum.ProRata, _ = sum.ProRata.Add(hop.Traced.Value[tracer.ProRata])
	}
	return screen.Split[string]{FIFO: sum.FIFO.String(), ProRata: sum.ProRata.String()}
}

// deposit is a deposit of the play to screen.
type deposit struct {
	act     atlanta.Acted
	to      string // the name of the address
	subject string
	asset   chains.Asset
	units   string
}

// deposits are what one side sent to the exchange's deposit addresses, as the script says.
func (r *replica) deposits() (out []deposit) {
	r.t.Helper()
	for _, act := range r.Truth.Acts {
		words := strings.Fields(act.Says)
		if act.Owner != "thief" || words[0] != "send" || words[3] != "exchange.deposit-key" && words[3] != "deposit-contract" {
			continue
		}
		d := deposit{act: act, to: words[3], asset: chains.Native}
		decimals := 18
		if words[2] == "rUSD" {
			d.asset = chains.Asset(r.of(act.Chain, "rUSD"))
			if act.Chain == "polygon" {
				decimals = 6
			}
		}
		n, err := stage.Units(words[1], decimals)
		require.NoError(r.t, err)
		d.units = n.String()
		d.subject = act.Chain + ":" + act.TxID + ":" + r.of(act.Chain, d.to)
		out = append(out, d)
	}
	return out
}

// customers are the deposits of others into the addresses that the exchange gave its customers.
func (r *replica) customers(h *house) (out []string) {
	r.t.Helper()
	st, err := store.Open(r.t.Context(), filepath.Join(h.dir, "clew.db"), store.Options{ReadOnly: true})
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, st.Close()) }()
	view, err := st.View(r.t.Context(), "polygon", store.Latest)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, view.Close()) }()
	for _, name := range []string{"exchange.customer-1", "exchange.customer-2"} {
		at, err := codec().ParseAddress("polygon", r.of("polygon", name))
		require.NoError(r.t, err)
		txs, err := view.AddressTxs(context.WithoutCancel(r.t.Context()), at, screen.BeforeFirst, 1000)
		require.NoError(r.t, err)
		for _, tx := range txs {
			for _, m := range tx.Exec.Moves {
				if m.To == at && m.Kind == chains.MoveCall {
					out = append(out, fmt.Sprintf("polygon:0x%s:%s", tx.ID, r.of("polygon", name)))
				}
			}
		}
	}
	require.NotEmpty(r.t, out)
	return out
}

// TestReplicaScreened plays the worked example, reads both chains whole, and screens what an exchange would
// ask, with the incident loaded and without it. The exchange has labelled its own wallets.
func TestReplicaScreened(t *testing.T) {
	t.Parallel()
	r := playReplica(t)
	h := newHouse(t)
	r.load(h)
	for _, chain := range []string{"polygon", "bsc"} {
		h.clew(0, "label", "add", r.of(chain, "exchange.hot"), "--chain", chain, "--label", "our hot wallet", "--category", "exchange", "--quiet")
	}
	t.Run("a label alone", func(t *testing.T) { r.walked(t, h.in(t)) })
	r.loadIncident(h)
	h.serve()
	defer h.stop()
	r.readTrace(h)
	t.Run("the thief's deposits", func(t *testing.T) { r.thiefs(t, h.in(t)) })
	t.Run("the deposit addresses", func(t *testing.T) {
		h := h.in(t)
		for _, at := range [][2]string{{"polygon", "exchange.deposit-key"}, {"polygon", "deposit-contract"}, {"bsc", "exchange.deposit-key"}} {
			v := h.screening(at[0] + ":" + r.of(at[0], at[1]))
			require.Equal(t, screen.Match, v.Outcome, "%v: %s", at, v.Says)
			fifo, prorata := byIncident(v)
			require.False(t, fifo.IsZero() || prorata.IsZero(), "%s", raw(t, v))
		}
	})
	t.Run("others' deposits", func(t *testing.T) { r.others(t, h.in(t)) })
	t.Run("dust and forged tokens", func(t *testing.T) { r.unasked(t, h.in(t)) })
}

// byIncident sums what a verdict found by incidents of the value that was screened.
func byIncident(v *screen.Verdict) (fifo, prorata chains.Amount) {
	for i := range v.Exposure {
		if e := &v.Exposure[i]; e.Category == screen.Stolen && e.Distance != screen.Own && e.KnownBy == screen.ByIncident {
			fifo, _ = fifo.Add(e.Units.FIFO)
			prorata, _ = prorata.Add(e.Units.ProRata)
		}
	}
	return fifo, prorata
}

// thiefs screens the thief's deposits: each is a match, and what is stolen of it is what the trace has, to the
// unit, by ways that lead from the theft over transactions of the play.
func (r *replica) thiefs(t *testing.T, h *house) {
	txs, seeds := map[string]bool{}, map[string]bool{}
	for _, side := range r.Chains {
		for _, tx := range side.Txs {
			txs[tx.Hash.Hex()] = true
		}
	}
	for _, s := range r.Truth.Stolen {
		seeds[s.TxID] = true
	}
	untraced := 0
	kinds := map[string]int{}
	for _, d := range r.deposits() {
		kinds[fmt.Sprint(d.act.Chain, " ", d.to, " ", d.asset == chains.Native)]++
		v := h.screening(d.subject)
		require.Equal(t, screen.Match, v.Outcome, "%s: %s", d.act.Says, v.Says)
		require.Len(t, v.Value, 1)
		require.Equal(t, d.units, v.Value[0].Units.String(), "%s", d.act.Says)
		fifo, prorata := byIncident(v)
		want := r.traced(d.act.TxID, r.of(d.act.Chain, d.to), d.asset)
		require.Equal(t, want, screen.Split[string]{FIFO: fifo.String(), ProRata: prorata.String()}, "%s", d.act.Says)
		// Polygon's coin came out of a mixer. What the analyst took for the thief's is no fact, so that a person
		// looks at it; of the second gathering nobody knows whose it is, and the mixer is what is found. The
		// tokens are followed by facts and by the rule alone.
		mixed := d.asset == chains.Native
		require.Equal(t, map[bool]screen.Action{true: screen.Review, false: screen.Block}[mixed], v.Action, "%s: %s", d.act.Says, v.Says)
		if fifo.IsZero() && prorata.IsZero() {
			untraced++
			require.Equal(t, "thief.gather-2", d.act.Who)
			require.Equal(t, d.units, sumOf(v, screen.Mixer).FIFO.String())
			continue
		}
		for i := range v.Exposure {
			for j := range v.Exposure[i].Paths {
				if v.Exposure[i].KnownBy == screen.ByIncident {
					way(t, &v.Exposure[i].Paths[j], seeds, txs, d.act.TxID)
				}
			}
		}
	}
	require.Equal(t, 2, untraced)
	require.Equal(t, map[string]int{
		"polygon exchange.deposit-key true": 4, "polygon deposit-contract true": 3, "polygon deposit-contract false": 2, "bsc exchange.deposit-key false": 4,
	}, kinds)
}

// way checks a path of an incident.
func way(t *testing.T, p *screen.Path, seeds, txs map[string]bool, last string) {
	t.Helper()
	require.True(t, seeds[p.Steps[0].TxID], "it begins at the theft: %+v", p.Steps[0])
	require.Equal(t, last, p.Steps[len(p.Steps)-1].TxID, "and ends at the deposit")
	for i := range p.Steps {
		require.True(t, txs[p.Steps[i].TxID], "%s is no transaction of the play", p.Steps[i].TxID)
	}
}

// sumOf sums the exposures to a category that explain value.
func sumOf(v *screen.Verdict, c screen.Category) (sum screen.Split[chains.Amount]) {
	for i := range v.Exposure {
		if e := &v.Exposure[i]; e.Category == c && e.Distance != screen.Own {
			sum.FIFO, _ = sum.FIFO.Add(e.Units.FIFO)
			sum.ProRata, _ = sum.ProRata.Add(e.Units.ProRata)
		}
	}
	return sum
}

// others screens what others deposited at the same exchange: nothing of it is stolen, and it is clear, but for
// those who use the mixer themselves.
func (r *replica) others(t *testing.T, h *house) {
	passed := 0
	all := r.customers(h)
	for _, subject := range all {
		v := h.screening(subject)
		require.Zero(t, sumOf(v, screen.Stolen), "%s: %s", subject, raw(t, v))
		for i := range v.Fired {
			for _, at := range v.Fired[i].Exposures {
				require.Equal(t, screen.Mixer, v.Exposure[at].Category, "%s: %s", subject, v.Says)
			}
		}
		if v.Outcome == screen.Clear {
			passed++
		} else {
			require.Equal(t, screen.Review, v.Action, "%s", v.Says)
		}
	}
	require.Greater(t, passed, len(all)/2)
	t.Logf("%d of %d clear, the others' out of the mixer", passed, len(all))
}

// unasked screens what spammers sent to others: it is clear, and dust is told.
func (r *replica) unasked(t *testing.T, h *house) {
	told := 0
	for _, act := range r.Truth.Acts {
		words := strings.Fields(act.Says)
		switch {
		case act.Who == "spammer.2" && words[0] == "send" && words[3] == "user.02":
			v := h.screening(act.Chain + ":" + act.TxID + ":" + r.of(act.Chain, "user.02"))
			require.Equal(t, screen.Clear, v.Outcome, "%s: %s", act.Says, v.Says)
			require.Len(t, v.Unasked, 1, "%s", raw(t, v))
			require.Equal(t, "1000000000000", v.Unasked[0].Units.String())
			require.Equal(t, r.of(act.Chain, "spammer.2"), v.Unasked[0].From)
			require.NotEmpty(t, v.Unasked[0].Why)
			require.Empty(t, v.Value)
			told++
		case act.Who == "spammer.1" && words[0] == "shower":
			// It names itself as another token does, and is one of its own: nothing of that other stands in it.
			v := h.screening(act.Chain + ":" + act.TxID + ":" + r.of(act.Chain, "user.01"))
			require.Equal(t, screen.Clear, v.Outcome, "%s: %s", act.Says, v.Says)
			require.Empty(t, v.Value, "a token's contract alone says who gave it")
			require.Empty(t, v.Exposure)
			require.Len(t, v.Unasked, 1)
			require.Equal(t, r.of(act.Chain, "forged-start"), string(v.Unasked[0].Asset))
			require.Equal(t, r.of(act.Chain, "spammer.1"), v.Unasked[0].From)
			told++
		}
	}
	require.Equal(t, 2, told)
}

// walked screens the thief's deposits where no incident is loaded, and the theft is known by a label alone, on
// the address that took it. What a walk finds is compared with the trace that will be loaded: of the tokens
// it finds at least as much, since it takes all that the address paid for stolen, and a trace what was
// stolen of it; in front of a mixer it ends, where an analyst went on; and a token that a bridge made has no
// past on its chain.
func (r *replica) walked(t *testing.T, h *house) {
	h.clew(0, "label", "add", r.of("polygon", "thief.collector"), "--chain", "polygon", "--label", "took the pools", "--abuse", "theft", "--quiet")
	h.serve()
	for _, d := range r.deposits() {
		v := h.screening(d.subject)
		require.Empty(t, v.Pins.Incidents)
		whole := screen.Split[string]{FIFO: d.units, ProRata: d.units}
		found := screen.Split[chains.Amount]{}
		for _, c := range []screen.Category{screen.Stolen, screen.Mixer, screen.Contract} {
			sum := sumOf(v, c)
			found.FIFO, _ = found.FIFO.Add(sum.FIFO)
			found.ProRata, _ = found.ProRata.Add(sum.ProRata)
		}
		require.Equal(t, screen.Split[string]{FIFO: found.FIFO.String(), ProRata: found.ProRata.String()}, whole, "%s: %s", d.act.Says, raw(t, v))
		switch {
		case d.act.Chain == "bsc":
			require.Equal(t, screen.Clear, v.Outcome, "%s", v.Says)
			require.Equal(t, d.units, sumOf(v, screen.Contract).ProRata.String())
		case d.asset == chains.Native:
			require.Equal(t, screen.Review, v.Action, "%s", v.Says)
			require.Equal(t, d.units, sumOf(v, screen.Mixer).FIFO.String())
		default:
			require.Equal(t, screen.Match, v.Outcome, "%s", v.Says)
			require.Equal(t, d.units, sumOf(v, screen.Stolen).ProRata.String())
		}
	}
	h.stop()
	h.clew(0, "label", "remove", r.of("polygon", "thief.collector"), "--chain", "polygon", "--quiet")
}
