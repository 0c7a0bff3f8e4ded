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

// wordsUsed explains the words that the exhibit uses in a sense of its own, on paper and in the report.
func wordsUsed() []methodView {
	return []methodView{
		{"Alleged theft (seed)", "a movement out of the victim’s hands that the incident alleges to be a theft: V1, V2 … Tracing begins there."},
		{"Receipt", "an output or a balance into which an alleged theft was paid. One theft may have several."},
		{"Hop", "one movement of value from one address to another, in one transaction; its number is a row of schedule A."},
		{"Pot", "what a rule of accounting keeps apart: an output of a transaction, or the balance of an account in one asset. What enters a pot mixes there."},
		{"Rule", "how it is decided which part of a mixed pot leaves first, such as “first in, first out”. It is declared before the result, and all others are shown beside it."},
		{"Endpoint", "where the trace of some value ends: it is still there, at a service, in a mixer, a fee, or not known."},
		{"Heuristic, finding", "a rule of thumb about public transactions, and what one says of this trace. It is an inference, no fact, and wrong at times."},
		{"Adopted", "a way that the chain does not show, such as out of a mixer, which the analyst takes up again in the incident, with a reason. All that follows rests on that."},
		{"Claimed", "what somebody says of an address, a label. It is that person’s word, on the day named."},
		{"Converted", "given for another asset, or taken to another chain over a bridge: the value goes on as what was received."},
		{"Mixer", "a service or a transaction that breaks the visible link between who pays in and who is paid."},
		{"Under every rule", "the same trace counted by each rule, so that a reader sees what depends on the choice."},
	}
}

// Words are the same for the report.
func (p *reportPage) Words() []methodView { return wordsUsed() }

// textHowToRead explains how what is known in different ways looks.
func textHowToRead() []string {
	return []string{
		"Fact: a movement that is proven (solid line; “proven” in a table): its transaction is in a block whose header hashes to the block’s hash. Attested (dash-dot line): a node’s word; imported: a file’s.",
		"Rule: an amount that depends on the rule of accounting (“rule” as its basis; columns for every rule). Inference: what a heuristic says, or the analyst adopted with a reason (dotted double line; “inference” as its basis; a numbered finding of schedule D with its measured error).",
		"Label: what somebody says of an address, with the source and the day (“claimed”; schedule D). It moves no amount.",
		"A1, A2 … are addresses, T transactions, S services, M mixers, B bridges; the same letter and number mean the same place in the drawing and in every schedule. Amounts are exact in the schedules, in whole coins with all decimals.",
	}
}
