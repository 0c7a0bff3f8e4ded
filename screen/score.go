package screen

import (
	"clew/chains"
	"clew/tracer"
)

// mostScore is the highest score, and the highest weight.
const mostScore = 100

// score returns the score of a verdict under the policy's weights; nil where it has none. taken marks
// the exposures that a rule allows, which count nothing.
//
// Under each rule of accounting by which the policy decides, and for each asset of the subject:
//
//	⌊ ( Σ weight(category) · share_ppm  +  weight(unknown) · ⌊unknown · 10⁶ / units⌋ ) / 10⁶ ⌋
//
// over the direct and indirect exposures; what is said of the subject's own address is the weight
// of its category. The score is the largest of all of these, and at most 100. So it can be computed
// again by hand from a verdict and its policy. No rule reads it.
func (p *Policy) score(v *Verdict, taken []bool) *int {
	if p.Score == nil {
		return nil
	}
	var most int64
	for i := range v.Exposure {
		if e := &v.Exposure[i]; e.said() && !(taken != nil && taken[i]) {
			most = max(most, int64(p.Score[e.Category]))
		}
	}
	for _, accounting := range p.DecideBy.rules() {
		for i := range v.Value {
			most = max(most, p.scoreOf(v, &v.Value[i], accounting, taken))
		}
	}
	n := int(min(most, mostScore))
	return &n
}

func (p *Policy) scoreOf(v *Verdict, value *Value, accounting tracer.Rule, taken []bool) int64 {
	var sum int64
	for i := range v.Exposure {
		e := &v.Exposure[i]
		if e.Chain == value.Chain && e.Asset == value.Asset && !e.said() && !(taken != nil && taken[i]) {
			sum += int64(p.Score[e.Category]) * e.SharePPM.Of(accounting)
		}
	}
	if !value.Units.IsZero() {
		ppm, _ := value.Unknown.Of(accounting).MulDiv(chains.Units(Million), value.Units)
		n, _ := ppm.Uint64()
		sum += int64(p.Score[Unknown]) * int64(n)
	}
	return sum / Million
}
