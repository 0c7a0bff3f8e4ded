package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/exhibit"
	"clew/screen"
)

func rulesCommand() *command {
	return &command{
		path: "rules", short: "the rules by which screening decides: check a file, show what is in force",
		long: "Rules are a YAML file that belongs into version control: of which category, direct or indirect, from which share and amount on, over how many hops, on which evidence, and what is to be done, with the reason. Each verdict names the file by its SHA-256, and the journal keeps its text. docs/screening.md says what may stand in it.",
		subs: []*command{
			{
				path: "rules check", args: "FILE", short: "does a file of rules mean something, and what",
				long:     "Reads the file as clew screen and clew serve do. What is unknown, misspelt or impossible is named with line and field.",
				examples: []example{{"clew rules check rules.yaml", "each rule with its line; exit code 1 and the line where one cannot be read"}},
				least:    1, most: 1,
				action: runRulesCheck,
			},
			{
				path: "rules show", short: "the text of the rules in force",
				examples: []example{
					{"clew rules show --default > rules.yaml", "the program's own, to begin a file of one's own with"},
					{"clew rules show --rules rules.yaml --json", "what the program reads in a file, for a script"},
				},
				options: []string{"rules", "default"},
				action:  runRulesShow,
			},
		},
	}
}

// rulesAnswer is the answer of `clew rules --json`.
type rulesAnswer struct {
	Schema   string       `json:"schema"` // "clew.rules/1"
	File     string       `json:"file"`   // "" for those of the program
	ID       string       `json:"id"`
	Title    string       `json:"title"`
	SHA256   string       `json:"sha256"`
	DecideBy string       `json:"decide_by"`
	Rules    []ruleAnswer `json:"rules"`
}

type ruleAnswer struct {
	ID     string        `json:"id"`
	Line   int           `json:"line"`
	Action screen.Action `json:"action"`
	Reason string        `json:"reason"`
}

func runRulesCheck(_ context.Context, w *world, c *cli.Context) error {
	file := c.Args().First()
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	p, err := parseRules(file, text)
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, rulesOf(file, p))
	}
	out := newPage(w.stdout)
	out.line("%s: %s, decided by %s; SHA-256 %s", exhibit.Visible(file), counted(int64(len(p.Rules)), "rule"), p.DecideBy, p.SHA256)
	rows := [][]string{{"line", "action", "rule", "of", "reason"}}
	for i := range p.Rules {
		r := &p.Rules[i]
		rows = append(rows, []string{fmt.Sprint(r.Line), string(r.Action), exhibit.Visible(r.ID), categoriesOf(r), firstWords(exhibit.Visible(r.Reason))})
	}
	out.table("rllll", rows)
	return out.flush()
}

// categoriesOf names what a rule looks at.
func categoriesOf(r *screen.Rule) string {
	var words []string
	for _, c := range r.Categories {
		words = append(words, string(c))
	}
	if len(words) > 3 {
		words = append(words[:3], fmt.Sprintf("and %d more", len(r.Categories)-3))
	}
	return or(strings.Join(words, ", "), "every category")
}

// firstWords cuts a text to what fits into a table.
func firstWords(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func rulesOf(file string, p *screen.Policy) rulesAnswer {
	a := rulesAnswer{Schema: "clew.rules/1", File: file, ID: p.ID, Title: p.Title, SHA256: p.SHA256, DecideBy: string(p.DecideBy), Rules: []ruleAnswer{}}
	for i := range p.Rules {
		r := &p.Rules[i]
		a.Rules = append(a.Rules, ruleAnswer{r.ID, r.Line, r.Action, r.Reason})
	}
	return a
}

func runRulesShow(_ context.Context, w *world, c *cli.Context) error {
	d := &desk{rules: c.String("rules")}
	if c.Bool("default") {
		d.rules = ""
	}
	p, _, err := d.policy()
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, rulesOf(d.rules, p))
	}
	if _, err := w.stdout.Write(p.Source); err != nil {
		return fmt.Errorf("write the rules to standard output: %w", err)
	}
	return nil
}
