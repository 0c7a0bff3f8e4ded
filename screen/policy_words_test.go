package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// A rule that fired with review says which rule to block came nearest and what that lacks, and every match
// says that who was paid may be innocent.
func TestNotBlocked(t *testing.T) {
	p := policyOf(t, policyHead+`  - {id: far, category: stolen, min_share: 90%, action: block, reason: x}
  - {id: sure, category: stolen, bases: [whole, rule], action: block, reason: x}
  - {id: other, category: fraud, action: block, reason: x}
  - {id: look, category: stolen, action: review, reason: x}
`)
	v := deposited(exposed(screen.Stolen, coin, coin, incident("a"), inferred))
	p.Decide(v)
	require.Equal(t, []string{"look"}, firedIDs(v))
	require.Equal(t, "sure: stolen: it rests on inference, asks for whole or rule", v.Fired[0].NotBlock)
	require.Contains(t, v.Caution, "may be innocent")
	require.Contains(t, v.Says, "by fifo, resting on an inference (rule look")

	p.Decide(v)
	require.Contains(t, v.Fired[0].NotBlock, "sure: ", "deciding again says the same")

	v = deposited(exposed(screen.Stolen, coin, coin, incident("a")))
	p.Decide(v)
	require.Equal(t, []string{"sure", "look"}, firedIDs(v))
	require.NotContains(t, v.Says, "resting")
	for _, f := range v.Fired {
		require.Empty(t, f.NotBlock, "where one blocks nothing is left to say")
	}

	v = deposited(exposed(screen.Exchange, coin, coin))
	p.Decide(v)
	require.Equal(t, screen.Clear, v.Outcome)
	require.Empty(t, v.Caution)
}

// Amounts in sentences are rounded on chains of accounts, as exhibits round them; changes are exact.
func TestSaysRounded(t *testing.T) {
	p := policyOf(t, policyText("category: mixer"))
	of := func(units string) *screen.Verdict {
		amount, err := chains.ParseAmount(units)
		require.NoError(t, err)
		v := deposited(exposed(screen.Mixer, 0, 0, func(e *screen.Exposure) {
			e.Chain, e.Units = "ethereum", screen.Split[chains.Amount]{FIFO: amount, ProRata: amount}
		}))
		v.Value = append(v.Value, screen.Value{Chain: "ethereum", Asset: chains.Native, Units: amount})
		p.Decide(v)
		return v
	}
	for units, want := range map[string]string{
		"225019748046201502616":   "225.0197 of 225.0197 ETH",
		"4349950000000000000000":  "4,349.95 of 4,349.95 ETH",
		"999999950000000000000":   "1,000.00 of 1,000.00 ETH",
		"999949999999999999999":   "999.95 of 999.95 ETH",
		"2000000000000000000":     "2.00 of 2.00 ETH",
		"49999999999999":          "<0.0001 of <0.0001 ETH",
		"50000000000000":          "0.0001 of 0.0001 ETH",
		"1234567895000000000000":  "1,234.57 of 1,234.57 ETH",
		"12345678950000000000001": "12,345.68 of 12,345.68 ETH",
	} {
		require.Contains(t, of(units).Fired[0].Says, want+" (100 %)", units)
	}
	before, after := of("225019748046201502616"), of("225019748046201502617")
	var found bool
	for _, c := range screen.Changes(before, after) {
		if c.Before == "225.019748046201502616 ETH" && c.After == "225.019748046201502617 ETH" {
			found = true
		}
	}
	require.True(t, found, "%v", screen.Changes(before, after))
}
