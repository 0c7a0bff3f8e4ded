package exhibit

// What the exhibit on paper says of itself.
const (
	textWhatItIs = "This is a summary of public records of blockchains: which movements carry value that is alleged to be stolen, and how much of it, under a rule of accounting that was declared. " +
		"Each number on an arrow of the drawing is a row of schedule A, which names the transaction, its block and the SHA-256 of the bytes from which it was read. From these anybody can derive the same again, with the same program or without it."
	textWhatItIsNot = "It does not say who holds an address, and no person is named by it. That a transaction is in its block can be proven; how much of a mixed amount is traced follows from the rule and is no fact of the chain. " +
		"What a heuristic infers, what a label claims and what the analyst adopts is marked as such wherever it stands. What was not read is listed in schedule F."
	textSpends     = "The outputs that each hop spends are in schedule_a_hops.csv; the amounts of each hop under the other rules too."
	textFeeHops    = "Fees are in short form: the bytes from which a fee follows are those of the other hops of its transaction."
	textFeesShort  = "In short form: the transaction, and what is traced of its fee under the declared rule. Under the other rules they are in schedule_c_endpoints.csv."
	textTouchShort = "In short form: where, and the whole amount, of which no accounting rule traces anything."
)

// textHowToRead explains how what is known in different ways looks.
func textHowToRead() []string {
	return []string{
		"Fact: a movement that is proven (solid line; “proven” in a table): its transaction is in a block whose header hashes to the block’s hash. Attested (dash-dot line): a node’s word; imported: a file’s.",
		"Rule: an amount that depends on the rule of accounting (“rule” as its basis; columns for every rule). Inference: what a heuristic says, or the analyst adopted with a reason (dotted double line; “inference” as its basis; a numbered finding of schedule D with its measured error).",
		"Label: what somebody says of an address, with the source and the day (“claimed”; schedule D). It moves no amount.",
		"A1, A2 … are addresses, T transactions, S services, M mixers, B bridges; the same letter and number mean the same place in the drawing and in every schedule. Amounts are exact in the schedules, in whole coins with all decimals.",
	}
}
