package screen_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/screen"
)

// drawPolicy draws a policy, as a file.
func drawPolicy(t *rapid.T, allow bool) *screen.Policy {
	var text strings.Builder
	text.WriteString(policyHead)
	some := func(field string, words ...string) {
		if rapid.Bool().Draw(t, field+"?") {
			drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, len(words), rapid.ID[string]).Draw(t, field)
			fmt.Fprintf(&text, "    %s: [%s]\n", field, strings.Join(drawn, ", "))
		}
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
		fmt.Fprintf(&text, "  - id: r%d\n    reason: x\n", i)
		some("bases", "whole", "rule", "inference")
		some("known_by", "walk", "incident", "label")
		some("type", "direct", "indirect")
		some("incidents", "a", "b")
		if allow && rapid.Bool().Draw(t, "allows") {
			text.WriteString("    action: allow\n    entities: [E, F]\n    expires: 2024-12-31\n")
			continue
		}
		some("entities", "E", "F", "G")
		fmt.Fprintf(&text, "    action: %s\n    category: [%s]\n", rapid.SampledFrom([]string{"review", "block"}).Draw(t, "action"),
			strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"stolen", "mixer", "fraud"}), 1, 3, rapid.ID[string]).Draw(t, "category"), ", "))
		if rapid.Bool().Draw(t, "hops?") {
			fmt.Fprintf(&text, "    max_hops: %d\n", rapid.IntRange(1, 4).Draw(t, "hops"))
		}
		if rapid.Bool().Draw(t, "share?") {
			fmt.Fprintf(&text, "    min_share: %d ppm\n", rapid.Int64Range(1, 1_000_000).Draw(t, "share"))
		}
		if rapid.Bool().Draw(t, "units?") {
			fmt.Fprintf(&text, "    min_units: {bitcoin: {native: %d}}\n", rapid.Int64Range(1, 600).Draw(t, "units"))
		}
	}
	fmt.Fprintf(&text, "decide_by: %s\ndust: {bitcoin: {native: 5}}\nnot_covered: %s\n", rapid.SampledFrom([]string{"fifo", "prorata", "larger"}).Draw(t, "by"),
		rapid.SampledFrom([]string{"allow", "review", "block"}).Draw(t, "not covered"))
	p, err := parsePolicy(text.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	return p
}

func drawExposure(t *rapid.T) screen.Exposure {
	word := func(name string, words ...string) string { return rapid.SampledFrom(words).Draw(t, name) }
	e := screen.Exposure{
		Category: screen.Category(word("category", "stolen", "mixer", "fraud", "exchange")),
		Distance: screen.Distance(word("type", "direct", "indirect", "indirect", "own")),
		Entity:   word("entity", "", "E", "F", "G"), Incident: word("incident", "", "a", "b"),
		Chain: "bitcoin", Asset: chains.Asset(word("asset", "native", "native", "0xt")),
		Units: split(rapid.Uint64Range(0, 500).Draw(t, "fifo"), rapid.Uint64Range(0, 500).Draw(t, "prorata")),
		Hops:  rapid.IntRange(1, 5).Draw(t, "hops"), KnownBy: screen.Way(word("known by", "walk", "incident", "label")),
		Basis: word("basis", "whole", "rule", "inference", ""), Evidence: "proven",
	}
	e.SharePPM = screen.Split[int64]{FIFO: 1, ProRata: 1}
	return e
}

func drawVerdict(t *rapid.T) *screen.Verdict {
	v := deposited(rapid.SliceOfN(rapid.Custom(drawExposure), 0, 8).Draw(t, "exposures")...)
	v.Value[0].Units = chains.Units(rapid.Uint64Range(1, 2000).Draw(t, "value"))
	v.Value = append(v.Value, screen.Value{Chain: "bitcoin", Asset: "0xt", Decimals: 2, Units: chains.Units(700)})
	v.Outcome = rapid.SampledFrom([]screen.Outcome{screen.Clear, screen.NotCovered, screen.Failed}).Draw(t, "before")
	return v
}

// copyOf returns a verdict as it was before it was decided.
func copyOf(v *screen.Verdict, before screen.Outcome, exposures []screen.Exposure) *screen.Verdict {
	c := *v
	c.Outcome, c.Fired, c.Exposure = before, nil, exposures
	return &c
}

func gravity(a screen.Action) int {
	return slices.Index([]screen.Action{screen.Allow, screen.Review, screen.Block}, a)
}

