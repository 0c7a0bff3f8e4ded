package exhibit

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// ruleWords says what a rule is in words that a reader of no such tables knows.
func ruleWords(r tracer.Rule) string {
	switch r {
	case tracer.FIFO:
		return "first in, first out"
	case tracer.LIFO:
		return "last in, first out"
	case tracer.ProRata:
		return "in proportion"
	case tracer.LIBR:
		return "clean value first, by output order"
	case tracer.PIFO:
		return "alleged proceeds first"
	case tracer.TIHO:
		return "to the largest outputs"
	case tracer.Poison:
		return "contact; no accounting rule"
	}
	return r.String()
}

// ruleWordsOf is ruleWords for the chains of t: where there are no outputs, no order of theirs.
func ruleWordsOf(t *tracer.Trace, r tracer.Rule) string {
	if r == tracer.LIBR && !hasOutputs(t) {
		return "clean value first"
	}
	return ruleWords(r)
}

// hasOutputs reports whether a chain of t keeps value in outputs.
func hasOutputs(t *tracer.Trace) bool {
	return slices.ContainsFunc(chainsOf(t), func(c chains.Chain) bool { return c.Info().Family != chains.FamilyEVM })
}

// hasAccounts reports whether a chain of t keeps value in balances of accounts.
func hasAccounts(t *tracer.Trace) bool {
	return onAccounts(chainsOf(t))
}

// onAccounts reports whether one of the chains of a trace keeps value in balances of accounts.
func onAccounts(of []chains.Chain) bool {
	return slices.ContainsFunc(of, func(c chains.Chain) bool { return c.Info().Family == chains.FamilyEVM })
}

// reasonWords says why a branch of chain c ends, in the middle of a sentence or a box.
func reasonWords(r tracer.Reason, c chains.Chain) string {
	if c.Info().Family == chains.FamilyEVM {
		switch r {
		case tracer.ReasonPending:
			return "under way, or held against a loan"
		case tracer.ReasonFee:
			return "fees"
		}
	}
	switch r {
	case tracer.ReasonUnspent:
		return "unspent"
	case tracer.ReasonBalance:
		return "still held"
	case tracer.ReasonService:
		return "at a service"
	case tracer.ReasonMixer:
		return "in a mixer or confidential pool"
	case tracer.ReasonBridge:
		return "at a bridge"
	case tracer.ReasonContract:
		return "in a contract"
	case tracer.ReasonFee:
		return "network fees"
	case tracer.ReasonBurn:
		return "can never be spent"
	case tracer.ReasonDust:
		return "dust, not followed"
	case tracer.ReasonLimit:
		return "limit of the trace"
	case tracer.ReasonPending:
		return "not confirmed yet"
	case tracer.ReasonGap:
		return "NOT KNOWN (gap)"
	}
	return visible(string(r))
}

// process says what legal process could add at an endpoint of chain c.
func process(r tracer.Reason, c chains.Chain) string {
	if c.Info().Family == chains.FamilyEVM {
		switch r {
		case tracer.ReasonPending:
			return "The protocol had not delivered it by the block named, or holds it against a loan. A later trace shows what became of it; the protocol's operator may know."
		case tracer.ReasonFee:
			return "Paid to whoever made the block, or to the protocol that the row names, for its service. Rarely anything to ask."
		}
	}
	switch r {
	case tracer.ReasonUnspent, tracer.ReasonBalance:
		return "Nothing had moved it as of the block named. Chain data do not tell who holds the key. A later trace shows whether it moves; seizure needs the key or its holder."
	case tracer.ReasonService:
		return "The service keeps records: the account that this deposit was credited to, its holder, log-ins, and what was withdrawn. It may be able to hold funds. Inside the service the chain shows nothing more."
	case tracer.ReasonMixer:
		return "The chain alone does not tell which withdrawal belongs to this deposit. Records of relayers, front ends, wallets or seized servers may."
	case tracer.ReasonBridge:
		return "The operator of the bridge, or a trace of the other chain, may show where the value came out."
	case tracer.ReasonContract:
		return "The contract's code and events may show on whose account it holds the value; its operator may have records."
	case tracer.ReasonFee:
		return "Paid to whoever mined the block, who has no part in the movement. Nothing to ask."
	case tracer.ReasonBurn:
		return "Nobody can spend it. Nothing to ask."
	case tracer.ReasonDust:
		return "Left out because the amount is below the limit of the incident. A trace with a lower limit follows it."
	case tracer.ReasonLimit:
		return "The trace was stopped here; the note says by what. A wider limit, or for what poison alone reaches a trace from a synced store, follows it."
	case tracer.ReasonPending:
		return "The transaction was not in a block yet. A later trace shows whether it was confirmed."
	case tracer.ReasonGap:
		return "What happened here was not read or not understood: see schedule F. A node with the missing data closes the gap."
	}
	return "Not known to this version of the program."
}

// kindWords names a kind of node.
func kindWords(k tracer.NodeKind) string {
	switch k {
	case tracer.NodeAddress:
		return "Address"
	case tracer.NodeTransaction:
		return "Transaction"
	case tracer.NodeService:
		return "Service"
	case tracer.NodeMixer:
		return "Mixer"
	case tracer.NodeBridge:
		return "Bridge"
	case tracer.NodePool:
		return "Pool"
	case tracer.NodeContract:
		return "Contract"
	case tracer.NodeCoinbase:
		return "Miners"
	}
	return visible(string(k))
}

// hopWords names a kind of hop.
func hopWords(k tracer.HopKind) string {
	switch k {
	case tracer.HopSwap:
		return "Swap"
	case tracer.HopBridge:
		return "Bridge"
	case tracer.HopMixer:
		return "Mixer, adopted"
	}
	return capital(visible(string(k)))
}

// aliases gives every node a short name for people, such as A7: a letter for its kind and
// a number in the order of the trace. Drawing and schedules use the same.
func aliases(t *tracer.Trace) []string {
	letter := map[tracer.NodeKind]string{tracer.NodeAddress: "A", tracer.NodeTransaction: "T", tracer.NodeService: "S",
		tracer.NodeMixer: "M", tracer.NodeBridge: "B", tracer.NodePool: "P", tracer.NodeContract: "C", tracer.NodeCoinbase: "Miners"}
	names := make([]string, len(t.Nodes))
	next := map[string]int{}
	for i, n := range t.Nodes {
		l := letter[n.Kind]
		if l == "" {
			l = "N"
		}
		next[l]++
		names[i] = fmt.Sprintf("%s%d", l, next[l])
		if n.Kind != tracer.NodeCoinbase {
			continue
		}
		if n.Chain.Info().Family == chains.FamilyEVM {
			names[i] = "Block makers of " + visible(string(n.Chain))
		} else if next[l] == 1 {
			names[i] = l
		}
	}
	return names
}

// Fixed texts that stand on every exhibit.
const (
	textAlleged  = "“Stolen” means alleged to be stolen, throughout. No statement is made about any person."
	textInnocent = "Holders of the addresses shown, at endpoints above all, may be innocent: anyone can be sent funds unasked, in payment or by a service."
	textScale    = "Not to scale: neither the lengths of lines nor the sizes of boxes mean anything."
	textOrder    = "newest and oldest are by entry into the pot at hand, not by the age of the money: lots enter a pot in the order in which they left the one before, so that under lifo that order turns at each pot. Whoever keeps the age of lots over pots gets other amounts."
	textReplica  = "REPLICA: synthetic data made for demonstration. No real funds, addresses or persons are shown."
)
