// Command score measures what the program concludes against data that others have reviewed, and
// prints a table for each measurement:
//
//	go run ./bench/score -shared DIR [-write docs/methods.md] [NAME…]
//
// DIR holds the data (it is not part of the repository; docs/methods.md says what it is). With
// -write each table replaces what stands between the markers <!-- score NAME --> and
// <!-- /score --> of that file. NAME limits the run to some measurements.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// measurement is one table. It is written as Markdown; the data is read below shared.
type measurement struct {
	name, about string
	run         func(shared string, out io.Writer) error
}

// measurements are all there are, in the order in which they are printed.
func measurements() []measurement {
	return []measurement{
		{"bytes", "transactions of ten chains as bytes", scoreBytes},
		{"fees", "what transactions of ten chains cost", scoreFees},
		{"swaps", "what parties gave and got in swaps", scoreSwaps},
		{"doubts", "transactions in which something stays unclear", scoreDoubts},
		{"nomad", "withdrawals over a bridge whose two sides are known", scoreNomad},
		{"bridges", "events of bridges in transactions of ten chains", scoreBridges},
		{"cases", "thefts over the lists that others made of them", scoreCases},
	}
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("score", flag.ContinueOnError)
	shared := flags.String("shared", "", "folder of the data")
	write := flags.String("write", "", "file whose tables are replaced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *shared == "" {
		return fmt.Errorf("name the folder of the data: -shared DIR")
	}
	for _, m := range measurements() {
		if flags.NArg() > 0 && !slices.Contains(flags.Args(), m.name) {
			continue
		}
		var table bytes.Buffer
		if err := m.run(*shared, &table); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n\n%s\n", m.name, m.about, table.String()); err != nil {
			return err
		}
		if *write != "" {
			if err := replace(*write, m.name, table.String()); err != nil {
				return err
			}
		}
	}
	return nil
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
