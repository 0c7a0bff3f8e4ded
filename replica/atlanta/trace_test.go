package atlanta_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/ingest"
	"clew/replica/atlanta"
	"clew/tracer"
)

// opener reads chains at nodes, or from what stands in for them.
type opener struct{ nodes map[chains.Chain]ingest.Node }

type passSource struct{ *ingest.Pass }

func (s passSource) Close() error { s.Pass.Close(); return nil }

var _ io.Closer = passSource{}

func (o opener) Open(ctx context.Context, chain chains.Chain, height, unix int64) (tracer.Source, error) {
	from := height
	if height < 0 && unix >= 0 {
		var err error
		if from, err = ingest.HeightAt(ctx, o.nodes[chain], time.Unix(unix, 0)); err != nil {
			return nil, err
		}
	}
	pass, err := ingest.NewPass(ctx, o.nodes[chain], nil, ingest.PassOptions{From: from})
	if err != nil {
		return nil, err
	}
	return passSource{pass}, nil
}

// codec knows the tables of contracts, as the program does.
type codec struct{ evm.Codec }

func (codec) Place(chain chains.Chain, a chains.Address) (kind tracer.NodeKind, entity, source string, ok bool) {
	word, entity, source, ok := evm.PlaceOf(chain, a)
	return tracer.NodeKind(word), entity, source, ok
}

var _ tracer.Places = codec{}

// trace traces the play's incident over both chains, each read at what dial gives.
func trace(t *testing.T, p *atlanta.Play, dial func(chain chains.Chain) (ingest.Node, error)) *tracer.Trace {
	t.Helper()
	text, err := p.Incident()
	require.NoError(t, err)
	inc, err := tracer.ParseIncident("incident.yaml", text, codec{})
	require.NoError(t, err)
	o := opener{map[chains.Chain]ingest.Node{}}
	for _, name := range []chains.Chain{"polygon", "bsc"} {
		node, err := dial(name)
		require.NoError(t, err)
		if closer, ok := node.(io.Closer); ok {
			t.Cleanup(func() { require.NoError(t, closer.Close()) })
		}
		o.nodes[name] = node
	}
	tr, err := tracer.RunAll(t.Context(), inc, o, codec{}, tracer.Options{TouchedOnly: true})
	require.NoError(t, err)
	return tr
}

// atNodes reads a chain of the play at its anvil.
func atNodes(t *testing.T, p *atlanta.Play) func(chains.Chain) (ingest.Node, error) {
	return func(chain chains.Chain) (ingest.Node, error) {
		return evm.Dial(t.Context(), chain, p.Chains[string(chain)].URL, evm.Options{})
	}
}

