package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"clew/heuristics"
)

// versionOf returns the version that a heuristic has now; "" of one that is not known.
func versionOf(heuristic string) string {
	name, _, _ := strings.Cut(heuristic, "/")
	return heuristics.Versions()[name]
}

// printed is the table of the errors that the program prints, and of those on other data beside them; a
// heuristic without one is not measured.
func printed(rows []heuristics.Score) string {
	var b strings.Builder
	b.WriteString("| heuristic | version | data | measured on | wrong | |\n|---|---|---|---|---|---|\n")
	missing := heuristics.Versions()
	for _, s := range rows {
		if !s.Shown {
			continue
		}
		name, _, _ := strings.Cut(s.Heuristic, "/")
		delete(missing, name)
		beside := ""
		if best, _ := heuristics.Printed(rows, s.Heuristic, s.Version); best == s {
			beside = "printed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", s.Heuristic, s.Version, s.Data, s.Set, of(s.Hits, s.N), beside)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(&b, "| %s | %s | – | – | not measured | |\n", name, missing[name])
	}
	return b.String()
}

// sheet is what a measurement reads from and writes to.
type sheet struct {
	// repo is the folder testdata of the repository, shared the one of the data that is not part
	// of it; "" where a measurement does not ask for it.
	repo, shared string
	// Buffer is the table, as Markdown.
	bytes.Buffer
	name string
	// incident is the id of the incident whose trace is measured; "" while it is none.
	incident string
	// scores are the rows for heuristics/scores.json.
	scores []heuristics.Score
}

// printf writes to the table.
func (s *sheet) printf(format string, args ...any) { s.Write(fmt.Appendf(nil, format, args...)) }

// add writes a row for scores.json: of n, hits were what. Where n is 0 nothing was measured, and there is no
// row.
func (s *sheet) add(heuristic string, data heuristics.Data, set, what string, hits, n int) {
	s.row(heuristic, data, set, what, hits, n, false)
}

// shows is add for the row that is printed beside the heuristic where there is none on better data: of n,
// hits were wrong.
func (s *sheet) shows(heuristic string, data heuristics.Data, set string, hits, n int) {
	s.row(heuristic, data, set, "wrong", hits, n, true)
}

func (s *sheet) row(heuristic string, data heuristics.Data, set, what string, hits, n int, shown bool) {
	if n == 0 {
		return
	}
	s.scores = append(s.scores, heuristics.Score{
		Heuristic: heuristic, Version: versionOf(heuristic), Data: data, Set: set, What: what,
		Hits: hits, N: n, Rate: decimal(hits, n), Measure: s.name, Incident: s.incident, Shown: shown,
	})
}

// decimal is hits / n with six decimals, rounded down.
func decimal(hits, n int) string {
	return fmt.Sprintf("%d.%06d", hits/n, hits%n*1_000_000/n)
}

// share is hits / n in percent with two decimals, rounded down; "–" where n is 0.
func share(hits, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d.%02d %%", hits*100/n, hits*10_000/n%100)
}

// of is "hits of n (share)".
func of(hits, n int) string { return fmt.Sprintf("%d of %d (%s)", hits, n, share(hits, n)) }

// readScores returns the rows of a file.
func readScores(file string) ([]heuristics.Score, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rows []heuristics.Score
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rows, nil
}

// merge returns fresh with those rows of old that measurements made which did not run now, as far
// as they are of the version that the heuristics have now; sorted. dropped counts the others.
func merge(old, fresh []heuristics.Score, ran []string) (rows []heuristics.Score, dropped int) {
	rows = slices.Clone(fresh)
	for _, s := range old {
		switch {
		case slices.Contains(ran, s.Measure):
		case s.Version != versionOf(s.Heuristic):
			dropped++
		default:
			rows = append(rows, s)
		}
	}
	slices.SortStableFunc(rows, func(a, b heuristics.Score) int {
		return cmp.Or(cmp.Compare(a.Heuristic, b.Heuristic), cmp.Compare(a.Measure, b.Measure),
			cmp.Compare(slices.Index(heuristics.Datas(), a.Data), slices.Index(heuristics.Datas(), b.Data)),
			cmp.Compare(a.Set, b.Set), cmp.Compare(a.What, b.What))
	})
	return rows, dropped
}

// writeScores writes rows as the program embeds them: a row a line.
func writeScores(file string, rows []heuristics.Score) error {
	var b bytes.Buffer
	b.WriteString("[")
	for i, s := range rows {
		line, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + string(line))
	}
	b.WriteString("\n]\n")
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// dashes is the line below the heads of n columns.
func dashes(n int) string { return strings.Repeat("---|", n) }

// sortedKeys returns the keys of a set, sorted.
func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
