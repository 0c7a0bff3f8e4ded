package exhibit_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// oneSeed divides what is traced by the only seed that there is, as a tracer does.
func oneSeed(tr *tracer.Trace) *tracer.Trace {
	for i := range tr.Hops {
		tr.Hops[i].TracedBySeed = tracer.BySeed{{Seed: tr.Seeds[0].ID, Traced: tr.Hops[i].Traced}}
	}
	for i := range tr.Endpoints {
		tr.Endpoints[i].TracedBySeed = tracer.BySeed{{Seed: tr.Seeds[0].ID, Traced: tr.Endpoints[i].Traced}}
	}
	return tr
}

func exhibitOf(t *testing.T, tr *tracer.Trace) *exhibit.Exhibit {
	t.Helper()
	x, err := exhibit.New(t.Context(), tr, nil, exhibit.Options{})
	require.NoError(t, err)
	return x
}

// records reads a schedule as maps by column.
func records(t *testing.T, x *exhibit.Exhibit, name string) []map[string]string {
	t.Helper()
	rows := table(t, x, name)
	var out []map[string]string
	for _, row := range rows[1:] {
		require.Len(t, row, len(rows[0]))
		m := map[string]string{}
		for i, head := range rows[0] {
			m[head] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func where(rows []map[string]string, column, value string) []map[string]string {
	return slices.DeleteFunc(slices.Clone(rows), func(m map[string]string) bool { return m[column] != value })
}

// atService is the endpoint of ten that is at a service.
func atService(t *testing.T, tr *tracer.Trace) *tracer.Endpoint {
	t.Helper()
	i := slices.IndexFunc(tr.Endpoints, func(e tracer.Endpoint) bool { return e.Reason == tracer.ReasonService })
	require.GreaterOrEqual(t, i, 0)
	return &tr.Endpoints[i]
}

// TestVictimToAccount: of two ways to the exchange, 2 BTC and 4 BTC wide, the wide one is the chain.
func TestVictimToAccount(t *testing.T) {
	tr, _ := ten().finish(t)
	rows := records(t, exhibitOf(t, oneSeed(tr)), "schedule_h_accounts.csv")
	account := where(rows, "row", "account")
	require.Len(t, account, 1)
	require.Equal(t, address("exchange"), account[0]["service_address"])
	require.Equal(t, "claimed", account[0]["ground"])
	require.Equal(t, "4", account[0]["hops_in_all"])
	require.Contains(t, account[0]["says"], "That the address is a service’s is claimed")
	var to []string
	for _, m := range where(rows, "row", "hop") {
		to = append(to, m["to"])
		require.NotEmpty(t, m["raw_sha256"]+m["txid"])
		require.Equal(t, "V1", m["seed"])
	}
	require.Equal(t, []string{address("right"), address("exchange")}, to)
	require.Equal(t, atService(t, tr).Traced.Value[tracer.LIFO].String(), where(rows, "row", "seed")[0]["traced_lifo_units"])
}

// TestCaveats: an account that only poison, another rule, a candidate that was adopted or an inference
// reaches is never shown without a sentence that says so.
func TestCaveats(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*tracer.Endpoint)
		rule   string
		says   string
	}{
		"poison": {func(e *tracer.Endpoint) {
			for _, r := range tracer.Rules() {
				if r.Conserves() {
					e.Traced.Value[r] = chains.Amount{}
				}
			}
		}, "poison", "Poison alone leads here"},
		"another rule": {func(e *tracer.Endpoint) { e.Traced.Value[tracer.FIFO] = chains.Amount{} }, "lifo",
			"Under fifo, the rule of this trace, nothing ends here; amounts and chain are those under lifo."},
		"adopted":    {basis(tracer.Adopted, 1), "fifo", "It is reached only through a candidate that the analyst adopted"},
		"in part":    {basis(tracer.Adopted, 2), "fifo", "came only through a candidate that the analyst adopted"},
		"inferred":   {basis(tracer.Inference, 1), "fifo", "It is reached only through a link that a heuristic infers"},
		"some rules": {func(e *tracer.Endpoint) { e.Range.Min = chains.Amount{} }, "fifo", "Under some accounting rules nothing ends here"},
	} {
		t.Run(name, func(t *testing.T) {
			tr, _ := ten().finish(t)
			e := atService(t, tr)
			c.change(e)
			rows := where(records(t, exhibitOf(t, oneSeed(tr)), "schedule_h_accounts.csv"), "row", "account")
			require.Len(t, rows, 1)
			require.Equal(t, c.rule, rows[0]["rule"])
			require.Contains(t, strings.ReplaceAll(rows[0]["says"], "\u00a0", " "), c.says)
		})
	}
	tr, _ := ten().finish(t)
	plain := records(t, exhibitOf(t, oneSeed(tr)), "schedule_h_accounts.csv")[0]["says"]
	for _, word := range []string{"Poison", "adopted", "infers", "Under "} {
		require.NotContains(t, plain, word)
	}
}

// basis lets a part of what ends rest on b.
func basis(b tracer.Basis, part uint64) func(*tracer.Endpoint) {
	return func(e *tracer.Endpoint) {
		whole := e.Traced.Value[tracer.FIFO]
		some, _ := whole.MulDiv(chains.Units(1), chains.Units(part))
		e.ByBasis.Value[tracer.FIFO] = tracer.BasisSplit{}
		e.ByBasis.Value[tracer.FIFO].Parts[b] = some
		e.ByBasis.Value[tracer.FIFO].Parts[tracer.Whole] = whole.Minus(some)
	}
}

// TestNoAccount: where nothing reached a service the schedule says so.
func TestNoAccount(t *testing.T) {
	tr, _ := three().finish(t)
	rows := records(t, exhibitOf(t, oneSeed(tr)), "schedule_h_accounts.csv")
	require.Len(t, rows, 1)
	require.Equal(t, "None of the traced value was seen to reach a known service.", rows[0]["says"])
}

// TestSharedBeginnings: chains along a long run are not written again and again, and none loses a step.
func TestSharedBeginnings(t *testing.T) {
	const n = 300
	c := newChain("peeled to services")
	key, left := c.seed("V1", "thief", n*btc), uint64(n*btc)
	for i := range n {
		left -= btc/2 + 1000
		out := c.spend([]string{key}, pay{fmt.Sprint("customer ", i), btc / 2}, pay{fmt.Sprint("change ", i), left})
		c.stop(out[0], tracer.ReasonService, "")
		key = out[1]
	}
	tr, _ := c.finish(t)
	rows := records(t, exhibitOf(t, oneSeed(tr)), "schedule_h_accounts.csv")
	require.Less(t, len(rows), 30*n)
	steps := map[string]int{} // rows by account
	for _, m := range where(rows, "row", "hop") {
		steps[m["account"]]++
	}
	for _, m := range where(rows, "row", "seed") {
		account, err := strconv.Atoi(m["account"])
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(account), m["hops_in_chain"])
		shared := 0
		if m["says"] != "" {
			_, err := fmt.Sscanf(m["says"], "steps 1 to %d are those of account", &shared)
			require.NoError(t, err, m["says"])
		}
		require.Equal(t, account, steps[m["account"]]+shared)
	}
}

