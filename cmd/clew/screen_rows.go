package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/screen"
)

// rowAnswer is a line of `clew screen --json` about a row of a table, or about a line that cannot be
// understood.
type rowAnswer struct {
	Schema    string `json:"schema"` // "clew.screening-row/1"
	Row       int    `json:"row"`    // the line of the file, from 1
	Reference string `json:"reference,omitempty"`
	Asked     string `json:"asked"`
	// AmountDiffers says what the table has, where the chain has another amount.
	AmountDiffers string          `json:"amount_differs,omitempty"`
	Problem       string          `json:"problem,omitempty"` // why there is no verdict
	Screening     json.RawMessage `json:"screening,omitempty"`
}

// unreadable writes a line that cannot be understood, in its place among the others.
func (g *screening) unreadable(q *question) error {
	g.failed++
	g.review++
	if g.w.json {
		return g.rowJSON(q, nil)
	}
	g.p.line("%-21s  %-6s  %s  %s", screen.Failed, screen.Review, rowName(q), exhibit.Visible(q.text))
	g.p.line("  %s", fold(exhibit.Visible(q.problem.Error()), 2))
	return nil
}

// rowJSON writes a row with the bytes of its verdict; nil: it has a problem.
func (g *screening) rowJSON(q *question, v *screen.Verdict) error {
	a := rowAnswer{Schema: "clew.screening-row/1", Row: q.row, Reference: q.reference, Asked: q.text}
	if v == nil {
		a.Problem = q.problem.Error()
	} else {
		text, err := v.JSON()
		if err != nil {
			return err
		}
		a.Screening = text
		if differs(q, v) {
			a.AmountDiffers = q.amount
		}
	}
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write row %d: %w", q.row, err)
	}
	g.p.line("%s", text)
	return nil
}

// rowName names a row by its reference, else by its line.
func rowName(q *question) string {
	if q.reference != "" {
		return exhibit.Visible(q.reference)
	}
	return fmt.Sprintf("line %d", q.row)
}

// row writes the verdict of one among several in two lines at most. What was said of another already
// is not said again.
func (g *screening) row(q *question, v *screen.Verdict) {
	name := v.ID
	if q.table {
		name = rowName(q) + "  " + v.ID
	}
	g.p.line("%-21s  %-6s  %s  %s", v.Outcome, v.Action, name, exhibit.Visible(q.text))
	if says := or(v.Error, v.Says); v.Outcome != screen.Clear && !g.said[says] {
		g.said[says] = true
		g.p.line("  %s", fold(exhibit.Visible(says), 2))
	}
	if differs(q, v) {
		a := &v.Value[0]
		g.p.line("  the table says %s, and the chain %s", exhibit.Visible(q.amount), coins(namesOf(v), a.Chain, a.Asset, a.Units))
	}
}

// differs reports whether a table has another amount than the chain. Where a subject has several assets, or was
// not read whole, nobody can tell.
func differs(q *question, v *screen.Verdict) bool {
	if q.amount == "" || len(v.Value) != 1 || v.Value[0].Partial {
		return false
	}
	units, ok := unitsOf(q.amount, v.Value[0].Decimals)
	return ok && units != v.Value[0].Units
}

// unitsOf reads an amount in coins, such as 0.25, as whole units; false where it is none.
func unitsOf(text string, decimals int) (chains.Amount, bool) {
	whole, frac, _ := strings.Cut(text, ".")
	frac = strings.TrimRight(frac, "0")
	if len(frac) > decimals {
		return chains.Amount{}, false
	}
	digits := strings.TrimLeft(whole+frac+strings.Repeat("0", decimals-len(frac)), "0")
	units, err := chains.ParseAmount(or(digits, "0"))
	return units, err == nil
}
