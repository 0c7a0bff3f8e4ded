package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// coin is 1 BTC in units.
const coin = 100_000_000

func split(fifo, prorata uint64) screen.Split[chains.Amount] {
	return screen.Split[chains.Amount]{FIFO: chains.Units(fifo), ProRata: chains.Units(prorata)}
}

func ppm(part, whole uint64) int64 { return int64(part * screen.Million / whole) }

// exposed is an exposure of a deposit of 10 BTC: proven, by accounting, over a walk, 3 hops away.
func exposed(category screen.Category, fifo, prorata uint64, change ...func(*screen.Exposure)) screen.Exposure {
	e := screen.Exposure{
		Category: category, Distance: screen.Indirect, Chain: "bitcoin", Asset: chains.Native, Units: split(fifo, prorata),
		SharePPM: screen.Split[int64]{FIFO: ppm(fifo, 10*coin), ProRata: ppm(prorata, 10*coin)},
		Hops:     3, KnownBy: screen.ByWalk, Evidence: "proven", Basis: "rule",
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func direct(e *screen.Exposure) { e.Distance, e.Hops = screen.Direct, 1 }
func ownLabel(e *screen.Exposure) {
	e.Distance, e.Hops, e.KnownBy, e.Basis, e.Evidence = screen.Own, 0, screen.ByLabel, "", ""
}
func inferred(e *screen.Exposure)  { e.Basis = "inference" }
func imported(e *screen.Exposure)  { e.Evidence = "imported" }
func clustered(e *screen.Exposure) { e.KnownBy = screen.ByCluster }
func incident(id string) func(*screen.Exposure) {
	return func(e *screen.Exposure) { e.Incident, e.KnownBy = id, screen.ByIncident }
}
func entity(name string) func(*screen.Exposure) {
	return func(e *screen.Exposure) { e.Entity = name }
}
func claimed(address string, then, now bool) func(*screen.Exposure) {
	return func(e *screen.Exposure) {
		e.Claims = append(e.Claims, screen.Claim{Address: address, Category: e.Category, AtTransaction: then, Now: now})
	}
}
func otherClaim(e *screen.Exposure) {
	e.Claims = append(e.Claims, screen.Claim{Address: "x", Category: screen.Exchange, AtTransaction: true, Now: true})
}
func manyClaims(e *screen.Exposure) {
	for range 20 {
		claimed(someAddress, true, true)(e)
	}
}
func walked(from, at string) func(*screen.Exposure) {
	return func(e *screen.Exposure) {
		e.Paths = append(e.Paths, screen.Path{Steps: []screen.Step{
			{Chain: "bitcoin", From: from, Time: at}, {Chain: "bitcoin", Time: "2024-06-01T00:00:00Z"},
		}})
	}
}

// deposited is a verdict about a deposit of 10 BTC, the store's last block being of 1 July 2024.
func deposited(exposures ...screen.Exposure) *screen.Verdict {
	v := &screen.Verdict{
		Subject: screen.Subject{Kind: screen.KindDeposit, Chain: "bitcoin", Address: someAddress, Direction: screen.Source},
		Value: []screen.Value{{
			Chain: "bitcoin", Asset: chains.Native, Symbol: "BTC", Decimals: 8, Units: chains.Units(10 * coin),
		}},
		Exposure: exposures,
		Pins:     screen.Pins{Blocks: []screen.Pin{{Chain: "bitcoin", Time: "2024-07-01T00:00:00Z"}}},
	}
	var explained [2]uint64
	for _, e := range exposures {
		if e.Distance != screen.Own && e.Asset == chains.Native {
			for i, a := range []chains.Amount{e.Units.FIFO, e.Units.ProRata} {
				n, _ := a.Uint64()
				explained[i] = min(explained[i]+n, 10*coin)
			}
		}
	}
	v.Value[0].Explained = split(explained[0], explained[1])
	v.Value[0].Unknown = split(10*coin-explained[0], 10*coin-explained[1])
	v.Value[0].ExplainedPPM = screen.Split[int64]{FIFO: ppm(explained[0], 10*coin), ProRata: ppm(explained[1], 10*coin)}
	return v
}

// firedIDs names the rules that fired.
func firedIDs(v *screen.Verdict) []string {
	ids := []string{}
	for i := range v.Fired {
		ids = append(ids, v.Fired[i].Rule)
	}
	return ids
}

func TestRuleConditions(t *testing.T) {
	stolen := func(change ...func(*screen.Exposure)) screen.Exposure {
		return exposed(screen.Stolen, 2*coin, coin, change...)
	}
	for _, c := range []struct {
		name  string
		lines []string
		e     screen.Exposure
		fires bool
	}{
		{"the category", []string{"category: stolen"}, stolen(), true},
		{"another category", []string{"category: [fraud, mixer]"}, stolen(), false},
		{"one of several categories", []string{"category: [fraud, stolen]"}, stolen(), true},
		{"distance", []string{"category: stolen", "type: [own, direct]"}, stolen(), false},
		{"distance that fits", []string{"category: stolen", "type: [own, direct]"}, stolen(direct), true},
		{"direction", []string{"category: stolen", "direction: destination"}, stolen(), false},
		{"direction that fits", []string{"category: stolen", "direction: source"}, stolen(), true},
		{"chain", []string{"category: stolen", "chains: litecoin"}, stolen(), false},
		{"chain that fits", []string{"category: stolen", "chains: [litecoin, bitcoin]"}, stolen(), true},
		{"asset", []string{"category: stolen", "assets: \"" + someToken + "\""}, stolen(), false},
		{"asset that fits", []string{"category: stolen", "assets: native"}, stolen(), true},
		{"hops", []string{"category: stolen", "max_hops: 2"}, stolen(), false},
		{"hops that fit", []string{"category: stolen", "max_hops: 3"}, stolen(), true},
		{"way", []string{"category: stolen", "known_by: incident"}, stolen(), false},
		{"way that fits", []string{"category: stolen", "known_by: [incident, walk]"}, stolen(), true},
		{"basis", []string{"category: stolen", "bases: [whole, rule]"}, stolen(inferred), false},
		{"basis that fits", []string{"category: stolen", "bases: [whole, rule]"}, stolen(), true},
		{"no basis is told", []string{"category: stolen", "bases: whole"}, stolen(ownLabel), true},
		{"evidence", []string{"category: stolen", "evidence: [proven, attested]"}, stolen(imported), false},
		{"evidence that fits", []string{"category: stolen", "evidence: [proven, attested]"}, stolen(), true},
		{"incident", []string{"category: stolen", "incidents: [a, b]"}, stolen(incident("c")), false},
		{"incident that fits", []string{"category: stolen", "incidents: [a, b]"}, stolen(incident("b")), true},
		{"no incident", []string{"category: stolen", "incidents: [a, b]"}, stolen(), false},
		{"entity", []string{"category: stolen", "entities: X"}, stolen(entity("Y")), false},
		{"entity that fits", []string{"category: stolen", "entities: X"}, stolen(entity("X")), true},
		{"address of a claim", []string{"category: stolen", "addresses: \"bitcoin:" + someAddress + "\""}, stolen(claimed(someAddress, true, true)), true},
		{"address of another claim", []string{"category: stolen", "addresses: \"bitcoin:" + someAddress + "\""}, stolen(claimed("other", true, true)), false},
		{"address where the path begins", []string{"category: stolen", "addresses: \"bitcoin:" + someAddress + "\""}, stolen(walked("x", ""), walked(someAddress, "")), true},
		{"address nowhere", []string{"category: stolen", "addresses: \"bitcoin:" + someAddress + "\""}, stolen(walked("x", "")), false},
		{"own address", []string{"category: stolen", "addresses: \"bitcoin:" + someAddress + "\""}, stolen(ownLabel), true},
		{"claim then", []string{"category: stolen", "when: transaction"}, stolen(claimed("x", false, true)), false},
		{"claim then that fits", []string{"category: stolen", "when: transaction"}, stolen(claimed("y", false, true), claimed("x", true, false)), true},
		{"claim now", []string{"category: stolen", "when: now"}, stolen(claimed("x", true, false)), false},
		{"claim now that fits", []string{"category: stolen", "when: now"}, stolen(claimed("x", false, true)), true},
		{"claim at any time", []string{"category: stolen", "when: either"}, stolen(claimed("x", false, true)), true},
		{"claim of another category", []string{"category: stolen", "when: now"}, stolen(claimed("x", true, false), otherClaim), false},
		{"claim at no time", []string{"category: stolen", "when: either"}, stolen(claimed("x", false, false)), false},
		{"no claim", []string{"category: stolen", "when: now"}, stolen(), true},
		{"from", []string{"category: stolen", "from: 2023-01-02"}, stolen(walked("x", "2023-01-01T23:59:59Z")), false},
		{"from that fits", []string{"category: stolen", "from: 2023-01-02"}, stolen(walked("x", "2023-01-02T00:00:00Z")), true},
		{"until", []string{"category: stolen", "until: 2023-01-02"}, stolen(walked("x", "2023-01-03T00:00:00Z")), false},
		{"until that fits", []string{"category: stolen", "until: 2023-01-02"}, stolen(walked("x", "2023-01-02T23:59:59Z")), true},
		{"one path within the dates", []string{"category: stolen", "until: 2023-01-02"}, stolen(walked("x", "2023-01-03T00:00:00Z"), walked("x", "2023-01-01T00:00:00Z")), true},
		{"dates that nobody tells", []string{"category: stolen", "until: 2023-01-02"}, stolen(), true},
		{"dates of paths that are left out", []string{"category: stolen", "until: 2023-01-02"}, stolen(walked("x", "2023-01-03T00:00:00Z"), func(e *screen.Exposure) { e.More = 1 }), true},
		{"in force on its last day", []string{"category: stolen", "expires: 2024-07-01"}, stolen(), true},
		{"in force to its last second", []string{"category: stolen", "expires: 2024-07-01T00:00:00Z"}, stolen(), true},
		{"expired", []string{"category: stolen", "expires: 2024-06-30"}, stolen(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, v := policyOf(t, policyText(c.lines...)), deposited(c.e)
			p.Decide(v)
			if !c.fires {
				require.Equal(t, screen.Clear, v.Outcome)
				require.Equal(t, screen.Allow, v.Action)
				require.Empty(t, v.Fired)
				lacks := p.Explain(v)
				require.Len(t, lacks, 1)
				require.NotEmpty(t, lacks[0].Lacks)
				return
			}
			require.Equal(t, screen.Match, v.Outcome)
			require.Equal(t, screen.Review, v.Action)
			require.Equal(t, []string{"r1"}, firedIDs(v))
			require.Equal(t, []int{0}, v.Fired[0].Exposures)
			require.Equal(t, 4, v.Fired[0].Line)
			require.Empty(t, p.Explain(v)[0].Lacks)
		})
	}
}

// As destination, what the subject is exposed to stands at the end of a path.
func TestRuleDestination(t *testing.T) {
	e := exposed(screen.Stolen, coin, coin)
	e.Paths = []screen.Path{{Steps: []screen.Step{
		{Chain: "bitcoin", From: someAddress, To: "x", Time: "2024-01-01T00:00:00Z"}, {Chain: "bitcoin", From: "x", To: "y", Time: "2024-02-01T00:00:00Z"},
	}}}
	for _, c := range []struct {
		line  string
		fires bool
	}{
		{"from: 2024-01-15", true}, {"until: 2024-01-15", false}, {"addresses: \"bitcoin:" + someAddress + "\"", false},
	} {
		v := deposited(e)
		v.Subject.Direction = screen.Destination
		policyOf(t, policyText("category: stolen", c.line)).Decide(v)
		require.Equal(t, c.fires, len(v.Fired) > 0, c.line)
	}
	e.Paths[0].Steps[1].To = someAddress
	v := deposited(e)
	v.Subject.Direction = screen.Destination
	policyOf(t, policyText("category: stolen", "addresses: \"bitcoin:"+someAddress+"\"")).Decide(v)
	require.Equal(t, []string{"r1"}, firedIDs(v))
}

// What a rule asks for is asked of the sum, to the unit, and under one rule of accounting at a time.
func TestRuleAmounts(t *testing.T) {
	for _, c := range []struct {
		name, by string
		lines    []string
		e        []screen.Exposure
		sums     []screen.Sum
	}{
		{"share reached", "fifo", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, coin, 0)}, []screen.Sum{{By: "fifo", Units: chains.Units(coin), SharePPM: 100_000}}},
		{"share missed by a unit", "fifo", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, coin-1, 10*coin)}, nil},
		{"share of the other rule", "prorata", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, 10*coin, coin-1)}, nil},
		{"either rule", "larger", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, coin-1, coin)}, []screen.Sum{{By: "prorata", Units: chains.Units(coin), SharePPM: 100_000}}},
		{"both rules", "larger", nil, []screen.Exposure{exposed(screen.Mixer, coin, 2*coin)}, []screen.Sum{
			{By: "fifo", Units: chains.Units(coin), SharePPM: 100_000}, {By: "prorata", Units: chains.Units(2 * coin), SharePPM: 200_000},
		}},
		{"rules are never mixed", "larger", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, coin-1, 0), exposed(screen.Mixer, 0, coin-1, direct)}, nil},
		{"parts sum", "fifo", []string{"min_share: 10%"}, []screen.Exposure{exposed(screen.Mixer, coin-1, 0), exposed(screen.Mixer, 1, 0, direct)}, []screen.Sum{{By: "fifo", Units: chains.Units(coin), SharePPM: 100_000}}},
		{"shares are summed before they are rounded", "fifo", []string{"min_share: 1 ppm"}, []screen.Exposure{exposed(screen.Mixer, 600, 0), exposed(screen.Mixer, 400, 0, direct)}, []screen.Sum{{By: "fifo", Units: chains.Units(1000), SharePPM: 1}}},
		{"units reached", "fifo", []string{"min_units: {bitcoin: {native: 1 BTC}}"}, []screen.Exposure{exposed(screen.Mixer, coin, 0)}, []screen.Sum{{By: "fifo", Units: chains.Units(coin), SharePPM: 100_000}}},
		{"units missed", "fifo", []string{"min_units: {bitcoin: {native: 1 BTC}}"}, []screen.Exposure{exposed(screen.Mixer, coin-1, 0)}, nil},
		{"units of another coin", "fifo", []string{"min_units: {litecoin: {native: 1 LTC}}"}, []screen.Exposure{exposed(screen.Mixer, 5000, 0)}, []screen.Sum{{By: "fifo", Units: chains.Units(5000), SharePPM: 5}}},
		{"share and units", "fifo", []string{"min_share: 10%", "min_units: {bitcoin: {native: 2 BTC}}"}, []screen.Exposure{exposed(screen.Mixer, coin, 0)}, nil},
		{"dust", "fifo", nil, []screen.Exposure{exposed(screen.Mixer, 999, 0)}, nil},
		{"no more dust", "fifo", nil, []screen.Exposure{exposed(screen.Mixer, 1000, 0)}, []screen.Sum{{By: "fifo", Units: chains.Units(1000), SharePPM: 1}}},
		{"nothing", "fifo", nil, []screen.Exposure{exposed(screen.Mixer, 0, coin)}, nil},
		{"more than there is", "fifo", nil, []screen.Exposure{exposed(screen.Mixer, 8*coin, 0), exposed(screen.Mixer, 8*coin, 0, direct)}, []screen.Sum{{By: "fifo", Units: chains.Units(10 * coin), SharePPM: 1_000_000}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := policyText(append([]string{"category: mixer"}, c.lines...)...)
			p := policyOf(t, text+"decide_by: "+c.by+"\ndust: {bitcoin: {native: 1000}}\n")
			v := deposited(c.e...)
			p.Decide(v)
			require.Equal(t, c.by, v.Rule)
			if c.sums == nil {
				require.Empty(t, v.Fired)
				return
			}
			for i := range c.sums {
				c.sums[i].Chain, c.sums[i].Asset = "bitcoin", chains.Native
			}
			require.Len(t, v.Fired, 1)
			require.Equal(t, c.sums, v.Fired[0].Sums)
		})
	}
}

