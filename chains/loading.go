package chains

import "fmt"

// Loading is what a node, or its files, say of the blocks that it does not have yet.
type Loading struct {
	Blocks int64 `json:"blocks"` // height of its last block
	// Headers is the height of the last header that it knows; Blocks where it knows no further.
	Headers int64 `json:"headers"`
	// Initial: it says itself that it is still loading the chain.
	Initial bool `json:"initial,omitempty"`
	// Waiting is how many blocks there are that stand on one which is not there yet.
	Waiting int64 `json:"waiting,omitempty"`
}

// Is reports whether blocks are missing behind the last one. A node whose headers alone are
// ahead may have heard of a block a moment ago: see Still.
func (l Loading) Is() bool { return l.Initial || l.Waiting > 0 || l.Headers > l.Blocks }

// Still reports whether a node was loading that said l at first and later when it was asked
// again: headers that are ahead count if they are so both times.
func (l Loading) Still(later Loading) bool {
	return l.Initial || l.Waiting > 0 || l.Is() && later.Is()
}

// String says what is missing, after "the node is still loading: ".
func (l Loading) String() string {
	switch {
	case l.Waiting > 0:
		return fmt.Sprintf("its chain ends with block %d, and %d more stand on one that is not there", l.Blocks, l.Waiting)
	case l.Headers > l.Blocks:
		return fmt.Sprintf("it has blocks up to %d of %d", l.Blocks, l.Headers)
	}
	return fmt.Sprintf("it says so itself, and has blocks up to %d", l.Blocks)
}
