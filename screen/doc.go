// Package screen says what risk lies on an address, a transaction, an output or a deposit: how much
// of its value comes from, or goes to, stolen, sanctioned or otherwise known places, over which path,
// on what evidence, and what was not looked at.
//
// It knows three ways, in this order: the place lies on a trace of an incident (Index); somebody
// claims something of it or of its cluster (Labels, Clusters); a bounded walk through the store
// (Facts). A policy (Policy) decides what of that is a match. It reads no node, writes no store and
// knows no HTTP.
//
// How the three come together in a verdict:
//
//   - The subject is a list of receipts: outputs, or what accounts got in transactions. What is below the
//     dust limit and came unasked is told apart and counts nowhere.
//   - What incidents trace to a receipt is stolen, as much of it as the trace says under each rule. What
//     several trace that are about the same money is counted once.
//   - The rest is followed, back or forward, until somebody is known at whom value ends, an incident
//     traces all that lies at a place, or nothing is left to read. What such a walk meets of an incident
//     that told of the receipt itself is that money again, and is not counted twice.
//   - Under each of the two rules, in each asset, exposures and what is unknown sum to the value of the
//     receipts, to the unit. The program checks it, and a difference is an error.
//   - What is said of the subject's own address stands beside that: it says whose it is, and nothing of
//     where value came from. As destination it is where value ends, if it ends there.
//
// A question is answered without the store where incidents and labels suffice: the policy blocks with
// what they say, or all of the value is explained, or the address is a service's, through which no walk
// goes. Coverage.Ended says so; a deep screening reads the store all the same.
//
// A verdict is a pure function of its subject and of what it pins: the policy, the labels, the
// incidents, and the last block of each chain. The same pins give the same bytes, and so the same id.
//
// Start reading at Subject, Verdict and Screener.
package screen
