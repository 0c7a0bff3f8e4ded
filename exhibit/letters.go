package exhibit

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"clew/chains"
	"clew/exhibit/paper"
	"clew/tracer"
)

// What stands in every letter.
const (
	textLetterDraft   = "DRAFT, written by a program; nobody has sent or signed it. A person completes it, checks it against the exhibit and signs it; each [____] is for them to fill in. Whether and how it may be sent is for a lawyer to say."
	textLetterReplica = "REPLICA: this draft is about transactions that were made on chains of their own for a demonstration. Nobody was robbed and nobody is accused. NOT TO BE SENT, NOT TO BE SIGNED."
	textLetterPerson  = "The customer may be innocent. Anyone can be sent funds unasked, in payment or by another customer of a service; that an account received them says nothing about what its holder knew. This letter names no person and accuses none."
	textLetterLimits  = "Value is called stolen where it is alleged to be. That the movements below happened can be checked by anybody; how much of each is traced follows from a rule of accounting that was declared (schedule G of the exhibit) and is no fact of the chain. The amounts under the other rules stand beside it."
)

const (
	// mostLetters is how many addresses have a letter of their own: those at which most is traced come
	// first, and the overview lists all.
	mostLetters = 100
	// mostSteps is how many steps of a chain a letter writes out.
	mostSteps = 120
	// letterColumns is how wide the text of a letter is, in characters. A hash is never broken.
	letterColumns = 78
)

// letter is a draft for a service or for the issuer of a token.
type letter struct {
	name   string // of its files, without their ends
	to     string // whom it is for, in short
	about  string // addresses and amounts in short
	why    string // what speaks against sending it as it is; "" for nothing
	blocks []paper.Block
}

// letterFiles are what Options.Letters adds: for each letter and certificate a text and a PDF, and a list.
func (x *Exhibit) letterFiles() []outputFile {
	if !x.options.Letters {
		return nil
	}
	r := newRegister(x.Trace, x.Diagram.Rule)
	all, left := x.letters(r)
	files := []outputFile{{"letters/00-overview.txt", func(w io.Writer) error {
		return writeText(w, x.letterPaper("Overview of the letters", x.overview(all, left)))
	}}}
	for i := range all {
		files = append(files, x.bothForms("letters/"+all[i].name, "Draft of a letter to "+all[i].to, all[i].blocks)...)
	}
	for _, c := range x.certificates() {
		files = append(files, x.bothForms(c.name, c.to, c.blocks)...)
	}
	return files
}

// bothForms are a document as text and as PDF.
func (x *Exhibit) bothForms(name, title string, blocks []paper.Block) []outputFile {
	return []outputFile{
		{name + ".txt", func(w io.Writer) error { return writeText(w, x.letterPaper(title, blocks)) }},
		{name + ".pdf", func(w io.Writer) error { return x.letterPaper(title, indented(blocks)).PDF(w, x.Scene.Fonts) }},
	}
}

// indented keeps on paper the spaces at which the lines of paragraphs begin.
func indented(blocks []paper.Block) []paper.Block {
	out := slices.Clone(blocks)
	for i := range out {
		p, ok := out[i].(paper.Paragraph)
		if !ok {
			continue
		}
		var lines []string
		for line := range strings.SplitSeq(p.Text, "\n") {
			text := strings.TrimLeft(line, " ")
			lines = append(lines, strings.Repeat("\u00a0\u00a0", len(line)-len(text))+text)
		}
		p.Text = strings.Join(lines, "\n")
		out[i] = p
	}
	return out
}

