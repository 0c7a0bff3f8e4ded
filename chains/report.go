package chains

import "time"

// ReportHead is the last block of a node's main chain, in what a node is found to give.
type ReportHead struct {
	Height int64     `json:"height"`
	Hash   BlockHash `json:"hash"`
	Time   time.Time `json:"time"` // as the header says, UTC
}

// Lack is something that the node does not give, and what that means for a trace.
type Lack struct {
	What   string `json:"what"`
	Effect string `json:"effect"`
}
