package exhibit

import (
	"fmt"
	"strings"

	"clew/exhibit/paper"
)

// textAccounts stands above schedule H.
const textAccounts = "For each endpoint at a service, the chain of hops by which value came to it from a seed: of all ways the one that carries most of the seed at its narrowest, found hop by hop. Other ways may lead there too; how many hops do in all is said beside it. A chain is a way that the rule allows, and no statement about who moved the value."

// accountBlocks set schedule H on pages.
func (x *Exhibit) accountBlocks() []paper.Block {
	r := newRegister(x.Trace, x.Diagram.Rule)
	all := r.accountViews()
	if len(all) == 0 {
		return []paper.Block{paper.Paragraph{Text: textNoAccounts}}
	}
	blocks := []paper.Block{paper.Paragraph{Text: textAccounts + " " + textInnocent}}
	for i := range all {
		blocks = append(blocks, r.accountOnPaper(&all[i])...)
	}
	return blocks
}

func (r *register) accountOnPaper(a *accountView) []paper.Block {
	head := fmt.Sprintf("Account %d: %s", a.Number, a.Place.Alias)
	if a.Place.Name != "" {
		head += ", " + a.Place.Name
	}
	lines := fmt.Sprintf("%s, %s. %s traced under %s, of %s; row %d of schedule C; %s in all %s here.", a.Place.Address, a.Reason, a.Traced, a.Rule, a.Whole, a.Endpoint, a.Leading, leads(a.Leading))
	blocks := []paper.Block{paper.Heading{Text: head}, paper.Paragraph{Text: lines}}
	for _, c := range a.Caveats {
		blocks = append(blocks, paper.Paragraph{Text: c, Bold: true})
	}
	seeds := paper.Table{Columns: []paper.Column{{Head: "Seed", Width: 10}}, Repeat: head}
	for _, rule := range r.t.Rules {
		seeds.Columns = append(seeds.Columns, paper.Column{Head: rule.String(), Width: 14, Right: true})
	}
	for i := range a.Seeds {
		row := []paper.Cell{{Text: a.Seeds[i].Seed}}
		for _, c := range a.Seeds[i].Cells {
			row = append(row, paper.Cell{Text: c.Text, Bold: c.Declared})
		}
		seeds.Rows = append(seeds.Rows, row)
	}
	blocks = append(blocks, seeds)
	for i := range a.Seeds {
		blocks = append(blocks, stepsOnPaper(a, &a.Seeds[i])...)
	}
	if a.More != "" {
		blocks = append(blocks, paper.Paragraph{Text: a.More, Fine: true})
	}
	return blocks
}

func leads(hops string) string {
	if strings.HasPrefix(hops, "1 ") {
		return "leads"
	}
	return "lead"
}

// stepsOnPaper is the chain from one seed.
func stepsOnPaper(a *accountView, s *accountSeedView) []paper.Block {
	if s.Basis == "" {
		return nil
	}
	said := fmt.Sprintf("From seed %s: %s; weakest evidence on the way %s, weakest basis %s.", s.Seed, s.Amount, s.Evidence, s.Basis)
	if s.Says != "" {
		said += " " + capital(s.Says) + "."
	}
	blocks := []paper.Block{paper.Paragraph{Text: said}}
	if len(s.Steps) == 0 {
		return blocks
	}
	t := paper.Table{Repeat: fmt.Sprintf("Account %d, from seed %s", a.Number, s.Seed), Columns: []paper.Column{{Head: "Step", Width: 5, Right: true}, {Head: "Hop", Width: 6, Right: true},
		{Head: "Time (UTC), block", Width: 15}, {Head: "Transaction", Width: 30}, {Head: "From", Width: 24}, {Head: "To", Width: 24}, {Head: "Traced", Width: 20, Right: true}, {Head: "Evidence, basis", Width: 13}}}
	for i := range s.Steps {
		t.Rows = append(t.Rows, stepOnPaper(&s.Steps[i]))
	}
	return append(blocks, t)
}

func stepOnPaper(s *accountStepView) []paper.Cell {
	step, hop := fmt.Sprint(s.Step), fmt.Sprint(s.Hop)
	if s.Second {
		step, hop = "", ""
	}
	if s.Role != "" {
		hop = strings.TrimSpace(hop + "\n" + s.Role)
	}
	var from []string
	for _, p := range s.From {
		from = append(from, strings.TrimSpace(p.Alias+" "+p.Address))
	}
	traced := s.Traced
	if s.Part {
		traced += "\nof " + s.Whole
	}
	if s.OfSeed != "" && s.OfSeed != s.Traced {
		traced += "\nof the seed " + s.OfSeed
	}
	if s.Narrow {
		traced += "\n(narrowest)"
	}
	return []paper.Cell{{Text: step}, {Text: hop}, {Text: s.Time + "\n" + s.Chain + " " + s.Block}, {Text: s.TxID}, {Text: strings.Join(from, "\n")},
		{Text: strings.TrimSpace(s.To.Alias + " " + s.To.Address)}, {Text: traced}, {Text: s.Evidence + "\n" + s.Basis}}
}
