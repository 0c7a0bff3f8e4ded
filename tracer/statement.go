package tracer

import "clew/chains"

// AssetInfo is what a token's contract claims of itself. Any contract can claim any symbol.
type AssetInfo struct {
	Chain    chains.Chain `json:"chain"`
	Asset    chains.Asset `json:"asset"`
	Symbol   string       `json:"symbol"`   // any text, or none: escape it
	Decimals int          `json:"decimals"` // −1 where the contract does not say, or says what cannot be
	Claimed  bool         `json:"claimed"`  // always true: nobody checked it
}

// Statement is what a victim states of one asset, in coins as they write it. It stands beside
// the trace's own sums and is never mixed with them.
type Statement struct {
	Asset       string         `json:"asset"` // as the victim names it
	Taken       string         `json:"taken"` // a decimal
	Rows        []StatementRow `json:"rows"`
	Unaccounted string         `json:"unaccounted"` // taken less the rows: a decimal, signed where they are more
	Source      string         `json:"source"`
}

// StatementRow says what became of a part.
type StatementRow struct {
	What   string `json:"what"`
	Amount string `json:"amount"` // a decimal
}