// letterPaper sets a draft: with no number and no mark of an exhibit, since it is none.
func (x *Exhibit) letterPaper(title string, blocks []paper.Block) *paper.Document {
	size, err := paper.SizeNamed(x.options.Case.Paper)
	if err != nil {
		size = paper.Sizes()[0] // the case was checked where it was read; Document says what is wrong
	}
	doc := &paper.Document{Title: title, Size: size, Head: headOf(&x.options.Case), Mark: "DRAFT: to be completed, checked and signed by a person; have a lawyer read it",
		Foot: x.foot(), Watermark: "DRAFT"}
	lead := []paper.Block{paper.Paragraph{Text: textLetterDraft, Bold: true}}
	if x.Trace.Incident.Synthetic {
		doc.Watermark = "REPLICA"
		lead = append(lead, paper.Paragraph{Text: textLetterReplica, Bold: true})
	}
	doc.Parts = []paper.Part{{Blocks: append(lead, blocks...)}}
	return doc
}

// letters returns a letter for each address at a service, in the order of schedule H, and for the
// issuer of each token that is still held; left are services' addresses beyond mostLetters.
func (x *Exhibit) letters(r *register) (all []letter, left []string) {
	type at struct {
		chain chains.Chain
		node  string
	}
	accounts := r.accounts()
	of := map[at][]int{}
	var order []at
	for i := range accounts {
		e := &r.t.Endpoints[accounts[i].Endpoint]
		key := at{e.Chain, e.Node}
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], i)
	}
	for n, key := range order {
		if n >= mostLetters {
			left = append(left, r.place(key.node).Address)
			continue
		}
		all = append(all, x.serviceLetter(r, accounts, of[key]))
	}
	all = append(all, x.issuerLetters(r)...)
	for i := range all {
		all[i].name = fmt.Sprintf("%02d-%s", i+1, slug(all[i].to))
	}
	return all, left
}

// slug makes of a name what every file system takes.
func slug(text string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	return cmp.Or(strings.Trim(s[:min(len(s), 40)], "-"), "letter")
}

// overview lists the letters, and what has none.
func (x *Exhibit) overview(all []letter, left []string) []paper.Block {
	blocks := []paper.Block{paper.Paragraph{Text: textLetterPerson}}
	if len(all) == 0 {
		blocks = append(blocks, paper.Paragraph{Text: textNoAccounts + " No token that an issuer could hold is held at an address where the trace ends."})
	}
	for i := range all {
		l := &all[i]
		text := l.name + "\n  to     " + l.to + "\n  about  " + l.about
		if x.Trace.Incident.Synthetic {
			text += "\n  REPLICA: not to be sent"
		}
		if l.why != "" {
			text += "\n  but    " + l.why
		}
		blocks = append(blocks, paper.Paragraph{Text: text})
	}
	if len(left) > 0 {
		blocks = append(blocks, paper.Paragraph{Text: fmt.Sprintf("No letter of their own have %s at services, of which less came there; schedule H has them all:\n%s",
			count(len(left), "address"), strings.Join(left, "\n")), Fine: true})
	}
	return blocks
}

// exactly writes an amount so that it can be copied: in coins, and in whole smallest units.
func (r *register) exactly(u Unit, a chains.Amount) string {
	return fmt.Sprintf("%s %s (%s units)", r.assets.plain(u, a), r.assets.symbol(u), a)
}

// assetLine names a token by its contract.
func assetLine(u Unit) string {
	if u.Asset == chains.Native {
		return "the coin of " + visible(string(u.Chain))
	}
	return "the token with contract " + visible(string(u.Asset)) + " on " + visible(string(u.Chain))
}

// underRules writes an amount under every rule of the trace, a line each.
func (r *register) underRules(u Unit, t *tracer.Traced) string {
	var lines []string
	for _, rule := range r.t.Rules {
		text := "does not say"
		if a, ok := t.Get(rule); ok {
			text = r.assets.plain(u, a) + " " + r.assets.symbol(u)
		}
		if !rule.Conserves() {
			text += " (contact, not a share)"
		}
		if rule == r.t.Incident.Rule {
			text += " (declared)"
		}
		lines = append(lines, fmt.Sprintf("    %-8s %s", rule.String()+":", text))
	}
	return strings.Join(lines, "\n")
}

