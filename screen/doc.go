// Package screen says what risk lies on an address, a transaction, an output or a deposit: how much
// of its value comes from, or goes to, stolen, sanctioned or otherwise known places, over which path,
// on what evidence, and what was not looked at.
//
// It knows three ways, in this order: the place lies on a trace of an incident (Index); somebody
// claims something of it or of its cluster (Labels, Clusters); a bounded walk through the store
// (Facts). A policy (Policy) decides what of that is a match. It reads no node, writes no store and
// knows no HTTP.
//
// A verdict is a pure function of its subject and of what it pins: the policy, the labels, the
// incidents, and the last block of each chain. The same pins give the same bytes.
//
// Start reading at Subject, Verdict and Screener.
package screen
