package heuristics

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Score is one measurement of a heuristic on one set of data (make score).
type Score struct {
	Heuristic string `json:"heuristic"`
	Version   string `json:"version"` // of the heuristic that was measured
	Data      Data   `json:"data"`
	Set       string `json:"set"` // what it was measured on
	// What was counted: "missed" and "wrong" are errors, "found" is not.
	What string `json:"what"`
	Hits int    `json:"hits"`
	N    int    `json:"n"`
	Rate string `json:"rate"` // Hits / N as a decimal, rounded down
	// Measure is the measurement of bench/score that made the row.
	Measure string `json:"measure"`
	// Incident is the id of the incident whose trace the row was measured on; "" where it was none.
	// Beside the findings of that same trace the row proves nothing.
	Incident string `json:"incident,omitempty"`
	// Shown: this is the error that the program prints beside the heuristic, unless there is one of
	// better Data. One row at most of a heuristic, version and Data has it.
	Shown bool `json:"shown,omitempty"`
}

// Data is the kind of data that a heuristic was measured on. Errors on one are never added to those on
// another.
type Data string

// What a heuristic is measured on, the best first.
const (
	DataReal      Data = "real"      // transactions of public chains
	DataEmulated  Data = "emulated"  // the real wallets' programs, on a test chain
	DataSimulated Data = "simulated" // this project's own generator or worked example
)

// Datas returns all kinds, the best first.
func Datas() []Data { return []Data{DataReal, DataEmulated, DataSimulated} }

// MeasuredOn says what the row was measured on, the kind of data first, such that it can stand behind
// "wrong in 1 of 8 on".
func (s Score) MeasuredOn() string {
	return map[Data]string{
		DataReal:      "real transactions: ",
		DataEmulated:  "a test chain with the real wallet software: ",
		DataSimulated: "simulations of this project only (on a real chain it is wrong more often): ",
	}[s.Data] + s.Set
}

//go:embed scores.json
var scoresJSON []byte

// Scores returns every measurement, in the order of the file. The slice is shared: do not write
// to it. Safe for concurrent use.
var Scores = sync.OnceValue(func() []Score {
	var scores []Score
	if err := json.Unmarshal(scoresJSON, &scores); err != nil {
		panic(fmt.Sprintf("heuristics/scores.json: %v", err)) // it is built into the program
	}
	return scores
})

// ErrorOf returns the measured error that is printed beside a heuristic of that version, on the best
// kind of data that there is; false where it was not measured, or in another version only.
func ErrorOf(heuristic, version string) (Score, bool) { return Printed(Scores(), heuristic, version) }

// Printed is ErrorOf of given measurements.
func Printed(scores []Score, heuristic, version string) (best Score, ok bool) {
	for _, s := range scores {
		if s.Shown && s.Heuristic == heuristic && s.Version == version &&
			(!ok || slices.Index(Datas(), s.Data) < slices.Index(Datas(), best.Data)) {
			best, ok = s, true
		}
	}
	return best, ok
}
