package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/heuristics"
)

// root is the folder of the repository.
var root = filepath.Join("..", "..")

// A rule that changed and was not measured again fails here: make score.
func TestErrorsArePrintedAsMeasured(t *testing.T) {
	for _, m := range measurements() {
		if m.needs != nothing {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s, err := m.measure(filepath.Join(root, "testdata"), "")
			require.NoError(t, err)
			want, _ := merge(nil, s.scores, nil)
			var have []heuristics.Score
			for _, row := range heuristics.Scores() {
				if row.Measure == m.name {
					have = append(have, row)
				}
			}
			require.Equal(t, want, have, "heuristics/scores.json is not what is measured now: run make score")
		})
	}
}

// Beside the findings of the trace that a row was measured on, the row says that it proves nothing there.
func TestErrorOfTheExampleItselfSaysSo(t *testing.T) {
	trace, _, err := retrace(filepath.Join(root, "testdata"))
	require.NoError(t, err)
	const circular = "; this trace is that example, so that this proves nothing here"
	said := map[string]bool{}
	for _, f := range trace.Findings {
		if f.Error != nil {
			said[f.Heuristic] = strings.HasSuffix(f.Error.MeasuredOn, circular)
		}
	}
	require.True(t, said["deposit-address"])
	require.True(t, said["mixer-candidates/run"])
}

// Each row is of the version that its heuristic has and says on what data it was measured, and one at most
// of each data is printed beside it.
func TestRowsAreOfThisVersion(t *testing.T) {
	shown := map[string]bool{}
	for _, row := range heuristics.Scores() {
		require.NotEmpty(t, row.Version, row.Heuristic)
		require.Equal(t, versionOf(row.Heuristic), row.Version, row.Heuristic)
		require.Equal(t, decimal(row.Hits, row.N), row.Rate)
		require.Contains(t, heuristics.Datas(), row.Data, row.Heuristic)
		require.True(t, slices.ContainsFunc(measurements(), func(m measurement) bool { return m.name == row.Measure }), row.Measure)
		if row.Shown {
			key := row.Heuristic + " on " + string(row.Data)
			require.False(t, shown[key], "%s is shown twice", key)
			require.Positive(t, row.N, row.Heuristic)
			shown[key] = true
		}
	}
}

func TestMergeKeepsWhatDidNotRun(t *testing.T) {
	row := func(measure, set, version string, hits int) heuristics.Score {
		return heuristics.Score{Heuristic: "peel", Version: version, Measure: measure, Set: set, Hits: hits}
	}
	now := heuristics.PeelVersion
	old := []heuristics.Score{row("quick", "a", now, 1), row("slow", "b", now, 2), row("slow", "c", now+" before", 3)}
	rows, dropped := merge(old, []heuristics.Score{row("quick", "d", now, 4)}, []string{"quick"})
	require.Equal(t, []heuristics.Score{row("quick", "d", now, 4), row("slow", "b", now, 2)}, rows)
	require.Equal(t, 1, dropped)
}

// A heuristic without a measurement is listed as such; of several that of the best data is printed.
func TestPrintedListsWhatIsNotMeasured(t *testing.T) {
	row := func(data heuristics.Data, hits int) heuristics.Score {
		return heuristics.Score{Heuristic: "peel", Version: heuristics.PeelVersion, Data: data, Set: "a set", Hits: hits, N: 8, Shown: true}
	}
	table := printed([]heuristics.Score{row(heuristics.DataSimulated, 0), row(heuristics.DataReal, 1), row(heuristics.DataEmulated, 2), {Heuristic: "wraps"}})
	version := heuristics.PeelVersion
	require.Contains(t, table, "| peel | "+version+" | simulated | a set | 0 of 8 (0.00 %) |  |\n")
	require.Contains(t, table, "| peel | "+version+" | real | a set | 1 of 8 (12.50 %) | printed |\n")
	require.Contains(t, table, "| peel | "+version+" | emulated | a set | 2 of 8 (25.00 %) |  |\n")
	require.Contains(t, table, "| wraps | "+heuristics.JoinVersion+" | – | – | not measured | |\n")
}
