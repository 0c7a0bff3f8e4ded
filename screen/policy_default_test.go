package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
	"clew/tracer"
)

// What the default policy promises in its notes holds for every line of it.
func TestDefaultPolicy(t *testing.T) {
	p := screen.DefaultPolicy()
	require.Equal(t, screen.ByLarger, p.DecideBy)
	require.Len(t, p.SHA256, 64)
	for i := range p.Rules {
		r := &p.Rules[i]
		require.NotEmpty(t, r.Reason, r.ID)
		require.NotEqual(t, screen.Allow, r.Action, "%s: no exception is carried", r.ID)
		if r.Action != screen.Block {
			continue
		}
		require.NotEmpty(t, r.KnownBy, "%s: a cluster is an inference and blocks nothing", r.ID)
		require.NotContains(t, r.KnownBy, screen.ByCluster, r.ID)
		if len(r.Distance) == 1 && r.Distance[0] == screen.Own {
			continue // it rests on no movement
		}
		require.Equal(t, []tracer.Basis{tracer.Whole, tracer.ByRule, tracer.Conversion, tracer.BridgeKey}, r.Bases, r.ID)
		require.Equal(t, []chains.Evidence{chains.EvidenceProven, chains.EvidenceAttested}, r.Evidence, r.ID)
	}
}

