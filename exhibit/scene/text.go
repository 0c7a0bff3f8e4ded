package scene

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible returns text that came from a chain, a file or a person with everything made
// visible that could hide or reorder what a reader sees: control characters, marks of
// direction, characters without width and line separators appear as [U+202E]. It is no
// escaping: each writer escapes for its own format afterwards.
func Visible(text string) string {
	if !strings.ContainsFunc(text, hides) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hides(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hides reports whether r is drawn as nothing or moves its neighbours: the Unicode
// categories Cc, Cf, Co, Zl and Zp, what is not a character, and fillers that are letters
// by category only.
func hides(r rune) bool {
	if ' ' <= r && r <= '~' { // almost always
		return false
	}
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f', unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector)
}
