package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/screen"
)

// question is a subject as it was asked for.
type question struct {
	where  string // "FILE:LINE", or "" on the command line
	row    int    // the line of a file, from 1; 0 on the command line
	table  bool   // it is a row of a table
	text   string // as on the command line
	amount string // what the table says that it is of, in coins; "": nothing
	// reference is how who asks knows it.
	reference string
	problem   error // why it cannot be understood; nil: it can
	screen.Subject
}

// subjectsOf reads what is to be screened: the arguments, "-" for standard input, and the file of
// --file. What of a file cannot be understood has its problem, and is answered in its place as an error: a
// deposit is neither left out unseen nor does it hold up the others.
func subjectsOf(w *world, c *cli.Context) ([]question, error) {
	var list []question
	for _, arg := range c.Args().Slice() {
		if arg != "-" {
			list = append(list, question{text: arg})
			continue
		}
		text, err := readAll(w.stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		more, err := subjectLines("standard input", text)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	if file := c.String("file"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		more, err := subjectLines(file, text)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	if len(list) == 0 {
		return nil, &usageError{"what to screen? Name an address, a transaction, an output or a deposit", "such as bitcoin:ADDRESS, bitcoin:TXID:VOUT or bitcoin:TXID:ADDRESS; - reads them from standard input"}
	}
	return list, parseSubjects(c, list)
}

// parseSubjects understands each. What of the command line cannot be understood is an error.
func parseSubjects(c *cli.Context, list []question) error {
	for i := range list {
		q := &list[i]
		if q.problem != nil {
			continue
		}
		s, err := screen.ParseSubject(q.text, codec())
		if err == nil {
			s.Direction = screen.Direction(or(c.String("direction"), string(screen.Source)))
			if asset := c.String("asset"); asset != "" {
				s.Asset = screenAsset(asset)
			}
			q.Subject, err = s.Check(codec())
		}
		if err != nil && q.row == 0 {
			return withHint(err, "%s", subjectHint(q.text))
		}
		q.problem = err
	}
	return nil
}

// subjectHint says how a subject is written; of an address alone, which chain it is of.
func subjectHint(text string) string {
	if on := addressChains(text); len(on) > 0 {
		return fmt.Sprintf("name the chain of the address, such as %s:%s", strings.Fields(on[0])[0], text)
	}
	return subjectForms
}

const subjectForms = "a subject is CHAIN:ADDRESS, CHAIN:TXID, CHAIN:TXID:VOUT or CHAIN:TXID:ADDRESS[:ASSET]"

// subjectLines reads a file of subjects: one a line as on the command line, or a table with columns.
// Empty lines and those that begin with # are passed over.
func subjectLines(name string, text []byte) ([]question, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if sep := separator(text); sep != 0 {
		return subjectTable(name, text, sep)
	}
	var list []question
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		list = append(list, question{where: fmt.Sprintf("%s:%d", name, n), row: n, text: line})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}
