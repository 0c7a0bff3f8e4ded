package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"clew/chains"
)

// helpWidth is the number of columns that help is set for.
const helpWidth = 88

const about = "clew follows stolen cryptocurrency to the places where it can be stopped, and proves every step."

// writeHelp writes the help of c, or of the program where c is nil.
func writeHelp(out io.Writer, c *command, table []*command) error {
	var b strings.Builder
	switch {
	case c == nil:
		programHelp(&b, table)
	case c.action == nil:
		groupHelp(&b, c)
	default:
		commandHelp(&b, c)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("write the help: %w", err)
	}
	return nil
}

func programHelp(b *strings.Builder, table []*command) {
	fmt.Fprintf(b, "%s\n\nUsage: clew COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n", fold(about, 0))
	list(b, table)
	b.WriteString("\nFlags of every command:\n")
	flags(b, commonOptions())
	b.WriteString("  --help, -h\n        this text, or the command's: clew help COMMAND\n")
	b.WriteString("  --version\n        version and commit\n")
	b.WriteString("\n" + fold("Flags stand anywhere on the line. Each has an environment variable, given in brackets; the command line wins. The node's password comes from CLEW_RPC_PASSWORD or a file, never from the line.", 0) + "\n")
	b.WriteString("\nExit status:\n")
	statuses(b, []exitCode{codeGaps, codeMatch, codeCheck, codeNoStore, codeStore, codeUnreachable})
	b.WriteString("\nBegin with:\n  clew demo             a trace of real transactions, offline\n  clew help trace       how to trace a theft\n")
}

func groupHelp(b *strings.Builder, c *command) {
	fmt.Fprintf(b, "clew %s: %s\n\nUsage: clew %s COMMAND [FLAGS] [ARGUMENTS]\n\n%s\n\nCommands:\n", c.path, c.short, c.path, fold(c.long, 0))
	list(b, c.subs)
}

func commandHelp(b *strings.Builder, c *command) {
	fmt.Fprintf(b, "clew %s: %s\n\nUsage: clew %s\n", c.path, c.short, strings.TrimSpace(c.path+" "+c.args))
	if c.long != "" {
		b.WriteString("\n")
		for paragraph := range strings.SplitSeq(c.long, "\n\n") {
			b.WriteString(fold(paragraph, 0) + "\n\n")
		}
	} else {
		b.WriteString("\n")
	}
	if own := c.ownOptions(); len(own) > 0 {
		b.WriteString("Flags:\n")
		flags(b, own)
		b.WriteString("\n")
	}
	b.WriteString("Flags of every command:\n")
	flags(b, commonOptions())
	if len(c.examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, e := range c.examples {
			fmt.Fprintf(b, "  %s\n        %s\n", e.line, fold(e.does, 8))
		}
	}
	b.WriteString("\nExit status:\n")
	statuses(b, c.codes)
}

// ownOptions returns the options of c besides the common ones, in the table's order.
func (c *command) ownOptions() []option {
	own := slices.DeleteFunc(options(), func(o option) bool { return !slices.Contains(c.options, o.name) })
	for i := range own {
		o := &own[i]
		if usage := usageIn(c.path, o.name); usage != "" {
			o.usage = usage
		}
		if value := map[string]string{"cluster as-of": "HEIGHT", "screen as-of": "CHAIN=HEIGHT", "watch list incident": "ID", "label show as-of": "DATE", "label add as-of": "DATE"}[c.path+" "+o.name]; value != "" {
			o.value = value
		}
		if o.name == "chain" && (c.path == "cluster" || c.path == "identify") {
			o.choices = slices.DeleteFunc(slices.Clone(o.choices), func(name string) bool {
				return chains.Chain(name).Info().Family != chains.FamilyBitcoin
			})
		}
	}
	return own
}

// usageIn says of a flag what it means in one command, where the words for all commands do not fit; ""
// elsewhere.
func usageIn(path, flag string) string {
	group, _, _ := strings.Cut(path, " ")
	switch {
	case flag == "chain" && path == "cluster":
		return "the chain of the address, one with outputs; without it, the only one that the store holds and that has such an address"
	case flag == "chain" && path == "identify":
		return "the chain of the transactions, one with outputs (bitcoin without it)"
	case flag == "chain" && group == "label":
		return "the chain of the addresses; a label on one says nothing about another"
	case flag == "title" && group == "label":
		return "the title of the source, as lists name it"
	case flag == "as-of" && path == "cluster":
		return "the cluster as of this block, which must be on the main chain"
	case flag == "as-of" && path == "screen":
		return "as of this block of a chain, in place of the last one that was read; with --replay: now"
	case flag == "incident" && path == "watch list":
		return "those that this incident brought"
	case flag == "as-of" && group == "label":
		return "what labels said on this date"
	case flag == "without" && path == "cluster":
		return "derive it without a rule (co-spend, wraps), or without one transaction by its txid; may be given again"
	}
	return ""
}

func list(b *strings.Builder, level []*command) {
	widest := 0
	for _, c := range level {
		widest = max(widest, len(c.word()))
	}
	for _, c := range level {
		if !c.hidden {
			fmt.Fprintf(b, "  %-*s  %s\n", widest, c.word(), fold(c.short, widest+4))
		}
	}
}

func flags(b *strings.Builder, table []option) {
	for _, o := range table {
		head := "--" + o.name
		if o.kind != isBool {
			head += " " + o.value
		}
		text := o.usage
		if len(o.choices) > 0 {
			text += ": " + strings.Join(o.choices, ", ")
		}
		if o.def != "" {
			text += " (default " + o.def + ")"
		}
		fmt.Fprintf(b, "  %s\n        %s\n", head, fold(text+" ["+o.env()+"]", 8))
	}
}

func statuses(b *strings.Builder, extra []exitCode) {
	for _, code := range slices.Concat([]exitCode{codeOK, codeError}, extra, []exitCode{codeInterrupted}) {
		fmt.Fprintf(b, "  %3d  %s\n", code, code.meaning())
	}
}

// fold breaks text into lines of at most helpWidth columns, each but the first indented.
func fold(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