// What is nothing under the rule that decides fires nothing, also where no dust limit is set.
func TestRuleNothing(t *testing.T) {
	v := deposited(exposed(screen.Mixer, 0, coin))
	policyOf(t, policyText("category: mixer")+"decide_by: fifo\n").Decide(v)
	require.Equal(t, screen.Clear, v.Outcome)
}

// What is said of an own address fires whatever its amount, and is never added to what value carries.
func TestRuleOwn(t *testing.T) {
	p := policyOf(t, policyText("category: mixer", "min_share: 50%"))
	v := deposited(exposed(screen.Mixer, 10*coin, 10*coin, ownLabel, entity("Pool")), exposed(screen.Mixer, coin, coin))
	p.Decide(v)
	require.Equal(t, []int{0}, v.Fired[0].Exposures)
	require.Empty(t, v.Fired[0].Sums)
	require.Equal(t, "the subject's own address is called mixer (Pool)", v.Fired[0].Says)

	v = deposited(exposed(screen.Mixer, 10*coin, 10*coin, ownLabel, clustered))
	p.Decide(v)
	require.Equal(t, "an address of the subject's cluster is called mixer", v.Fired[0].Says)

	nothing := deposited(exposed(screen.Mixer, 0, 0, ownLabel))
	nothing.Value = nil
	p.Decide(nothing)
	require.Equal(t, screen.Match, nothing.Outcome, "also of an address that never held anything")
}

