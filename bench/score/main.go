// Command score measures what the program concludes against data whose truth is known, and prints a
// table for each measurement:
//
//	go run ./bench/score [-shared DIR] [-slow] [-write docs/methods.md] [-scores heuristics/scores.json] [NAME…]
//
// It runs in the repository's root on the data in testdata. DIR holds data that is not part of the
// repository (docs/methods.md says what it is); without it what needs it is left out. With -write
// each table replaces what stands between the markers <!-- score NAME --> and <!-- /score --> of
// that file. With -scores the errors that the program prints are written: rows of a measurement
// that did not run are kept as they were, unless they are of another version of the heuristic. NAME
// limits the run to some measurements; those that take minutes run with -slow or by name only.
//
// Start reading at measurements.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"clew/heuristics"
)

// measurement is one table, written as Markdown, with its rows for scores.json.
type measurement struct {
	name, about string
	needs       need
	run         func(s *sheet) error
}

// need is what a measurement cannot do without.
type need int

const (
	nothing need = iota // runs on the repository in seconds
	minutes             // runs on the repository, and takes long
	sharing             // reads data that is not part of the repository
)

// measurements are all there are, in the order in which they are printed.
func measurements() []measurement {
	return []measurement{
		{"bytes", "transactions of ten chains as bytes", sharing, over(scoreBytes)},
		{"fees", "what transactions of ten chains cost", sharing, over(scoreFees)},
		{"swaps", "what parties gave and got in swaps", sharing, over(scoreSwaps)},
		{"doubts", "transactions in which something stays unclear", sharing, over(scoreDoubts)},
		{"nomad", "withdrawals over a bridge whose two sides are known", sharing, over(scoreNomad)},
		{"bridges", "events of bridges in transactions of ten chains", sharing, over(scoreBridges)},
		{"coinjoins", "CoinJoins found, and fired on where there is none", nothing, scoreCoinjoins},
		{"kinds", "transactions that are no mixes", nothing, scoreKinds},
		{"clusters", "clusters against the wallets that own the addresses", nothing, scoreClusters},
		{"change", "which output is the change, where that is known", nothing, scoreChange},
		{"services", "clusters in which labels name two services", nothing, scoreServices},
		{"peels", "runs of payments that pass the rest on", nothing, scorePeels},
		{"mappings", "ways to split CoinJoins into payments", nothing, scoreMappings},
		{"minute", "the same, with a minute for each", minutes, scoreMinute},
		{"tornado", "withdrawals that may be the way out of a mixer", nothing, scoreTornado},
		{"pools", "how much signals behind a mixer say on real pools", minutes, scorePools},
		{"deposits", "deposit addresses of services", nothing, scoreDeposits},
		{"cases", "thefts over the lists that others made of them", nothing, func(s *sheet) error { return scoreCases(s.repo, s) }},
	}
}

// over makes a measurement of what reads the data that is not part of the repository.
func over(run func(shared string, out io.Writer) error) func(*sheet) error {
	return func(s *sheet) error { return run(s.shared, s) }
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

// options are the flags, and the names behind them.
type options struct {
	shared, write, scores string
	slow                  bool
	names                 []string
}

func run(args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("score", flag.ContinueOnError)
	flags.StringVar(&o.shared, "shared", "", "folder of the data that is not part of the repository")
	flags.StringVar(&o.write, "write", "", "file whose tables are replaced")
	flags.StringVar(&o.scores, "scores", "", "file of the errors that the program prints")
	flags.BoolVar(&o.slow, "slow", false, "also what takes minutes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.names = flags.Args()
	var rows []heuristics.Score
	var ran []string
	for _, m := range measurements() {
		if why := o.skips(m); why != "" {
			if _, err := fmt.Fprintf(out, "%s: %s\n\n", m.name, why); err != nil {
				return err
			}
			continue
		}
		s, err := m.measure("testdata", o.shared)
		if err != nil {
			return err
		}
		rows, ran = append(rows, s.scores...), append(ran, m.name)
		if _, err := fmt.Fprintf(out, "%s: %s\n\n%s\n", m.name, m.about, s.String()); err != nil {
			return err
		}
		if o.write != "" {
			if err := replace(o.write, m.name, s.String()); err != nil {
				return err
			}
		}
	}
	if o.scores == "" {
		return nil
	}
	kept, err := keep(o.scores, rows, ran, out)
	if err != nil {
		return err
	}
	table := printed(kept)
	if _, err := fmt.Fprintf(out, "errors: what the program prints beside its findings\n\n%s\n", table); err != nil || o.write == "" {
		return err
	}
	return replace(o.write, "errors", table)
}

// measure runs m over the data in two folders.
func (m measurement) measure(repo, shared string) (*sheet, error) {
	s := &sheet{repo: repo, shared: shared, name: m.name}
	if err := m.run(s); err != nil {
		return nil, fmt.Errorf("%s: %w", m.name, err)
	}
	return s, nil
}

// skips says why a measurement is left out; "" where it is not.
func (o *options) skips(m measurement) string {
	named := slices.Contains(o.names, m.name)
	switch {
	case len(o.names) > 0 && !named:
		return "not asked for; its rows are kept"
	case m.needs == sharing && o.shared == "":
		return "needs data that is not part of the repository, make score SHARED=DIR (docs/methods.md); its rows are kept"
	case m.needs == minutes && !o.slow && !named:
		return "takes minutes, make score SLOW=1; its rows are kept"
	}
	return ""
}

// keep writes fresh rows into file, beside those of measurements that did not run, and returns all.
func keep(file string, fresh []heuristics.Score, ran []string, out io.Writer) ([]heuristics.Score, error) {
	old, err := readScores(file)
	if err != nil {
		return nil, err
	}
	rows, dropped := merge(old, fresh, ran)
	if dropped > 0 {
		if _, err := fmt.Fprintf(out, "%d rows of other versions were dropped from %s\n", dropped, file); err != nil {
			return nil, err
		}
	}
	return rows, writeScores(file, rows)
}

// replace puts a table between its markers in a file.
func replace(file, name, table string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("write the table of %s: %w", name, err)
	}
	begin, end := "<!-- score "+name+" -->\n", "<!-- /score -->"
	before, rest, found := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table of %s: a line %q and behind it %q", file, name, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, []byte(before+begin+table+end+after), 0o644) //nolint:gosec // a document that everybody reads
}