// What the default policy asks for, at its thresholds and a unit below.
func TestDefaultPolicyAsks(t *testing.T) {
	const tenth = coin // of the 10 BTC of a deposit
	traced := func(units uint64, change ...func(*screen.Exposure)) screen.Exposure {
		return exposed(screen.Stolen, units, 0, append([]func(*screen.Exposure){incident("a")}, change...)...)
	}
	far := func(e *screen.Exposure) { e.Hops = 9 }
	adopted := func(e *screen.Exposure) { e.Basis = "adopted" }
	cluster := func(e *screen.Exposure) { ownLabel(e); clustered(e) }
	listed := func(then, now bool) func(*screen.Exposure) { return claimed("x", then, now) }
	for _, c := range []struct {
		name string
		e    screen.Exposure
		want screen.Action
	}{
		{"nothing", exposed(screen.Exchange, 10*coin, 10*coin, direct), screen.Allow},
		{"listed now", exposed(screen.Sanctioned, 0, 0, ownLabel, listed(true, true)), screen.Block},
		{"listed after the value moved", exposed(screen.Sanctioned, 0, 0, ownLabel, listed(false, true)), screen.Block},
		{"delisted since", exposed(screen.Sanctioned, 0, 0, ownLabel, listed(true, false)), screen.Review},
		{"delisted before", exposed(screen.Sanctioned, 0, 0, ownLabel, listed(false, false)), screen.Allow},
		{"listed in the cluster", exposed(screen.Sanctioned, 0, 0, cluster, listed(true, true)), screen.Review},
		{"sanctioned, direct, little", exposed(screen.Sanctioned, 1000, 0, direct, listed(true, true)), screen.Block},
		{"sanctioned, direct, dust", exposed(screen.Sanctioned, 999, 999, direct, listed(true, true)), screen.Allow},
		{"sanctioned, direct, listed later", exposed(screen.Sanctioned, 1000, 0, direct, listed(false, true)), screen.Review},
		{"sanctioned, direct, inferred", exposed(screen.Sanctioned, 10*coin, 0, direct, inferred, listed(true, true)), screen.Review},
		{"sanctioned, 3 hops", exposed(screen.Sanctioned, 1000, 0), screen.Review},
		{"sanctioned, far, 1 %", exposed(screen.Sanctioned, tenth/10, 0, far), screen.Review},
		{"sanctioned, far, less", exposed(screen.Sanctioned, tenth/10-1, 0, far), screen.Allow},
		{"terrorism, direct", exposed(screen.Terrorism, 1000, 0, direct), screen.Block},
		{"terrorism, far", exposed(screen.Terrorism, tenth/10, 0, far), screen.Review},
		{"stolen, 10 %", traced(tenth), screen.Block},
		{"stolen, 2.5 %, 0.25 BTC", traced(coin / 4), screen.Block},
		{"stolen, a unit less", traced(coin/4 - 1), screen.Review},
		{"stolen, dust", traced(999), screen.Allow},
		{"stolen, inferred", traced(10*coin, inferred), screen.Review},
		{"stolen, adopted", traced(10*coin, adopted), screen.Review},
		{"stolen, from a file", traced(10*coin, imported), screen.Review},
		{"stolen, by a claim of the address", exposed(screen.Stolen, 0, 0, ownLabel), screen.Review},
		{"ransomware, direct, 10 %", exposed(screen.Ransomware, tenth, 0, direct), screen.Block},
		{"ransomware, direct, 1 %", exposed(screen.Ransomware, tenth/10, 0, direct), screen.Review},
		{"ransomware, direct, less", exposed(screen.Ransomware, tenth/10-1, 0, direct), screen.Allow},
		{"darknet, direct, half", exposed(screen.Darknet, 5*coin, 0, direct), screen.Block},
		{"darknet, direct, less", exposed(screen.Darknet, 5*coin-1, 0, direct), screen.Review},
		{"darknet, a cluster's", exposed(screen.Darknet, 10*coin, 0, direct, clustered, inferred), screen.Review},
		{"fraud, direct, all", exposed(screen.Fraud, 10*coin, 0, direct), screen.Review},
		{"fraud, indirect, 5 %", exposed(screen.Fraud, tenth/2, 0), screen.Review},
		{"fraud, indirect, less", exposed(screen.Fraud, tenth/2-1, 0), screen.Allow},
		{"illicit, direct, 1 %", exposed(screen.Illicit, tenth/10, 0, direct), screen.Review},
		{"frozen, the address", exposed(screen.Frozen, 0, 0, ownLabel), screen.Review},
		{"mixer, direct, 5 %", exposed(screen.Mixer, tenth/2, 0, direct), screen.Review},
		{"mixer, direct, less", exposed(screen.Mixer, tenth/2-1, 0, direct), screen.Allow},
		{"mixer, near, 20 %", exposed(screen.Mixer, 2*tenth, 0), screen.Review},
		{"mixer, near, less", exposed(screen.Mixer, 2*tenth-1, 0), screen.Allow},
		{"mixer, far, 25 %", exposed(screen.Mixer, coin*5/2, 0, far), screen.Review},
		{"mixer, far, less", exposed(screen.Mixer, coin*5/2-1, 0, far), screen.Allow},
		{"gambling, direct, half", exposed(screen.Gambling, 5*coin, 0, direct), screen.Review},
		{"gambling, direct, less", exposed(screen.Gambling, 5*coin-1, 0, direct), screen.Allow},
		{"an exchange itself", exposed(screen.Exchange, 0, 0, ownLabel), screen.Allow},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := deposited(c.e)
			v.Value[0].Unknown = split(0, 0)
			screen.DefaultPolicy().Decide(v)
			require.Equal(t, c.want, v.Action, v.Says)
			require.Equal(t, c.want != screen.Allow, v.Outcome == screen.Match)
		})
	}
	for units, want := range map[uint64]screen.Action{10 * coin: screen.Review, 10*coin - 1: screen.Allow} {
		v := deposited()
		v.Value[0].Units, v.Value[0].Unknown = chains.Units(units), split(units, units)
		screen.DefaultPolicy().Decide(v)
		require.Equal(t, want, v.Action, "%d units of which nothing is known", units)
	}
	parts := deposited(exposed(screen.Mixer, 2*tenth-1, 0), exposed(screen.Fraud, tenth/2-1, 0, far), exposed(screen.Illicit, 2, 0, direct))
	parts.Value[0].Unknown = split(0, 0)
	screen.DefaultPolicy().Decide(parts)
	require.Equal(t, []string{"risk-together"}, firedIDs(parts))
}
