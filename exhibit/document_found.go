package exhibit

import (
	"fmt"
	"strings"

	"clew/exhibit/paper"
	"clew/exhibit/scene"
)

// What stands above parts of schedules, in the report and on paper.
const (
	textRuns     = "Chains of transactions that each spend one traced output, pay at most one other address and pass on the rest; or of accounts that each receive once, make at most one payment and pass on the rest. The shape alone does not show who holds the addresses. In a “peel chain” a heuristic says which output is the rest (schedule D); in the other runs the larger output is taken as the rest where the chain itself does not decide."
	textRange    = "The range is over the accounting rules that were computed; it is no bound, and ranges do not add up."
	textFindings = "A finding is no fact. It is what a rule of thumb makes of public transactions, and each such rule is wrong at times: how often, where that was measured, stands beside it, and “error not measured” where it was not. An error that was measured on one set of transactions may be another one here. No finding names a person, and none moves an amount, unless the basis of the amount says “inference”."
	textLabels   = "A label is somebody’s word, in the source and on the day named. It moves no amount. Where it says that an address is a service, a mixer or a bridge, the trace ends there. Labels that contradict each other stand side by side."
	textWaysOut  = "The chain does not tell which withdrawal from a mixer belongs to which deposit. Listed are withdrawals that pass a signal, with how many other recipients would pass the same one by accident. That is no probability that a candidate is right: how seldom strangers match does not say how likely these two are strangers. Recipients of most candidates are strangers, and may be innocent. A trace goes on behind a mixer only where the analyst adopts a withdrawal in the incident, with a reason."
	textSymbols  = "Symbol and decimals are what the token’s own contract claims, and nobody checks it: any contract can claim any symbol. The address is what counts."
)

// fixedText is one of these by its name, for the template of the report.
func fixedText(name string) (string, error) {
	text, ok := map[string]string{"Runs": textRuns, "Range": textRange, "Findings": textFindings, "Labels": textLabels, "WaysOut": textWaysOut, "Tokens": textSymbols}[name]
	if !ok {
		return "", fmt.Errorf("no text is named %q", name)
	}
	return text, nil
}

// foundBlocks are schedule D.
func (v *viewer) foundBlocks() []paper.Block {
	p := &reportPage{Trace: v.t}
	v.findingViews(p)
	var blocks []paper.Block
	if p.FindingsCount > 0 {
		by := paper.Table{Repeat: "Heuristics, continued", Columns: []paper.Column{{Head: "Finds", Width: 32}, {Head: "Heuristic, version", Width: 24}, {Head: "Findings", Width: 9, Right: true}, {Head: "Measured error", Width: 40}}}
		for _, g := range p.FoundBy {
			by.Rows = append(by.Rows, []paper.Cell{{Text: g.Title}, {Text: g.Heuristic}, {Text: fmt.Sprint(g.Count)}, {Text: g.Error}})
		}
		all := paper.Table{Repeat: "Findings, continued", Columns: []paper.Column{{Head: "No", Width: 6, Right: true}, {Head: "Finds", Width: 26}, {Head: "What it says, which is no fact", Width: 78}}}
		for _, g := range findingsByError(p.Findings) {
			head := paper.Cell{Text: g[0].Heuristic + ": " + g[0].Error, Bold: true}
			all.Rows = append(all.Rows, append(make([]paper.Cell, len(all.Columns)), head))
			for _, f := range g {
				all.Rows = append(all.Rows, findingOnPaper(f))
			}
		}
		blocks = append(blocks, paper.Paragraph{Text: textFindings, Fine: true}, by, paper.Heading{Text: "Findings, by heuristic"}, all)
	} else {
		blocks = append(blocks, paper.Paragraph{Text: "No heuristic says anything of this trace."})
	}
	return append(append(blocks, v.labelBlocks()...), v.candidateBlocks()...)
}

