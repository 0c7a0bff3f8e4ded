package screen_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/screen"
)

// scoreByHand computes a score from the JSON of a verdict and the weights of its policy, as the
// documentation of rules says, with nothing of the program.
func scoreByHand(t *testing.T, raw []byte, weights map[string]int64) int64 {
	t.Helper()
	var v struct {
		Rule  string `json:"rule"`
		Value []struct {
			Chain, Asset, Units string
			Unknown             map[string]string
		}
		Exposure []struct {
			Category, Type, Chain, Asset string
			SharePPM                     map[string]int64 `json:"share_ppm"`
		}
		Fired []struct {
			Action    string
			Exposures []int
		}
	}
	require.NoError(t, json.Unmarshal(raw, &v))
	allowed := map[int]bool{}
	for _, f := range v.Fired {
		for _, i := range f.Exposures {
			allowed[i] = allowed[i] || f.Action == "allow"
		}
	}
	best := int64(0)
	for i, e := range v.Exposure {
		if e.Type == "own" && !allowed[i] {
			best = max(best, weights[e.Category])
		}
	}
	by := map[string][]string{"fifo": {"fifo"}, "prorata": {"prorata"}, "larger": {"fifo", "prorata"}}[v.Rule]
	for _, rule := range by {
		for _, value := range v.Value {
			sum := new(big.Int)
			for i, e := range v.Exposure {
				if e.Type != "own" && e.Chain == value.Chain && e.Asset == value.Asset && !allowed[i] {
					sum.Add(sum, big.NewInt(weights[e.Category]*e.SharePPM[rule]))
				}
			}
			unknown, ok := new(big.Int).SetString(value.Unknown[rule], 10)
			require.True(t, ok)
			units, ok := new(big.Int).SetString(value.Units, 10)
			require.True(t, ok)
			if units.Sign() > 0 {
				unknown.Mul(unknown, big.NewInt(1_000_000)).Div(unknown, units)
				sum.Add(sum, unknown.Mul(unknown, big.NewInt(weights["unknown"])))
			}
			best = max(best, sum.Div(sum, big.NewInt(1_000_000)).Int64())
		}
	}
	return min(best, 100)
}

const weighed = "score: {stolen: 100, mixer: 40, exchange: 0, unknown: 10}\n"

func TestScore(t *testing.T) {
	weights := map[string]int64{"stolen": 100, "mixer": 40, "unknown": 10}
	for _, c := range []struct {
		name, by string
		v        *screen.Verdict
		want     int
	}{
		{"nothing is known", "fifo", deposited(), 10},
		{"all is known", "fifo", deposited(exposed(screen.Exchange, 10*coin, 10*coin)), 0},
		{"parts", "fifo", deposited(exposed(screen.Stolen, 2*coin, coin), exposed(screen.Mixer, 3*coin, coin)), 20 + 12 + 5},
		{"in proportion", "prorata", deposited(exposed(screen.Stolen, 2*coin, coin), exposed(screen.Mixer, 3*coin, coin)), 10 + 4 + 8},
		{"the larger", "larger", deposited(exposed(screen.Stolen, coin, 2*coin)), 20 + 8},
		{"rounded down", "fifo", deposited(exposed(screen.Stolen, coin/20, 0), exposed(screen.Exchange, 9*coin, 0)), 1}, // of 0.5 + 0.95
		{"of an own address", "fifo", deposited(exposed(screen.Stolen, 0, 0, ownLabel), exposed(screen.Exchange, 10*coin, 0)), 100},
		{"an own address is no part of the value", "fifo", deposited(exposed(screen.Mixer, 10*coin, 0, ownLabel), exposed(screen.Stolen, 5*coin, 0), exposed(screen.Exchange, 5*coin, 0)), 50},
		{"an own address that is allowed", "fifo", deposited(exposed(screen.Stolen, 10*coin, 0, ownLabel, entity("E")), exposed(screen.Exchange, 10*coin, 0)), 0},
		{"what is allowed counts nothing", "fifo", deposited(exposed(screen.Stolen, 5*coin, 0, entity("E")), exposed(screen.Exchange, 5*coin, 0)), 0},
		{"never above 100", "fifo", deposited(exposed(screen.Stolen, 10*coin, 0), exposed(screen.Mixer, 10*coin, 0)), 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policyOf(t, policyText("category: mixer")+"  - {id: e, entities: E, expires: 2030-01-01, action: allow, reason: x}\n"+weighed+"decide_by: "+c.by+"\n")
			p.Decide(c.v)
			require.NotNil(t, c.v.Score)
			require.Equal(t, c.want, *c.v.Score)
			raw, err := json.Marshal(c.v)
			require.NoError(t, err)
			require.Equal(t, int64(c.want), scoreByHand(t, raw, weights))
		})
	}
}

// A policy without weights gives none.
func TestScoreNone(t *testing.T) {
	v := deposited(exposed(screen.Stolen, coin, coin))
	policyOf(t, policyText("category: mixer")).Decide(v)
	require.Nil(t, v.Score)
}
