package main

import (
	"fmt"
	"time"

	"clew/labels"
)

// listAge is how old the newest list of sanctions may be before somebody is told. States change theirs many
// times a year, and take names off as well as put them on.
const listAge = 90 * 24 * time.Hour

// newestSanctions returns the date of the newest list in force that says of anybody that they are sanctioned;
// zero where there is none.
func newestSanctions(set *labels.Set) (newest time.Time) {
	for _, e := range set.Editions() {
		if e.Until.IsZero() && e.Date().After(newest) && set.Kinds(e.Pack)[labels.Sanctioned] > 0 {
			newest = e.Date()
		}
	}
	return newest
}

// agedLists tells whoever runs the program that the lists of sanctions are old. It asks the clock, so no verdict
// says it.
func agedLists(newest, now time.Time) []string {
	switch age := now.Sub(newest); {
	case newest.IsZero():
		return []string{"there is no list of sanctions: import one (clew label import sdn_advanced.xml)"}
	case age > listAge:
		return []string{fmt.Sprintf("the newest list of sanctions is of %s, %d days ago: who was listed or taken off since then is not known (clew label import sdn_advanced.xml)",
			newest.UTC().Format(time.DateOnly), int64(age/(24*time.Hour)))}
	}
	return nil
}