// findingsByError groups findings of one heuristic, version and measured error, in the order in which the
// trace has the first of each: the error is said once, at the head.
func findingsByError(parts [][]findingView) [][]*findingView {
	var groups [][]*findingView
	at := map[[2]string]int{}
	for _, part := range parts {
		for i := range part {
			f := &part[i]
			key := [2]string{f.Heuristic, f.Error}
			k, known := at[key]
			if !known {
				k = len(groups)
				at[key], groups = k, append(groups, nil)
			}
			groups[k] = append(groups[k], f)
		}
	}
	return groups
}

func findingOnPaper(f *findingView) []paper.Cell {
	row := []paper.Cell{{Text: fmt.Sprint(f.Number), Bold: true, Anchor: fmt.Sprintf("finding%d", f.Number)}, {Text: f.Title}, {Text: f.Says + "."}}
	more := func(n int, file string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(" and %d more in %s", n, file)
	}
	const file = "schedule_d_findings.csv"
	if len(f.Hops) > 0 {
		row = append(row, paper.Cell{Text: "hops " + strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Hops), " ", ", "), "[]") + more(f.MoreHops, file)})
	}
	if len(f.Txs) > 0 {
		row = append(row, paper.Cell{Text: "transactions " + strings.Join(f.Txs, " ") + more(f.MoreTxs, file)})
	}
	if len(f.Addresses) > 0 {
		row = append(row, paper.Cell{Text: "addresses " + strings.Join(f.Addresses, " ") + more(f.MoreAddresses, file)})
	}
	return row
}

// labelBlocks are what others claim.
func (v *viewer) labelBlocks() []paper.Block {
	all := v.claimed()
	if len(all) == 0 {
		return nil
	}
	t := paper.Table{Repeat: "What others claim of addresses, continued", Columns: []paper.Column{{Head: "Place", Width: 7}, {Head: "Address", Width: 44}, {Head: "Taken for", Width: 11}, {Head: "Who it is said to be; by whom, and when", Width: 60}}}
	for _, c := range all {
		said := strings.TrimPrefix(strings.Join([]string{c.Entity, c.Label}, "\n"), "\n")
		t.Rows = append(t.Rows, []paper.Cell{{Text: c.Alias}, {Text: c.Address}, {Text: c.Kind}, {Text: strings.TrimSuffix(said, "\n")}})
	}
	return []paper.Block{paper.Heading{Text: "What others claim of addresses"}, paper.Paragraph{Text: textLabels, Fine: true}, t}
}

// candidateBlocks are candidates for the way out of mixers.
func (v *viewer) candidateBlocks() []paper.Block {
	all := v.candidates()
	if len(all) == 0 {
		return nil
	}
	blocks := []paper.Block{paper.Heading{Text: "Candidates for the way out of mixers: none is followed by itself"}, paper.Paragraph{Text: textWaysOut, Fine: true}}
	for i := range all {
		c := &all[i]
		end := ", adopted in whole"
		if c.Endpoint > 0 {
			end = fmt.Sprintf(", endpoint %d", c.Endpoint)
		}
		said := fmt.Sprintf("Deposit of %s by %s to %s. Transaction %s%s. The pool had %d deposits up to the end of what was read: no more than so many could be behind a withdrawal", c.Time, c.By.Address, placeText(&c.At), c.Deposit, end, c.Set)
		if c.Unread > 0 {
			said += fmt.Sprintf(" (%d of them were made before what was looked at)", c.Unread)
		}
		said += fmt.Sprintf(". %d withdrawals came after this deposit, each of which could be its way out; it may be that none of those below is. Signals: %s.", c.Withdrawals, strings.Join(c.Tried, "; "))
		blocks = append(blocks, paper.Paragraph{Text: said})
		if len(c.Rows) == 0 {
			blocks = append(blocks, paper.Paragraph{Text: "No withdrawal passes a signal."})
			continue
		}
		blocks = append(blocks, candidateTable(c))
		if c.More > 0 {
			blocks = append(blocks, paper.Paragraph{Text: fmt.Sprintf("And %d more in schedule_d_candidates.csv.", c.More), Fine: true})
		}
	}
	return blocks
}