// The recordings that the project carries are of this play: a trace from them is the one from
// the nodes, byte for byte.
func TestRecordingsStandInForTheNodes(t *testing.T) {
	p := play(t)
	want, err := json.Marshal(trace(t, p, atNodes(t, p)))
	require.NoError(t, err)
	got, err := json.Marshal(trace(t, p, func(chain chains.Chain) (ingest.Node, error) {
		return ingest.OpenRecording(t.Context(), os.DirFS("../../testdata/demo/atlanta-replica/"+string(chain)), chain, nil, evm.Codec{})
	}))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// whose is who owns what an address of the play is: an account's owner, a contract's name.
func whose(p *atlanta.Play) map[string]string {
	of := map[string]string{}
	for _, a := range p.Truth.Accounts {
		of[a.Address] = a.Owner
	}
	for _, c := range p.Truth.Contracts {
		of[c.Address] = c.Name
	}
	return of
}

// The incident, traced at the play's nodes, against the truth: both chains in one trace, sums
// that close, every trade and passage of the thief and nobody else's, and nothing that ends
// with anybody but the thief, the mixer, the exchange and the fees.
func TestTraceAgreesWithTheTruth(t *testing.T) {
	p := play(t)
	tr := trace(t, p, atNodes(t, p))
	require.True(t, tr.Incident.Synthetic)
	require.Empty(t, tr.Gaps)
	t.Run("sums", func(t *testing.T) { sums(t, p, tr) })
	t.Run("hops", func(t *testing.T) { hops(t, p, tr) })
	t.Run("ends", func(t *testing.T) { ends(t, p, tr) })
	t.Run("statement", func(t *testing.T) {
		left := map[string]string{}
		for _, s := range tr.Statement {
			left[s.Asset] = s.Unaccounted
		}
		require.Equal(t, map[string]string{"MATIC": "28270", "START": "60000", "ELIXIR": "0.77"}, left)
	})
}

// sums: every rule closes; and stolen value first is how the play was meant, so that it gives
// the victim's figures.
func sums(t *testing.T, p *atlanta.Play, tr *tracer.Trace) {
	for rule, rows := range tr.Conservation.Value {
		for _, row := range rows {
			if tracer.Rule(rule).Conserves() {
				require.Equal(t, "0", row.Difference, "%v %+v", tracer.Rule(rule), row)
				require.Equal(t, "0", row.Unexplained.String(), "%v %+v", tracer.Rule(rule), row)
			}
		}
	}
	asset := map[string]string{}
	for _, c := range p.Truth.Contracts {
		asset[c.Chain+" "+c.Address] = c.Name
	}
	converted := map[string]string{}
	for _, row := range tr.Conservation.Value[tracer.PIFO] {
		converted[string(row.Chain)+" "+asset[string(row.Chain)+" "+string(row.Asset)]] = row.ConvertedOut.String()
	}
	require.Equal(t, map[string]string{
		"polygon ":       coins(t, "60781").String(), // 10,781 swapped, 50,000 of the mixer adopted
		"polygon ELIXIR": coins(t, "174960").String(),
		"polygon START":  coins(t, "50846").String(),
		"bsc START":      coins(t, "50846").String(),
		"polygon rUSD":   "0", "bsc rUSD": "0",
	}, converted)
}

func hops(t *testing.T, p *atlanta.Play, tr *tracer.Trace) {
	want := map[string]int{}
	for _, s := range p.Truth.Swaps {
		if s.Owner == "thief" {
			want["swap "+s.TxID+" "+s.TxID]++
		}
	}
	for _, b := range p.Truth.Bridges {
		if b.Owner == "thief" {
			want["bridge "+b.Out.TxID+" "+b.In.TxID]++
		}
	}
	for _, m := range p.Truth.Mixers {
		if m.Withdrawal != nil && (m.Withdrawal.RecipientName == "thief.out-1" || m.Withdrawal.RecipientName == "thief.out-2") {
			want["mixer "+m.TxID+" "+m.Withdrawal.TxID]++
			if m.Withdrawal.Fee != "0" {
				want["fee "+m.TxID+" "+m.Withdrawal.TxID]++ // the relayer's
			}
		}
	}
	require.Len(t, want, 7+2+5+3)
	got := map[string]int{}
	for i := range tr.Hops {
		if h := &tr.Hops[i]; len(h.Legs) == 2 {
			got[string(h.Kind)+" 0x"+strings.TrimPrefix(h.Legs[0].TxID.String(), "0x")+" 0x"+strings.TrimPrefix(h.Legs[1].TxID.String(), "0x")]++
		}
	}
	require.Equal(t, want, got)
}

func ends(t *testing.T, p *atlanta.Play, tr *tracer.Trace) {
	of, address := whose(p), map[string]string{}
	for _, n := range tr.Nodes {
		address[n.ID] = n.Address
	}
	allowed := map[string]string{
		"thief": "balance", "pool-10000": "mixer", "pool-100000": "mixer", "exchange": "service", "deposit-contract": "contract",
	}
	for _, a := range p.Truth.Accounts {
		if a.Name == "exchange.deposit-key" { // what its sweeps leave for gas
			of[a.Address] = a.Name
			allowed[a.Name] = "balance"
		}
	}
	seen := map[string]bool{}
	for _, e := range tr.Endpoints {
		if e.Reason == "fee" {
			continue
		}
		who := of[address[e.Node]]
		require.Equal(t, allowed[who], string(e.Reason), "%s ends at %s", e.TxID, who)
		seen[who] = true
	}
	require.Len(t, seen, len(allowed))
}
