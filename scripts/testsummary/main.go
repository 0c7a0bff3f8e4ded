// Command testsummary reads what `go test -json` writes and prints what a person and a CI
// want to know: a line for each package, the output of what failed, every skip with its
// reason, and at the end "N passed, N failed, N skipped".
//
// It exits 1 if anything failed, if nothing ran, or, with -skips=fail, if anything was
// skipped. Every line that it cannot read as JSON is printed as it is.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	skips := flag.String("skips", "allow", "allow or fail: whether a skipped test fails the run")
	save := flag.String("save", "", "also write the figures to this file, as KEY=VALUE lines")
	flag.Parse()
	ok, err := run(os.Stdin, os.Stdout, *skips == "fail", *save)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testsummary: %v\n", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// event is a line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
	Elapsed    json.Number
}

// id names a test, or a package where Test is "".
type id struct{ Package, Test string }

// summary is what was read so far.
type summary struct {
	out     *bufio.Writer
	outputs map[id][]string
	passed  int
	failed  []id
	skipped []id
	perPkg  map[string]int
	stray   int // lines that are no event
}

func run(in io.Reader, out io.Writer, skipsFail bool, save string) (bool, error) {
	s := &summary{out: bufio.NewWriter(out), outputs: map[id][]string{}, perPkg: map[string]int{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.take(line)
			if err := s.out.Flush(); err != nil {
				return false, fmt.Errorf("print the summary: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, fmt.Errorf("read the events of the tests: %w", err)
		}
	}
	s.close()
	if err := s.out.Flush(); err != nil {
		return false, fmt.Errorf("print the summary: %w", err)
	}
	if save != "" {
		figures := fmt.Sprintf("passed=%d\nfailed=%d\nskipped=%d\n", s.passed, len(s.failed), len(s.skipped))
		if err := os.WriteFile(save, []byte(figures), 0o644); err != nil {
			return false, fmt.Errorf("save the figures: %w", err)
		}
	}
	ok := len(s.failed) == 0 && s.passed > 0 && (!skipsFail || len(s.skipped) == 0)
	return ok, nil
}

func (s *summary) take(line string) {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		s.stray++
		fmt.Fprint(s.out, line)
		return
	}
	key := id{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.outputs[key] = append(s.outputs[key], e.Output)
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "pass", "fail", "skip":
		s.end(key, e)
	}
}

// end counts a test, or prints the line of a package.
func (s *summary) end(key id, e event) {
	if key.Test == "" {
		s.endPackage(key, e)
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
		s.perPkg[key.Package]++
		delete(s.outputs, key)
	case "fail":
		s.failed = append(s.failed, key)
	case "skip":
		s.skipped = append(s.skipped, key)
	}
}

func (s *summary) endPackage(key id, e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(s.out, "ok   %-32s %6ss  %d tests\n", key.Package, e.Elapsed, s.perPkg[key.Package])
	case "skip":
		fmt.Fprintf(s.out, "-    %-32s no tests\n", key.Package)
	case "fail":
		fmt.Fprintf(s.out, "FAIL %-32s %6ss\n", key.Package, e.Elapsed)
		own := slices.ContainsFunc(s.failed, func(f id) bool { return f.Package == key.Package })
		if !own {
			// It did not build, timed out or ended before its tests could fail.
			s.failed = append(s.failed, key)
		}
		s.printFailures(key.Package)
	}
}

// printFailures prints the output of the failed tests of pkg, then what is left of the
// package's own.
func (s *summary) printFailures(pkg string) {
	for _, f := range s.failed {
		if f.Package == pkg && f.Test != "" {
			fmt.Fprintf(s.out, "%s", strings.Join(s.outputs[f], ""))
		}
	}
	fmt.Fprintf(s.out, "%s", strings.Join(s.outputs[id{pkg, ""}], ""))
	// A package that timed out leaves tests without an end; their output holds the stack.
	for _, left := range s.unfinished(pkg) {
		fmt.Fprintf(s.out, "--- UNFINISHED: %s\n%s", left.Test, strings.Join(s.outputs[left], ""))
	}
}

func (s *summary) unfinished(pkg string) []id {
	var left []id
	for key := range s.outputs {
		ended := slices.Contains(s.failed, key) || slices.Contains(s.skipped, key)
		if key.Package == pkg && key.Test != "" && !ended {
			left = append(left, key)
		}
	}
	slices.SortFunc(left, func(a, b id) int { return cmp.Compare(a.Test, b.Test) })
	return left
}

func (s *summary) close() {
	for _, k := range s.skipped {
		fmt.Fprintf(s.out, "SKIP %s %s: %s\n", k.Package, k.Test, s.reason(k))
	}
	for _, f := range s.failed {
		fmt.Fprintf(s.out, "FAILED %s %s\n", f.Package, f.Test)
	}
	if s.stray > 0 {
		fmt.Fprintf(s.out, "%d lines of output were no test events\n", s.stray)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skipped))
}

// reason returns what a skipped test said, on one line.
func (s *summary) reason(k id) string {
	var said []string
	for _, line := range s.outputs[k] {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}