func candidateTable(c *candidatesView) paper.Table {
	t := paper.Table{Repeat: "Candidates, continued", Columns: []paper.Column{{Head: "Rank", Width: 6, Right: true}, {Head: "Withdrawal (UTC)", Width: 20}, {Head: "Recipient", Width: 42},
		{Head: "Signals that it passes, and how many others do by accident", Width: 40}, {Head: "Deposits before it", Width: 10, Right: true}, {Head: "that pass the same", Width: 10, Right: true}}}
	for k := range c.Rows {
		r := &c.Rows[k]
		when := r.Time
		if r.Relayed {
			when += "\nsent by a relayer"
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: fmt.Sprint(r.Rank)}, {Text: when}, {Text: r.To}, {Text: strings.Join(r.Signals, "\n")}, {Text: fmt.Sprint(r.Before)}, {Text: fmt.Sprint(r.After)}, {Text: "transaction " + r.TxID}})
	}
	return t
}

// conservationBlocks are schedule E.
func (v *viewer) conservationBlocks() []paper.Block {
	t := paper.Table{Repeat: "Schedule E, continued", Columns: []paper.Column{{Head: "Rule", Width: 14}, {Head: "Asset", Width: 18}, {Head: "Seeded", Width: 20, Right: true}, {Head: "Came in by conversion", Width: 20, Right: true},
		{Head: "Unexplained", Width: 16, Right: true}, {Head: "Ended", Width: 20, Right: true}, {Head: "Went out by conversion", Width: 20, Right: true}, {Head: "Difference, units", Width: 22, Right: true}}}
	for _, c := range v.conservation() {
		rule := c.Rule
		if c.Declared {
			rule += " (declared)"
		}
		if !c.Conserves {
			c.Difference = "no sum"
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: rule, Bold: c.Declared}, {Text: c.Asset + " on " + c.Chain}, {Text: c.Seeded}, {Text: c.ConvertedIn}, {Text: c.Unexplained}, {Text: c.Ended}, {Text: c.ConvertedOut},
			{Text: c.Difference, Bold: c.Defect}})
	}
	return []paper.Block{paper.Paragraph{Text: "Under each accounting rule what was seeded, and what came in by swaps, bridges and adopted ways through mixers, equals what ended and what went out by them. Poison marks contact and does not conserve.", Fine: true}, t}
}

// gapBlocks are schedule F.
func (v *viewer) gapBlocks() []paper.Block {
	if len(v.t.Gaps) == 0 {
		return []paper.Block{paper.Paragraph{Text: "None: everything that the trace asked for was read and understood."}}
	}
	t := paper.Table{Repeat: "Schedule F, continued", Columns: []paper.Column{{Head: "No", Width: 5, Right: true}, {Head: "Chain, blocks", Width: 17}, {Head: "What was not read or not understood", Width: 34}, {Head: "Why", Width: 40}, {Head: "Effect", Width: 34}}}
	for i := range v.t.Gaps {
		g := &v.t.Gaps[i]
		row := []paper.Cell{{Text: fmt.Sprint(i + 1), Bold: true}, {Text: strings.TrimSpace(visible(string(g.Chain)) + "\n" + heights(g))},
			{Text: v.told(g.Chain, g.What)}, {Text: v.told(g.Chain, g.Why)}, {Text: v.told(g.Chain, g.Effect)}}
		if tx := txText(g.Chain, g.TxID); tx != "" {
			row = append(row, paper.Cell{Text: "transaction " + tx})
		}
		t.Rows = append(t.Rows, row)
	}
	return []paper.Block{t}
}

// termTable sets terms with what they mean.
func termTable(title string, all []methodView, repeat string) paper.Table {
	t := paper.Table{Repeat: repeat, Columns: []paper.Column{{Head: title, Width: 22}, {Head: "", Width: 90}}}
	for _, m := range all {
		t.Rows = append(t.Rows, []paper.Cell{{Text: m.Term, Bold: true}, {Text: m.Text}})
	}
	return t
}

