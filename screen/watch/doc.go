// Package watch decides which events follow from what happens on a chain, and from what becomes known.
//
// A place under watch is an address or an output: set by hand, or brought by an incident, of which
// every place is watched where traced value still lies. Of each, these are told:
//
//	watch.pending    a transaction that waits for a block moves value from it, or to it
//	watch.moved      a block has a transaction that moves value from it
//	watch.received   a block has a transaction that moves value to it
//	watch.dropped    what was pending waits no longer, and no block has it
//	watch.reorged    the block of what was told has left the main chain
//	verdict.changed  it was screened again, and the verdict, the action or the rules that fired differ
//
// An event, what it was made from and how far a chain was looked through are written to the journal in
// one transaction. So the end of the process, whatever ends it, loses no event and makes none twice;
// whoever delivers them (server/webhook) does so at least once, by their ids.
//
// It reads chains through screen.Facts, and knows no HTTP and no node: what waits for a block is given
// to it. Start reading at Watcher, then tell (movement.go).
package watch
