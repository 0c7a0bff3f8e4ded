package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/exhibit"
	"clew/tracer"
)

// exhibitOptions say how an exhibit is headed and numbered, and what of it is written.
func exhibitOptions() []option {
	return []option{
		{name: "case", kind: isText, value: "FILE", usage: "a YAML file with court, docket, caption, exhibit, bates_prefix, bates_start, offered, prepared_by and paper"},
		{name: "exhibit-no", kind: isText, value: "TEXT", usage: "what stands on the sticker of each page, such as \"Government Exhibit 12\""},
		{name: "bates", kind: isText, value: "PREFIX000001", refuse: refuseBates, usage: "number the pages of the exhibit from this number on: a prefix and six digits or more"},
		{name: "offered", kind: isText, value: "AS", choices: []string{string(tracer.OfferedSummary), string(tracer.OfferedAid)}, usage: "mark each page as a summary (Federal Rule of Evidence 1006) or an illustrative aid (107); without it, each page says that this is left open"},
		{name: "paper", kind: isText, value: "SIZE", choices: []string{"letter", "a4"}, usage: "the paper of the exhibit (letter without it)"},
		{name: "drawing-paper", kind: isText, value: "SIZE", choices: exhibit.DrawingPapers(), usage: "the paper of the sheets with the drawing, where they are larger than the pages"},
		{name: "letters", kind: isBool, usage: "write drafts of letters to services and of certificates too, with blanks"},
		{name: "prices", kind: isText, value: "FILE", usage: "a CSV file of prices, to value amounts at the time of each transaction: columns time or date, chain, asset or symbol, value, currency, source"},
		{name: "only", kind: isText, value: "FORMATS", refuse: refuseFormats, usage: "write these formats alone, such as pdf,png, of: " + strings.Join(exhibit.Formats(), ", ")},
	}
}

// exhibitChoices reads the flags of clew exhibit. own is the case that the incident names, or nil: a
// field of the file wins over its, and a flag over both.
func exhibitChoices(c *cli.Context, own *tracer.Case) (exhibit.Options, error) {
	o := exhibit.Options{DrawingPaper: c.String("drawing-paper"), Letters: c.Bool("letters")}
	if own != nil {
		o.Case = *own
	}
	if only := c.String("only"); only != "" {
		o.Only = formats(only)
	}
	of := &o.Case
	if file := c.String("case"); file != "" {
		named, err := readCase(file)
		if err != nil {
			return o, err
		}
		overlay(of, &named)
	}
	of.Exhibit = cmp.Or(c.String("exhibit-no"), of.Exhibit)
	of.Offered = cmp.Or(tracer.Offered(c.String("offered")), of.Offered)
	of.Paper = cmp.Or(c.String("paper"), of.Paper)
	if bates := c.String("bates"); bates != "" {
		var err error
		if of.BatesPrefix, of.BatesStart, err = parseBates(bates); err != nil {
			return o, &usageError{"--bates: " + err.Error(), batesHint}
		}
	}
	return o, nil
}

func readCase(file string) (tracer.Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return tracer.Case{}, withHint(fmt.Errorf("read the case: %w", err), "--case names a YAML file; its fields are described in docs/format.md")
	}
	named, err := tracer.ParseCase(file, text)
	if field, ok := errors.AsType[*tracer.FieldError](err); ok {
		return named, withHint(err, "line %d of %s; the fields are described in docs/format.md", field.Line, field.File)
	}
	return named, err
}

// overlay puts what top says over what of says.
func overlay(of, top *tracer.Case) {
	of.Court, of.Docket = cmp.Or(top.Court, of.Court), cmp.Or(top.Docket, of.Docket)
	if len(top.Caption) > 0 {
		of.Caption = top.Caption
	}
	of.Exhibit, of.Offered = cmp.Or(top.Exhibit, of.Exhibit), cmp.Or(top.Offered, of.Offered)
	of.PreparedBy, of.Paper = cmp.Or(top.PreparedBy, of.PreparedBy), cmp.Or(top.Paper, of.Paper)
	of.BatesPrefix, of.BatesStart = cmp.Or(top.BatesPrefix, of.BatesPrefix), cmp.Or(top.BatesStart, of.BatesStart)
}

// formats splits what --only says.
func formats(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func refuseFormats(value, source string) error {
	known := exhibit.Formats()
	for _, f := range formats(value) {
		if !slices.Contains(known, f) {
			return &usageError{fmt.Sprintf("%s: no format %q", source, f), "one or several of: " + strings.Join(known, ",")}
		}
	}
	if len(formats(value)) == 0 {
		return &usageError{source + ": no format is named", "one or several of: " + strings.Join(known, ",")}
	}
	return nil
}

const (
	// batesDigits is the least number of digits of a Bates number; what stands before them belongs
	// to the prefix, so that a longer number keeps its zeros.
	batesDigits = 6
	batesHint   = "a prefix and six digits or more, of the first page: GOV000101"
)

func refuseBates(value, source string) error {
	if _, _, err := parseBates(value); err != nil {
		return &usageError{source + ": " + err.Error(), batesHint}
	}
	return nil
}

// parseBates takes the number of the first page apart: GOV000101 is the prefix GOV and 101.
func parseBates(text string) (prefix string, start int, err error) {
	if len(text) < batesDigits {
		return "", 0, fmt.Errorf("%q has no six digits at its end", text)
	}
	prefix = text[:len(text)-batesDigits]
	for _, d := range text[len(prefix):] {
		if d < '0' || d > '9' {
			return "", 0, fmt.Errorf("%q has no six digits at its end", text)
		}
	}
	// Digits that carry beyond six belong to the number.
	digits := text[len(strings.TrimRight(text, "0123456789")):]
	if significant := strings.TrimLeft(digits, "0"); len(significant) > batesDigits {
		prefix = text[:len(text)-len(significant)]
	}
	start, err = strconv.Atoi(text[len(prefix):])
	switch {
	case err != nil:
		return "", 0, fmt.Errorf("%q is beyond any number of pages", text)
	case start == 0:
		return "", 0, fmt.Errorf("%q: pages are numbered from 1", text)
	case len(prefix) > mostBatesPrefix:
		return "", 0, fmt.Errorf("the prefix %q is longer than %d characters", prefix, mostBatesPrefix)
	}
	return prefix, start, nil
}

// mostBatesPrefix is what fits beside the page number at the foot of an upright page.
const mostBatesPrefix = 24