// sender are the blanks at the head of a letter.
func (x *Exhibit) sender(to string) []paper.Block {
	docket := cmp.Or(visible(x.options.Case.Docket), "[____]")
	return []paper.Block{paper.Paragraph{Text: "From:            [____ name, office, address, official e-mail to which to answer]\nAuthority:       [____ by what authority the sender asks]\n" +
		"Legal basis:     [____ statute, order, warrant or request, with its date; attach it]\nCase:            " + docket + "\nDate:            [____]\nTo:              " + to +
		"\nOur reference:   trace with SHA-256 " + x.SHA256}}
}

// signature ends a letter.
func signature() []paper.Block {
	return []paper.Block{paper.Paragraph{Text: "[____ signature]\n[____ name and office in full]\n[____ telephone, for asking back whether this letter is genuine]"}}
}

// checkLines say how the reader checks a letter without trusting it; how begins their heading.
func (x *Exhibit) checkLines(how string) []paper.Block {
	return []paper.Block{paper.Heading{Text: how + " to check this"}, paper.Paragraph{Text: "Each transaction can be looked up by its hash at a node of your own or at any explorer. The exhibit with the trace named above has every hop (schedule A), " +
		"the amounts under every rule (schedule C), the sources of every label (schedule D) and what was not read (schedule F). A bundle of the evidence (clew bundle) can be checked without a network (clew verify); ask the sender for it."}}
}

// writeText writes a document as text of letterColumns, breaking lines between words alone.
func writeText(w io.Writer, doc *paper.Document) error {
	var b strings.Builder
	for _, line := range doc.Head {
		b.WriteString(line + "\n")
	}
	if len(doc.Head) > 0 {
		b.WriteString("\n")
	}
	heading(&b, doc.Title)
	for _, part := range doc.Parts {
		for _, block := range part.Blocks {
			switch block := block.(type) {
			case paper.Heading:
				heading(&b, block.Text)
			case paper.Paragraph:
				b.WriteString(filled(block.Text) + "\n\n")
			default:
				return fmt.Errorf("text of %s: a block of kind %T has none", doc.Title, block)
			}
		}
	}
	for _, line := range append([]string{doc.Mark}, doc.Foot...) {
		b.WriteString(filled(line) + "\n")
	}
	_, err := io.WriteString(w, plainSpaces(b.String()))
	return err
}

// heading underlines text.
func heading(b *strings.Builder, text string) {
	head := filled(text)
	last := head[strings.LastIndex(head, "\n")+1:]
	b.WriteString(head + "\n" + strings.Repeat("-", utf8.RuneCountInString(last)) + "\n\n")
}

// plainSpaces writes the spaces of numbers as every editor shows them.
func plainSpaces(text string) string {
	return strings.NewReplacer("\u2009", " ", "\u202f", " ", "\u00a0", " ").Replace(text)
}

// filled breaks the lines of text between words, and keeps the spaces within them; what goes on is
// indented as its line is, and by four more.
func filled(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		lead := line[:len(line)-len(strings.TrimLeft(line, " "))]
		if lead != "" {
			lead += "    "
		}
		for utf8.RuneCountInString(line) > letterColumns {
			at := breakAt(line, len(lead))
			if at < 0 {
				break // a hash is not broken
			}
			out, line = append(out, strings.TrimRight(line[:at], " ")), lead+strings.TrimLeft(line[at:], " ")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// breakAt returns where line is best broken: at the last space that fits, else at the first behind it,
// else −1. None of its first bytes counts, which are indent.
func breakAt(line string, indent int) int {
	best, column := -1, 0
	for i, c := range line {
		if c == ' ' && i > indent && strings.TrimSpace(line[:i]) != "" {
			if best < 0 || column <= letterColumns {
				best = i
			}
			if column > letterColumns {
				break
			}
		}
		column++
	}
	return best
}
