package exhibit_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/exhibit/scene"
)

// TestRowsLeadIntoFolds: every row of a hop that is drawn leads to the drawing that shows it
// nearest, and without scripts to the box that holds it.
func TestRowsLeadIntoFolds(t *testing.T) {
	x := byName(t, "busy-300")
	html := page(t, x)
	ids := map[string]bool{}
	scenes := append([]*scene.Scene{x.Scene}, x.Levels...)
	folded := map[int]bool{}
	for i, s := range scenes {
		for _, g := range s.Groups {
			if g.ID != "" {
				require.False(t, ids[g.ID], "id %s twice", g.ID)
				ids[g.ID] = true
			}
			if i == 0 && g.Fold > 0 {
				for _, n := range g.Hops {
					folded[n] = true
				}
			}
		}
	}
	rows := regexp.MustCompile(`<tr id="hop(\d+)"[^>]*><td><a href="#([^"]+)"(?: data-in="([^"]+)")?`).FindAllStringSubmatch(html, -1)
	require.NotEmpty(t, rows)
	seen := 0
	for _, r := range rows {
		require.Contains(t, html, ` id="`+r[2]+`"`)
		if folded[number(t, r[1])] {
			require.NotEmpty(t, r[3], "hop %s is in a fold", r[1])
			seen++
		}
		if r[3] != "" {
			require.True(t, ids[r[3]], r[3])
		}
	}
	require.Equal(t, len(folded), seen)
}

// TestAllRowsAreInTheFile: without scripts every hop and endpoint is a row of the report.
func TestAllRowsAreInTheFile(t *testing.T) {
	x := byName(t, "busy-5000")
	html := page(t, x)
	rows := map[string]int{}
	for _, m := range regexp.MustCompile(`<tr id="hop(\d+)"`).FindAllStringSubmatch(html, -1) {
		rows[m[1]]++
	}
	require.Len(t, rows, len(x.Trace.Hops))
	for i := range x.Trace.Hops {
		require.Equal(t, 1, rows[fmt.Sprint(x.Trace.Hops[i].Number)], "hop %d", i+1)
	}
	require.Equal(t, len(x.Trace.Endpoints), strings.Count(html, `<tr id="end`))
	require.Equal(t, len(x.Diagram.Runs), strings.Count(html, ` id="run`))
	require.Equal(t, strings.Count(html, "<noscript>"), strings.Count(html, "</noscript>"))
	for _, part := range strings.Split(html, "<noscript>")[1:] { // none inside of another, or its text would end early
		inner, _, _ := strings.Cut(part, "</noscript>")
		require.NotContains(t, inner, "<noscript")
		require.Equal(t, strings.Count(inner, "<tr"), strings.Count(inner, "</tr>"))
	}
}

// TestFoldsUnderOtherRules: folds always open under the declared rule, under another where it makes few
// of them; where it makes many its drawing says that none opens.
func TestFoldsUnderOtherRules(t *testing.T) {
	for _, c := range []struct {
		name          string
		levels, other int
	}{{"three", 0, 0}, {"fan-50", 2, 2}, {"busy-300", 17, 0}} {
		x := byName(t, c.name)
		packed := regexp.MustCompile(`(?s) id="drawings">(.*?)</script>`).FindStringSubmatch(page(t, x))
		require.NotNil(t, packed)
		var drawings struct {
			Rules []struct {
				Rule   string
				Closed bool
				Parent []int
			}
		}
		require.NoError(t, json.Unmarshal([]byte(packed[1]), &drawings))
		require.Len(t, drawings.Rules, 6)
		for i, r := range drawings.Rules {
			want, closed := c.levels, false
			if i > 0 {
				want, closed = c.other, c.other < c.levels
			}
			require.Len(t, r.Parent, want, "%s under %s", c.name, r.Rule)
			require.Equal(t, closed, r.Closed, "%s under %s", c.name, r.Rule)
		}
	}
}

// TestOtherFundsInScheduleA: whoever put in a part only is not said to have paid the whole.
func TestOtherFundsInScheduleA(t *testing.T) {
	x := byName(t, "ten")
	rows := table(t, x, "schedule_a_hops.csv")
	via, units, how := columnOf(t, rows, "via_txid"), columnOf(t, rows, "other_funds_units"), columnOf(t, rows, "other_funds")
	beside := 0
	for i, id := range columnOf(t, rows, "txid") {
		if units[i] == "" {
			require.Empty(t, how[i])
			continue
		}
		beside++
		require.Equal(t, "300000000", units[i])
		require.Equal(t, "exactly", how[i])
		require.Equal(t, id, via[i])
	}
	require.NotZero(t, beside)
	require.Equal(t, beside, strings.Count(page(t, x), "<div><i>with other funds: 3.00000000\u00a0BTC</i></div>"))
}
