package screen_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// arrived is what a trace says of one place where its value ended: units and what of them is traced.
type arrived struct {
	subject string
	chain   chains.Chain
	asset   chains.Asset
	units   chains.Amount
	traced  screen.Split[chains.Amount]
	blocked bool // everything that is traced rests on what may be blocked
}

// arrivals returns the ends of a trace that a subject can name: outputs, and what accounts received in
// one transaction.
func arrivals(t *testing.T, trace *tracer.Trace) []arrived {
	t.Helper()
	addresses := map[string]string{}
	for _, n := range trace.Nodes {
		addresses[n.ID] = n.Address
	}
	var out []arrived
	for i := range trace.Endpoints {
		e := &trace.Endpoints[i]
		if e.TxID == nil || e.Reason == tracer.ReasonFee || addresses[e.Node] == "" {
			continue
		}
		a := arrived{chain: e.Chain, asset: e.Asset, units: e.Units, blocked: true}
		switch {
		case e.Chain.Info().Family == chains.FamilyEVM:
			a.subject = fmt.Sprintf("%s:0x%s:%s:%s", e.Chain, e.TxID, addresses[e.Node], e.Asset)
		case e.Reason == tracer.ReasonUnspent:
			a.subject = fmt.Sprintf("%s:%s:%s", e.Chain, e.TxID, e.Position)
		default:
			continue
		}
		fifo, known := e.Traced.Get(tracer.FIFO)
		prorata, both := e.Traced.Get(tracer.ProRata)
		if !known || !both {
			continue
		}
		a.traced = screen.Split[chains.Amount]{FIFO: fifo, ProRata: prorata}
		for _, rule := range []tracer.Rule{tracer.FIFO, tracer.ProRata} {
			split, _ := e.ByBasis.Get(rule)
			a.blocked = a.blocked && split.Parts[tracer.Inference].IsZero() && split.Parts[tracer.Adopted].IsZero()
		}
		out = append(out, a)
	}
	require.NotEmpty(t, out)
	return out
}

// By the default policy every place where a recorded theft ended is decided as its trace says: with its
// amounts under both rules, to the unit; held from a tenth or a large amount on, and looked at below. Of an
// account a trace alone does not know what else the transaction pays it, so that it is looked at too.
func TestDemosByDefaultPolicy(t *testing.T) {
	policy := screen.DefaultPolicy()
	blocks, reviews := 0, 0
	eachDemo(t, func(t *testing.T, trace *tracer.Trace) {
		x, err := screen.NewIndex(families{}).With(trace, screen.Loaded{ID: trace.Incident.ID})
		require.NoError(t, err)
		s, err := screen.New(screen.Config{Policy: policy, Index: x, Codec: families{}})
		require.NoError(t, err)
		for _, a := range arrivals(t, trace) {
			subject, err := screen.ParseSubject(a.subject, families{})
			require.NoError(t, err)
			v, err := s.Screen(t.Context(), screen.Request{Subject: subject})
			require.NoError(t, err)
			if a.blocked && held(policy, a) && a.chain.Info().Family == chains.FamilyBitcoin {
				blocks++
				require.Equal(t, screen.Block, v.Action, "%s: %s", a.subject, v.Says)
			} else {
				reviews++
				require.Equal(t, screen.Review, v.Action, "%s: %s", a.subject, v.Says)
			}
			at := slices.IndexFunc(v.Fired, func(f screen.Fired) bool { return f.Rule == "stolen-any" })
			require.GreaterOrEqual(t, at, 0, a.subject)
			require.Equal(t, wanted(policy, a), v.Fired[at].Sums, a.subject)
		}
	})
	require.Positive(t, blocks)
	require.Positive(t, reviews)
}

// held reports whether the default policy holds a traced amount: a tenth, or a hundredth and at least
// what stolen-amount asks for.
func held(p *screen.Policy, a arrived) bool {
	rule := p.Rules[slices.IndexFunc(p.Rules, func(r screen.Rule) bool { return r.ID == "stolen-amount" })]
	for _, traced := range []chains.Amount{a.traced.FIFO, a.traced.ProRata} {
		ppm, _ := traced.MulDiv(chains.Units(screen.Million), a.units)
		n, _ := ppm.Uint64()
		least, named := rule.MinUnits[a.chain][a.asset]
		if n >= 100_000 || n >= 10_000 && named && !traced.Less(least) {
			return true
		}
	}
	return false
}

// wanted are the sums of all that is traced.
func wanted(p *screen.Policy, a arrived) []screen.Sum {
	var out []screen.Sum
	for _, by := range []tracer.Rule{tracer.FIFO, tracer.ProRata} {
		traced := a.traced.Of(by)
		if traced.IsZero() || traced.Less(p.Dust[a.chain][a.asset]) {
			continue
		}
		ppm, _ := traced.MulDiv(chains.Units(screen.Million), a.units)
		n, _ := ppm.Uint64()
		out = append(out, screen.Sum{Chain: a.chain, Asset: a.asset, By: by.String(), Units: traced, SharePPM: int64(n)})
	}
	return out
}
