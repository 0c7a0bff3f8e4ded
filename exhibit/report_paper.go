package exhibit

import (
	"fmt"
	"strings"
)

// pageMargins are the style rules for the margins of the report's pages when it is printed: the hash of
// the trace, the number of the exhibit where the case names one, and the page's own number. A browser that
// does not know margin boxes leaves them out.
func (x *Exhibit) pageMargins() string {
	const set = "font: 7pt 'Liberation Sans', Arial, sans-serif; color: #000;"
	exhibit := strings.TrimSpace(visible(x.options.Case.Exhibit))
	return "@page { @bottom-left { content: " + cssString("Trace SHA-256 "+x.SHA256) + "; white-space: nowrap; " + set + " }\n" +
		"@bottom-center { content: " + cssString(exhibit) + "; " + set + " }\n" +
		"@bottom-right { content: 'page ' counter(page) ' of ' counter(pages); " + set + " } }\n"
}

// cssString writes text as a string of a style sheet. All but letters, digits and spaces is escaped by its
// number, so that nothing in it ends the string, the rule or the element that holds the sheet.
func cssString(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range text {
		if r == ' ' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "\\%06x", r) // six digits need no space behind them
	}
	b.WriteByte('\'')
	return b.String()
}

// loose lets a line break between an amount and its symbol, for the narrow columns of schedule A; the
// number itself stays whole.
func loose(amount string) string { return strings.ReplaceAll(amount, "\u00a0", " ") }