// TestMoreIsNeverMilder: whatever is added to what a subject is exposed to, the action is as grave at
// least, the rules that fired still do, and their sums are no smaller.
func TestMoreIsNeverMilder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPolicy(t, true), drawVerdict(t)
		before := v.Outcome
		more := slices.Clone(v.Exposure)
		if len(more) > 0 && rapid.Bool().Draw(t, "grow one") {
			e := &more[rapid.IntRange(0, len(more)-1).Draw(t, "which")]
			e.Units = screen.Split[chains.Amount]{
				FIFO: e.Units.FIFO.Plus(chains.Units(rapid.Uint64Range(0, 300).Draw(t, "more fifo"))), ProRata: e.Units.ProRata.Plus(chains.Units(rapid.Uint64Range(0, 300).Draw(t, "more prorata"))),
			}
		} else {
			more = append(more, drawExposure(t))
		}
		w := copyOf(v, before, more)
		p.Decide(v)
		p.Decide(w)
		require.GreaterOrEqual(t, gravity(w.Action), gravity(v.Action))
		if v.Outcome == screen.Match {
			require.Equal(t, screen.Match, w.Outcome)
		}
		for _, f := range v.Fired {
			require.Contains(t, firedIDs(w), f.Rule)
		}
	})
}

// TestOrderOfExposures: the order in which exposures stand decides nothing.
func TestOrderOfExposures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPolicy(t, true), drawVerdict(t)
		order := rapid.Permutation(indices(len(v.Exposure))).Draw(t, "order")
		shuffled := make([]screen.Exposure, len(order))
		for to, from := range order {
			shuffled[to] = v.Exposure[from]
		}
		w := copyOf(v, v.Outcome, shuffled)
		p.Decide(v)
		p.Decide(w)
		require.Equal(t, []any{v.Outcome, v.Action, firedIDs(v)}, []any{w.Outcome, w.Action, firedIDs(w)})
		for i := range w.Fired {
			require.Equal(t, v.Fired[i].Sums, w.Fired[i].Sums)
			require.Equal(t, v.Fired[i].Withholds, w.Fired[i].Withholds)
			from := []int{}
			for _, at := range w.Fired[i].Exposures {
				from = append(from, order[at])
			}
			slices.Sort(from)
			require.Equal(t, v.Fired[i].Exposures, from)
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestAllowHidesNothing: every rule that would have fired without the lines that allow, and did not, is
// named by one of them that fired; and what they take out, they name.
func TestAllowHidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPolicy(t, true), drawVerdict(t)
		bare := *p
		bare.Rules = slices.DeleteFunc(slices.Clone(p.Rules), func(r screen.Rule) bool { return r.Action == screen.Allow })
		w := copyOf(v, v.Outcome, slices.Clone(v.Exposure))
		p.Decide(v)
		bare.Decide(w)
		named := map[string]bool{}
		out := map[int]bool{}
		for _, f := range v.Fired {
			for _, id := range f.Withholds {
				named[id] = true
				require.NotContains(t, firedIDs(v), id)
			}
			for _, i := range f.Exposures {
				out[i] = out[i] || f.Action == screen.Allow
			}
		}
		for _, f := range v.Fired {
			for _, i := range f.Exposures {
				require.True(t, f.Action == screen.Allow || !out[i], "what is allowed fires nothing")
			}
		}
		for _, f := range w.Fired {
			require.True(t, slices.Contains(firedIDs(v), f.Rule) || named[f.Rule], f.Rule)
		}
		require.LessOrEqual(t, gravity(v.Action), gravity(w.Action))
	})
}

// TestExplainAgrees: Explain tells every rule once, those that fired as the verdict does, and of each
// other one what it lacks; twice the same.
func TestExplainAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPolicy(t, true), drawVerdict(t)
		p.Decide(v)
		all := p.Explain(v)
		require.Len(t, all, len(p.Rules))
		require.Equal(t, v.Fired, all[:len(v.Fired)])
		seen := map[string]bool{}
		for i, f := range all {
			require.False(t, seen[f.Rule])
			seen[f.Rule] = true
			require.Equal(t, i >= len(v.Fired), len(f.Lacks) > 0)
		}
		require.Equal(t, all, p.Explain(v))
	})
}

// TestSumsByHand: the sums of a rule that fired are those of the exposures that it names, under one rule
// of accounting, up to the value; and its share is theirs.
func TestSumsByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, v := drawPolicy(t, false), drawVerdict(t)
		p.Decide(v)
		for _, f := range v.Fired {
			for _, s := range f.Sums {
				value := v.Value[0]
				if s.Asset != chains.Native {
					value = v.Value[1]
				}
				sum := new(big.Int)
				for _, i := range f.Exposures {
					if e := v.Exposure[i]; e.Asset == s.Asset && (e.Distance != screen.Own || e.Incident != "") {
						units := map[string]chains.Amount{"fifo": e.Units.FIFO, "prorata": e.Units.ProRata}[s.By]
						n, _ := units.Uint64()
						sum.Add(sum, new(big.Int).SetUint64(n))
					}
				}
				whole, _ := value.Units.Uint64()
				if all := new(big.Int).SetUint64(whole); sum.Cmp(all) > 0 {
					sum = all
				}
				require.Equal(t, sum.String(), s.Units.String())
				require.Equal(t, sum.Mul(sum, big.NewInt(1_000_000)).Div(sum, new(big.Int).SetUint64(whole)).Int64(), s.SharePPM)
			}
		}
	})
}