func TestRuleUnknown(t *testing.T) {
	p := policyOf(t, policyText("category: unknown", "min_share: 95%")+"decide_by: larger\n")
	v := deposited(exposed(screen.Exchange, coin/2, coin))
	p.Decide(v)
	require.Equal(t, []screen.Sum{{Chain: "bitcoin", Asset: chains.Native, By: "fifo", Units: chains.Units(95 * coin / 10), SharePPM: 950_000}}, v.Fired[0].Sums)
	require.Equal(t, []int{}, v.Fired[0].Exposures)
	v = deposited(exposed(screen.Exchange, coin/2+1, coin))
	p.Decide(v)
	require.Empty(t, v.Fired)
	require.Equal(t, []string{"unknown by fifo: share 94.9999 %, asks for 95 %"}, p.Explain(v)[0].Lacks)
}

// Outcome and action, for each way in which it can stand before.
func TestDecideOutcome(t *testing.T) {
	rules := policyHead + `  - {id: look, category: mixer, action: review, reason: x}
  - {id: hold, category: stolen, action: block, reason: x}
`
	none := deposited
	mixer := func() *screen.Verdict { return deposited(exposed(screen.Mixer, coin, coin)) }
	both := func() *screen.Verdict {
		return deposited(exposed(screen.Stolen, coin, coin), exposed(screen.Mixer, coin, coin))
	}
	for _, c := range []struct {
		name    string
		policy  string
		v       *screen.Verdict
		before  screen.Outcome
		outcome screen.Outcome
		action  screen.Action
	}{
		{"nothing", "", none(), screen.Clear, screen.Clear, screen.Allow},
		{"review", "", mixer(), screen.Clear, screen.Match, screen.Review},
		{"the gravest counts", "", both(), screen.Clear, screen.Match, screen.Block},
		{"not covered", "", none(), screen.NotCovered, screen.NotCovered, screen.Review},
		{"not covered, as the policy says", "not_covered: allow\n", none(), screen.NotCovered, screen.NotCovered, screen.Allow},
		{"a match wins over not covered", "", mixer(), screen.NotCovered, screen.Match, screen.Review},
		{"and is never milder", "not_covered: block\n", mixer(), screen.NotCovered, screen.Match, screen.Block},
		{"an error", "", none(), screen.Failed, screen.Failed, screen.Review},
		{"an error wins over a match", "", both(), screen.Failed, screen.Failed, screen.Block},
		{"an error, as the policy says", "failed: block\n", mixer(), screen.Failed, screen.Failed, screen.Block},
		{"decided before", "", none(), screen.Match, screen.Clear, screen.Allow},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policyOf(t, rules+c.policy)
			c.v.Outcome = c.before
			p.Decide(c.v)
			require.Equal(t, c.outcome, c.v.Outcome)
			require.Equal(t, c.action, c.v.Action)
			require.NotEmpty(t, c.v.Says)
		})
	}
}
