package exhibit

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible returns text that came from a chain, a file or a person with everything made visible
// that could hide or reorder what a reader sees, or steer a terminal.
func Visible(text string) string { return visible(text) }

// visible returns text that came from a chain, a file or a person with everything made
// visible that could hide or reorder what a reader sees: control characters, marks of
// direction, characters without width and line separators appear as [U+202E]. It is no
// escaping: each writer escapes for its own format afterwards.
func visible(text string) string {
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

// shorten returns prefix…suffix of a hash or an address: drawings show these, schedules
// the whole. Text of up to 18 characters stays as it is.
func shorten(text string) string {
	r := []rune(text)
	if len(r) <= 18 {
		return text
	}
	return string(r[:8]) + "…" + string(r[len(r)-6:])
}

// clip returns text cut to n characters with a visible "…".
func clip(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}

// day returns the date of an RFC 3339 time in UTC: its first ten characters.
func day(t string) string {
	if len(t) < 10 {
		return t
	}
	return t[:10]
}

// count writes n with its noun: "1 hop", "3 hops", "2 addresses".
func count(n int, noun string) string {
	num := groupThousands(fmt.Sprint(n))
	if n == 1 {
		return num + " " + noun
	}
	switch {
	case strings.HasSuffix(noun, "s"), strings.HasSuffix(noun, "x"):
		return num + " " + noun + "es"
	case strings.HasSuffix(noun, "ey"):
		return num + " " + noun + "s"
	case strings.HasSuffix(noun, "y"):
		return num + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return num + " " + noun + "s"
}

// standStands returns the verb for n things.
func standStands(n int) string {
	if n == 1 {
		return "stands"
	}
	return "stand"
}
