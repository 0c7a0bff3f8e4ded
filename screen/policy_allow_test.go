package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/screen"
)

const exceptions = `  - {id: hold, category: stolen, min_share: 10%, action: block, reason: x}
  - {id: look, category: stolen, action: review, reason: x}
  - {id: known, incidents: [a], expires: 2024-12-31, action: allow, reason: Paid back.}
`

// What a rule allows is taken out of what others see, and the verdict says so.
func TestAllow(t *testing.T) {
	p := policyOf(t, policyHead+exceptions)
	v := deposited(exposed(screen.Stolen, 2*coin, 2*coin, incident("a")))
	p.Decide(v)
	require.Equal(t, screen.Clear, v.Outcome)
	require.Equal(t, screen.Allow, v.Action)
	require.Equal(t, []string{"known"}, firedIDs(v))
	require.Equal(t, []int{0}, v.Fired[0].Exposures)
	require.Equal(t, []string{"hold", "look"}, v.Fired[0].Withholds)
	require.Equal(t, "an alleged theft (incident a), 3 hops away at the nearest, is left out until 2024-12-31; without this line there would have fired: hold, look", v.Fired[0].Says)
	require.Contains(t, v.Says, "and rule known allows what 2 others would have taken")
	for _, f := range p.Explain(v)[1:] {
		require.Equal(t, []string{"what would fire it is allowed by rule known"}, f.Lacks)
	}

	v = deposited(exposed(screen.Stolen, 2*coin, 2*coin, incident("a")), exposed(screen.Stolen, coin/2, coin/2, incident("b")))
	p.Decide(v)
	require.Equal(t, []string{"look", "known"}, firedIDs(v), "the other incident is seen, and it alone")
	require.Equal(t, []int{1}, v.Fired[0].Exposures)
	require.Equal(t, []string{"hold"}, v.Fired[1].Withholds)
	require.Equal(t, screen.Review, v.Action)
}

// An exception holds only while and where that is certain.
func TestAllowInDoubt(t *testing.T) {
	stolen := func(change ...func(*screen.Exposure)) *screen.Verdict {
		return deposited(exposed(screen.Stolen, 2*coin, 2*coin, append([]func(*screen.Exposure){incident("a")}, change...)...))
	}
	without := func(v *screen.Verdict) *screen.Verdict { v.Pins.Blocks = nil; return v }
	later := func(v *screen.Verdict) *screen.Verdict { v.Pins.Blocks[0].Time = "2025-01-01T00:00:00Z"; return v }
	more := func(e *screen.Exposure) { e.More = 1 }
	here := []string{"addresses: \"bitcoin:" + someAddress + "\"", "expires: 2024-12-31"}
	for _, c := range []struct {
		name   string
		lines  []string
		v      *screen.Verdict
		allows bool
	}{
		{"in force", []string{"incidents: a", "expires: 2024-12-31"}, stolen(), true},
		{"expired", []string{"incidents: a", "expires: 2024-12-31"}, later(stolen()), false},
		{"no block tells the time", []string{"incidents: a", "expires: 2024-12-31"}, without(stolen()), false},
		{"the address alone", here, stolen(walked(someAddress, "")), true},
		{"another address beside it", here, stolen(walked(someAddress, ""), walked("x", "")), false},
		{"a path that begins with several", here, stolen(walked(someAddress, ""), walked("", "")), false},
		{"paths that are left out", here, stolen(walked(someAddress, ""), more), false},
		{"no path", here, stolen(), false},
		{"claims that are left out", here, stolen(manyClaims), false},
		{"claims alone", here, stolen(claimed(someAddress, true, true), walked("x", "")), true},
		{"a basis that is not told", []string{"incidents: a", "expires: 2024-12-31", "bases: whole"}, stolen(func(e *screen.Exposure) { e.Basis = "" }), false},
		{"all paths within the dates", []string{"incidents: a", "expires: 2024-12-31", "until: 2020-01-01"}, stolen(walked("x", "2019-01-01T00:00:00Z")), true},
		{"one path outside of them", []string{"incidents: a", "expires: 2024-12-31", "until: 2020-01-01"}, stolen(walked("x", "2019-01-01T00:00:00Z"), walked("x", "2021-01-01T00:00:00Z")), false},
		{"dates that are not told", []string{"incidents: a", "expires: 2024-12-31", "until: 2020-01-01"}, stolen(walked("x", "2019-01-01T00:00:00Z"), more), false},
		{"another direction", []string{"incidents: a", "expires: 2024-12-31", "direction: destination"}, stolen(), false},
		{"another category", []string{"incidents: a", "expires: 2024-12-31", "category: mixer"}, stolen(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policyOf(t, allowText(c.lines...)+"  - {id: hold, category: stolen, action: block, reason: x}\n")
			p.Decide(c.v)
			if c.allows {
				require.Equal(t, []string{"r1"}, firedIDs(c.v))
				require.Equal(t, screen.Allow, c.v.Action)
				return
			}
			require.Equal(t, []string{"hold"}, firedIDs(c.v))
			require.NotEmpty(t, p.Explain(c.v)[1].Lacks)
		})
	}
}