// TestChainsOfTheReplica: every chain begins where the seed was received, each step begins where one
// before it ended, and ends at the account; amounts of a seed never grow but where assets turn.
func TestChainsOfTheReplica(t *testing.T) {
	x := replica(t)
	rows := records(t, x, "schedule_h_accounts.csv")
	accounts := where(rows, "row", "account")
	require.Len(t, accounts, 8)
	seeds := map[string]string{}
	for _, s := range records(t, x, "seeds.csv") {
		seeds[s["seed"]] = s["address"]
	}
	chain := map[string][]map[string]string{}
	for _, m := range where(rows, "row", "hop") {
		key := m["account"] + " " + m["seed"]
		chain[key] = append(chain[key], m)
	}
	require.NotEmpty(t, chain)
	for key, steps := range chain {
		at := seeds[steps[0]["seed"]]
		for _, s := range steps {
			if s["leg_role"] != "received" { // else a venue, a bridge or a pool pays it out
				require.Contains(t, s["from"], at, "%s step %s", key, s["step"])
			}
			if s["leg_role"] != "given" {
				at = s["to"]
			}
		}
		if last := steps[len(steps)-1]; last["leg_role"] == "" {
			require.Equal(t, last["service_address"], last["to"], key)
		}
	}
	for _, m := range where(rows, "row", "seed") {
		require.Equal(t, m["traced_of_seed_units"] != "0", m["hops_in_chain"] != "", "account %s, seed %s", m["account"], m["seed"])
	}
	for _, a := range accounts {
		require.Contains(t, a["says"], map[string]string{"claimed": "is claimed", "inferred": "is what a heuristic infers"}[a["ground"]])
		if strings.HasPrefix(a["basis"], "adopted") && !strings.Contains(a["basis"], ",") {
			require.Contains(t, a["says"], "a candidate that the analyst adopted")
		}
	}
}

// TestLabelRows: labels that contradict each other stand side by side, each with who says so and when.
func TestLabelRows(t *testing.T) {
	c := ten()
	n := &c.tr.Nodes[indexOf(c, "exchange")]
	n.Label = "Exchange (old) hot wallet, service (Pack (A. Nonymous), https://example.org/a;b, retrieved 2024-05-06); a theft (list, retrieved 2025-01-02)"
	c.tr.Nodes[indexOf(c, "cold")].Entity, c.tr.Nodes[indexOf(c, "cold")].Label = "E", "stated by the victim"
	tr, _ := c.finish(t)
	rows := records(t, exhibitOf(t, tr), "schedule_d_labels.csv")
	require.Len(t, rows, 3)
	require.Equal(t, "Exchange (old) hot wallet, service", rows[0]["says"])
	require.Equal(t, "Pack (A. Nonymous), https://example.org/a;b", rows[0]["source"])
	require.Equal(t, "2024-05-06", rows[0]["retrieved"])
	require.Equal(t, []string{"a theft", "list", "2025-01-02", "2", "2"}, []string{rows[1]["says"], rows[1]["source"], rows[1]["retrieved"], rows[1]["claim"], rows[1]["of"]})
	require.Equal(t, []string{"", "stated by the victim", "", "E"}, []string{rows[2]["says"], rows[2]["source"], rows[2]["retrieved"], rows[2]["entities"]})
}

// TestMethodRows: every rule, every heuristic with its measured error, and every source is there.
func TestMethodRows(t *testing.T) {
	x := byName(t, "found")
	rows := records(t, x, "schedule_g_method.csv")
	require.Len(t, where(rows, "section", "rule"), 1+len(tracer.Rules()))
	heuristics := where(rows, "section", "heuristic")
	require.NotEmpty(t, heuristics)
	deposit := where(heuristics, "term", "deposit-address")[0]
	require.Equal(t, []string{"0.00077", "1300", "the replica"}, []string{deposit["error_rate"], deposit["error_n"], deposit["error_measured_on"]})
	require.Contains(t, page(t, x), where(rows, "term", "libr")[0]["text"], "the report has the same words")
	source := where(rows, "section", "source")
	require.Equal(t, x.Trace.AsOf[0].Hash.String(), source[0]["hash"])
	require.Equal(t, x.Trace.Incident.SHA256, source[len(source)-1]["hash"])
}
