package heuristics

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

// Score is one measurement of a heuristic on one set of data (make score).
type Score struct {
	Heuristic string `json:"heuristic"`
	Version   string `json:"version"` // of the heuristic that was measured
	Set       string `json:"set"`     // what it was measured on
	// What was counted: "missed" and "wrong" are errors, "found" is not.
	What string `json:"what"`
	Hits int    `json:"hits"`
	N    int    `json:"n"`
	Rate string `json:"rate"` // Hits / N as a decimal, rounded down
	// Measure is the measurement of bench/score that made the row.
	Measure string `json:"measure"`
	// Shown: this is the error that the program prints beside the heuristic. One row at most of
	// a heuristic and version has it.
	Shown bool `json:"shown,omitempty"`
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

// ErrorOf returns the measured error that is printed beside a heuristic of that version; false
// where it was not measured, or in another version only.
func ErrorOf(heuristic, version string) (Score, bool) {
	for _, s := range Scores() {
		if s.Shown && s.Heuristic == heuristic && s.Version == version {
			return s, true
		}
	}
	return Score{}, false
}
