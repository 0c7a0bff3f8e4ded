package chains

import "errors"

// What callers branch on. Adapters translate a node's errors to these by code, the store
// maps its drivers' errors; the text around them names what was attempted.
var (
	// ErrNotFound: the thing asked for does not exist in what was read completely.
	ErrNotFound = errors.New("not found")
	// ErrIncomplete: the answer would need blocks or values that were not read.
	ErrIncomplete = errors.New("not read")
	// ErrReorged: a block that was pinned has left the main chain.
	ErrReorged = errors.New("left the main chain")
	// ErrUnsupported: the node or the file cannot give what was asked.
	ErrUnsupported = errors.New("not offered")
	// ErrRateLimited: the node asked for fewer requests.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnreachable: no answer came from the node at all.
	ErrUnreachable = errors.New("node unreachable")
	// ErrUnauthorized: the node refuses the credentials.
	ErrUnauthorized = errors.New("credentials refused")
	// ErrWrongChain: the node or the file is of another network.
	ErrWrongChain = errors.New("wrong chain")
	// ErrBadAnswer: an answer contradicts itself or an earlier one; nothing of it is kept.
	ErrBadAnswer = errors.New("wrong answer from the node")
	// ErrUnknownChain: no such chain is registered.
	ErrUnknownChain = errors.New("unknown chain")
)
