package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/screen"
)

// mostUnreadable is how many lines in error are named at once.
const mostUnreadable = 10

// question is a subject as it was asked for.
type question struct {
	where string // "FILE:LINE", or "" on the command line
	text  string
	screen.Subject
}

// subjectsOf reads what is to be screened: the arguments, "-" for standard input, and the file of
// --file. All of it is read before anything is screened, and a line that cannot be read is an error
// that names it: a deposit is never left out unseen.
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

// parseSubjects understands each, or says which cannot be understood.
func parseSubjects(c *cli.Context, list []question) error {
	var faults []string
	for i := range list {
		a := &list[i]
		s, err := screen.ParseSubject(a.text, codec())
		if err == nil {
			s.Direction = screen.Direction(or(c.String("direction"), string(screen.Source)))
			if asset := c.String("asset"); asset != "" {
				s.Asset = screenAsset(asset)
			}
			a.Subject, err = s.Check(codec())
		}
		if err == nil {
			continue
		}
		if len(list) == 1 {
			return withHint(err, "%s", subjectForms)
		}
		faults = append(faults, strings.TrimSpace(a.where+" "+err.Error()))
	}
	if len(faults) == 0 {
		return nil
	}
	more := ""
	if n := len(faults) - mostUnreadable; n > 0 {
		more = fmt.Sprintf("\n      and %d more", n)
		faults = faults[:mostUnreadable]
	}
	return withHint(fmt.Errorf("nothing was screened, since %s cannot be read:\n      %s%s", counted(int64(len(faults)), "subject"), strings.Join(faults, "\n      "), more), "%s", subjectForms)
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
		list = append(list, question{where: fmt.Sprintf("%s:%d", name, n), text: line})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// separator returns what stands between the columns of a table, by its first line; 0 for no table.
func separator(text []byte) rune {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for _, sep := range ",;\t" {
			if bytes.ContainsRune(line, sep) {
				return sep
			}
		}
		return 0
	}
	return 0
}

// columnNames are how exports call what makes a subject, in small letters and without signs.
var columnNames = map[string][]string{
	"chain":   {"chain", "network", "blockchain"},
	"txid":    {"txid", "tx", "txhash", "hash", "transaction", "transactionhash", "transactionid"},
	"vout":    {"vout", "outputindex", "output", "n"},
	"address": {"address", "to", "toaddress", "depositaddress", "recipient"},
	"asset":   {"asset", "contract", "token", "contractaddress", "tokenaddress"},
}

// plainOrder are the columns of a table without a head.
var plainOrder = []string{"chain", "txid", "address", "asset"}

// subjectTable reads a table of deposits. Its first line may name the columns, which then stand in
// any order beside others; without names they are chain, txid, address, asset.
func subjectTable(name string, text []byte, sep rune) ([]question, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = sep, '#', -1, true
	fault := func(err error) error {
		return withHint(fmt.Errorf("%s: %w", name, err), "a table has the columns chain, txid, address and asset, or their names in its first line")
	}
	var list []question
	var at map[string]int
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fault(err)
		}
		line, _ := r.FieldPos(0)
		if first {
			var named bool
			at, named = subjectColumns(row)
			if named && (at["chain"] < 0 || at["txid"] < 0 && at["address"] < 0) {
				return nil, fault(fmt.Errorf("line %d names the columns %s: which is the chain, and which the transaction or the address?", line, strings.Join(row, ", ")))
			}
			if named {
				continue
			}
		}
		list = append(list, question{where: fmt.Sprintf("%s:%d", name, line), text: rowSubject(row, at)})
	}
}

// subjectColumns finds the columns of a table by its first row; false where that is a row like the others.
func subjectColumns(first []string) (at map[string]int, named bool) {
	at = map[string]int{}
	for role, names := range columnNames {
		at[role] = slices.IndexFunc(first, func(cell string) bool {
			return slices.Contains(names, strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(cell))))
		})
		named = named || at[role] >= 0
	}
	if named {
		return at, true
	}
	at["vout"] = -1
	for i, role := range plainOrder {
		at[role] = i
	}
	return at, false
}

// rowSubject writes a row as on the command line.
func rowSubject(row []string, at map[string]int) string {
	var parts []string
	for _, role := range []string{"chain", "txid", "vout", "address", "asset"} {
		i := at[role]
		if i < 0 || i >= len(row) {
			continue
		}
		cell := strings.TrimSpace(row[i])
		switch {
		case cell == "", role == "vout" && len(parts) < 2:
			continue
		case role == "address" && at["vout"] >= 0 && len(parts) == 3:
			return strings.Join(parts, ":") // an output says by itself who received it
		}
		parts = append(parts, cell)
	}
	return strings.Join(parts, ":")
}
