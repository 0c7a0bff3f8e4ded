package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"clew/chains"
	"clew/exhibit"
)

// page is text for people on standard output. The first error of writing is kept until
// flush.
type page struct{ out *bufio.Writer }

func newPage(out io.Writer) *page { return &page{bufio.NewWriter(out)} }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// fold writes a paragraph broken at helpWidth columns.
func (p *page) fold(text string) { p.line("%s", fold(text, 0)) }

func (p *page) flush() error {
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// table writes rows in columns, two spaces apart. right says which columns stand flush
// right: 'r' for each such column, 'l' for the others.
func (p *page) table(right string, rows [][]string) {
	widths := make([]int, len(right))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				b.WriteString("  ")
			}
			if right[i] == 'r' {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		p.line("  %s", strings.TrimRight(b.String(), " "))
	}
}

// remark tells a person something on standard error that is neither result nor error.
func (w *world) remark(format string, args ...any) {
	if !w.quiet && !w.json {
		w.say(format, args...)
	}
}

// grouped writes n with a comma between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// counted writes a number with its noun: "1 block", "2,000 blocks".
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") || strings.HasSuffix(noun, "ch") {
		noun += "e"
	}
	return grouped(n) + " " + noun + "s"
}

// coins writes an amount for people, exact: "1 234.50000000 BTC".
func coins(names *exhibit.Assets, chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	return number(names, chain, asset, a) + " " + symbol(names, chain, asset)
}

// number is coins without the symbol.
func number(names *exhibit.Assets, chain chains.Chain, asset chains.Asset, a chains.Amount) string {
	return plainSpaces(names.Number(chain, asset, a))
}

// symbol is coins without the number.
func symbol(names *exhibit.Assets, chain chains.Chain, asset chains.Asset) string {
	return plainSpaces(names.Symbol(chain, asset))
}

// plainSpaces replaces the spaces of typesetting, which some terminals show as boxes.
func plainSpaces(text string) string {
	return strings.NewReplacer("\u2009", ",", "\u00a0", " ", "\u202f", ",").Replace(text)
}

// hashText writes the hash of a transaction or block as users of its chain do. (JSON has 64 digits
// on every chain.)
func hashText[H chains.Hash | string](chain chains.Chain, hash H) string {
	if chain.Info().Family == chains.FamilyEVM {
		return fmt.Sprint("0x", hash)
	}
	return fmt.Sprint(hash)
}

// short returns the ends of a hash or address that is too long for a line.
func short(text string) string {
	if len(text) <= 24 {
		return text
	}
	return text[:12] + "…" + text[len(text)-6:]
}
