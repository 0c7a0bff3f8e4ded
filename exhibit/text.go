package exhibit

import (
	"fmt"
	"strings"

	"clew/exhibit/scene"
)

// Visible returns text that came from a chain, a file or a person with everything made visible
// that could hide or reorder what a reader sees, or steer a terminal.
func Visible(text string) string { return scene.Visible(text) }

func visible(text string) string { return scene.Visible(text) }

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
