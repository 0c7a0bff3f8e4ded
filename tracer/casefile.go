package tracer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"clew/strict"
)

// Case says how what is made from a trace is headed in a proceeding. Who offers it fills it in: in
// the incident (case:), in a file of its own or by flags. It changes no amount and stands outside of
// a trace's id. The zero value heads nothing.
type Case struct {
	Court   string   `json:"court,omitempty" yaml:"court"`     // "UNITED STATES DISTRICT COURT, NORTHERN DISTRICT OF GEORGIA"
	Docket  string   `json:"docket,omitempty" yaml:"docket"`   // number of the case
	Caption []string `json:"caption,omitempty" yaml:"caption"` // the parties, a line each
	Exhibit string   `json:"exhibit,omitempty" yaml:"exhibit"` // on the sticker: "Government Exhibit 12"
	// BatesPrefix and BatesStart number each page: ABC000123. A start of 0 numbers none.
	BatesPrefix string `json:"bates_prefix,omitempty" yaml:"bates_prefix"`
	BatesStart  int    `json:"bates_start,omitempty" yaml:"bates_start"`
	// Offered says as what: a summary of voluminous records (Federal Rule of Evidence 1006), an
	// illustrative aid (107), or "" where that is left open, which is printed too.
	Offered    Offered `json:"offered,omitempty" yaml:"offered"`
	PreparedBy string  `json:"prepared_by,omitempty" yaml:"prepared_by"`
	Paper      string  `json:"paper,omitempty" yaml:"paper"` // "letter" (also where empty) or "a4"
}

// Offered is as what an exhibit is offered.
type Offered string

// The ways to offer an exhibit.
const (
	OfferedSummary Offered = "summary" // Federal Rule of Evidence 1006
	OfferedAid     Offered = "aid"     // Federal Rule of Evidence 107
)

// The bounds of what heads a page: a line of a caption is at most mostCaseText characters, and a Bates
// number has at most nine digits, as many as are in use.
const (
	mostCaseText    = 200
	mostCaptionRows = 12
	mostBatesPrefix = 24
	mostBates       = 999_999_999
)

// ParseCase reads a case file: YAML with the fields of Case. name stands in errors, which are
// *FieldError for an unknown field, a wrong type, an impossible value and what is not YAML at all.
func ParseCase(name string, data []byte) (Case, error) {
	root, err := strict.YAML(name, data, strict.Form{Want: "want fields such as court, docket and caption", One: "one case in a file"})
	if err != nil {
		return Case{}, err
	}
	var c Case
	if err := caseFields(root, &c); err != nil {
		return Case{}, err
	}
	return c, nil
}

// caseFields reads the fields of a case, in a file of its own or below an incident's case:.
func caseFields(v strict.Value, c *Case) error {
	return v.Fields(map[string]func(strict.Value) error{
		"court":        func(v strict.Value) error { return strict.Parse(v, &c.Court, caseText(mostCaseText)) },
		"docket":       func(v strict.Value) error { return strict.Parse(v, &c.Docket, caseText(mostCaseText)) },
		"caption":      func(v strict.Value) error { return caption(v, c) },
		"exhibit":      func(v strict.Value) error { return strict.Parse(v, &c.Exhibit, caseText(mostCaseText)) },
		"bates_prefix": func(v strict.Value) error { return strict.Parse(v, &c.BatesPrefix, caseText(mostBatesPrefix)) },
		"bates_start":  func(v strict.Value) error { return strict.Parse(v, &c.BatesStart, parseBates) },
		"offered":      func(v strict.Value) error { return strict.Parse(v, &c.Offered, ParseOffered) },
		"prepared_by":  func(v strict.Value) error { return strict.Parse(v, &c.PreparedBy, caseText(mostCaseText)) },
		"paper":        func(v strict.Value) error { return strict.Parse(v, &c.Paper, parsePaper) },
	})
}

// caption reads the parties: a list with a line each, or one text with its lines.
func caption(v strict.Value, c *Case) error {
	line := func(v strict.Value, text string) error {
		text, err := caseText(mostCaseText)(text)
		switch {
		case err != nil:
			return v.Errorf("%v", err)
		case len(c.Caption) == mostCaptionRows:
			return v.Errorf("more than %d lines: a caption heads a page", mostCaptionRows)
		}
		c.Caption = append(c.Caption, text)
		return nil
	}
	var text string
	if v.Tag == "!!str" {
		if err := v.Text(&text); err != nil {
			return err
		}
		for row := range strings.Lines(text) {
			if row = strings.TrimRight(row, "\r\n"); row == "" {
				continue // between the parties; a heading has none
			}
			if err := line(v, row); err != nil {
				return err
			}
		}
		return nil
	}
	return v.List(func(v strict.Value) error {
		if err := v.Text(&text); err != nil {
			return err
		}
		return line(v, text)
	})
}

// caseText returns a reader of one line with no more than most characters, all of which can be printed.
func caseText(most int) func(string) (string, error) {
	return func(s string) (string, error) {
		switch n := utf8.RuneCountInString(s); {
		case strings.TrimSpace(s) == "":
			return "", fmt.Errorf("%q: empty: leave the field out", s)
		case n > most:
			return "", fmt.Errorf("%d characters: at most %d", n, most)
		}
		for _, r := range s {
			if !unicode.IsPrint(r) {
				return "", fmt.Errorf("%q: %U cannot be printed", s, r)
			}
		}
		return s, nil
	}
}

func parseBates(s string) (int, error) {
	n, err := strict.Count(s)
	if err != nil || n < 1 || n > mostBates {
		return 0, fmt.Errorf("%q: want the number of the first page, from 1 to %d", s, mostBates)
	}
	return n, nil
}

// ParseOffered reads as what an exhibit is offered: "summary" or "aid".
func ParseOffered(s string) (Offered, error) {
	switch o := Offered(s); o {
	case OfferedSummary, OfferedAid:
		return o, nil
	}
	return "", fmt.Errorf("%q: want %s (Federal Rule of Evidence 1006) or %s (107)", s, OfferedSummary, OfferedAid)
}

func parsePaper(s string) (string, error) {
	if s != "letter" && s != "a4" {
		return "", fmt.Errorf("%q: want letter or a4", s)
	}
	return s, nil
}

// Declaration is an entry of the log about an incident of the same id.
type Declaration struct {
	SHA256   string `json:"sha256"`   // of the incident file
	When     string `json:"when"`     // RFC 3339, when it was first logged
	Rule     string `json:"rule"`     // the rule that it declared
	Accounts string `json:"accounts"` // its pots
}