// methodBlocks are schedule G.
func (v *viewer) methodBlocks() []paper.Block {
	terms := func(title string, all []methodView) paper.Table {
		return termTable(title, all, "Schedule G, continued")
	}
	blocks := []paper.Block{terms("Setting", v.method()), paper.Heading{Text: "The rules"}, paper.Paragraph{Text: textRules, Fine: true}, terms("Rule", ruleTexts(v.t))}
	for _, s := range []struct {
		what string
		list []string
	}{{"Heuristics left out", v.t.Without}, {"Mixes that the trace went on through, as an inference", v.t.Through}} {
		if len(s.list) > 0 {
			blocks = append(blocks, paper.Paragraph{Text: s.what + ": " + visible(strings.Join(s.list, ", ")) + "."})
		}
	}
	var errors []methodView
	for _, g := range v.found.Groups() {
		errors = append(errors, methodView{visible(g.Heuristic + " " + g.Version), g.Title + ": " + count(g.Count, "finding") + "; " + ErrorWords(g.Error)})
	}
	if len(errors) > 0 {
		blocks = append(blocks, paper.Heading{Text: "Heuristics, and how often each was wrong where that was measured"}, terms("Heuristic, version", errors))
	}
	if claims := v.claims(); len(claims) > 0 {
		t := paper.Table{Repeat: "Tokens, continued", Columns: []paper.Column{{Head: "Chain", Width: 14}, {Head: "Contract", Width: 46}, {Head: "Symbol claimed", Width: 16}, {Head: "Decimals claimed", Width: 16}, {Head: "Written here as", Width: 20}}}
		for _, c := range claims {
			t.Rows = append(t.Rows, []paper.Cell{{Text: c.Chain}, {Text: c.Contract}, {Text: c.Symbol}, {Text: c.Decimals}, {Text: c.Written}})
		}
		blocks = append(blocks, paper.Heading{Text: "Tokens"}, paper.Paragraph{Text: textSymbols, Fine: true}, t)
	}
	if notes := strings.TrimSpace(visible(v.t.Incident.Notes)); notes != "" {
		blocks = append(blocks, paper.Heading{Text: "Notes of the incident, by the analyst"}, paper.Paragraph{Text: notes})
	}
	return blocks
}

// sourceBlocks say from what everything was made.
func (v *viewer) sourceBlocks() []paper.Block {
	t := paper.Table{Repeat: "Source note, continued", Columns: []paper.Column{{Head: "What", Width: 26}, {Head: "Read, and its hash", Width: 90}}}
	for i := range v.t.AsOf {
		a := &v.t.AsOf[i]
		text := "read " + readTo(a) + ", of " + visible(a.Time)
		if !listed(a) {
			text += "\nblock hash " + a.Hash.String()
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: visible(string(a.Chain) + " (" + a.CAIP2 + ")"), Bold: true, Grey: scene.Black}, {Text: text}})
	}
	for _, in := range v.inputViews() {
		what := in.What
		if in.Coverage != "" {
			what += " (" + in.Coverage + ")"
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: capital(what), Bold: true}, {Text: "SHA-256 " + in.SHA256}})
	}
	t.Rows = append(t.Rows, []paper.Cell{{Text: "Incident file", Bold: true}, {Text: "SHA-256 " + visible(v.t.Incident.SHA256)}},
		[]paper.Cell{{Text: "Trace", Bold: true}, {Text: "SHA-256 " + v.x.SHA256}},
		[]paper.Cell{{Text: "Program", Bold: true}, {Text: ToolWords(&v.t.Tool)}})
	return []paper.Block{paper.Paragraph{Text: "This exhibit was made from the trace alone, and the trace from what is listed here. The same inputs give the same bytes."}, t}
}
