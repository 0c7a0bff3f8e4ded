package screen

import "clew/chains"

// Fired is a rule of the policy that fired, or nearly did.
type Fired struct {
	Rule       string     `json:"rule"`
	Line       int        `json:"line"` // of the policy's file
	Action     Action     `json:"action"`
	Categories []Category `json:"categories"` // that the rule sums; of an allow rule [] is any
	Reason     string     `json:"reason"`
	// Exposures are the indices of those in the verdict that fill it, ascending; of an allow rule those
	// that it took out.
	Exposures []int `json:"exposures"`
	// Sums are those that reached what the rule asks for. What is said of an own address has none.
	Sums []Sum  `json:"sums,omitempty"`
	Says string `json:"says"`
	// Withholds names, of an allow rule, the rules that would have fired without it.
	Withholds []string `json:"withholds,omitempty"`
	// NotBlock says of a rule that fired with review, where none did with block, why none to block fired
	// that is about the same: of the nearest of them, which rule and what it lacks.
	NotBlock string `json:"not_block,omitempty"`
	// Lacks is, of a rule that did not fire, what it lacks.
	Lacks []string `json:"lacks,omitempty"`
}

// Sum is what of the subject's value in one asset fits a rule, under one rule of accounting.
type Sum struct {
	Chain    chains.Chain  `json:"chain"`
	Asset    chains.Asset  `json:"asset"`
	By       string        `json:"by"` // "fifo" or "prorata"
	Units    chains.Amount `json:"units"`
	SharePPM int64         `json:"share_ppm"` // of the value of the subject in the asset, rounded down
}
