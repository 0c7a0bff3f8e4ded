package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

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
				path: "rules show", args: "[SHA256]", short: "the text of the rules in force, or of those that a verdict names",
				long: "With the SHA-256 of a verdict's pins (rules_sha256) it prints the rules of then, as the journal has them.",
				examples: []example{
					{"clew rules show --default > rules.yaml", "the program's own, to begin a file of one's own with"},
					{"clew rules show --rules rules.yaml --json", "what the program reads in a file, for a script"},
				},
				options: []string{"rules", "default", "journal"},
				most:    1,
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
	// Remarks, of check, are what can be read and is likely not meant.
	Remarks []string `json:"remarks,omitempty"`
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
	a := rulesOf(file, p)
	a.Remarks = rulesRemarks(p, w.now())
	if w.json {
		return writeJSON(w.stdout, a)
	}
	out := newPage(w.stdout)
	out.line("%s: %s, decided by %s; SHA-256 %s", exhibit.Visible(file), counted(int64(len(p.Rules)), "rule"), p.DecideBy, p.SHA256)
	rows := [][]string{{"line", "action", "rule", "of", "from", "reason"}}
	for i := range p.Rules {
		r := &p.Rules[i]
		rows = append(rows, []string{fmt.Sprint(r.Line), string(r.Action), exhibit.Visible(r.ID), categoriesOf(r), leastOf(r), firstWords(exhibit.Visible(r.Reason))})
	}
	out.table("rlllll", rows)
	for _, remark := range a.Remarks {
		out.line("mind: %s", fold(exhibit.Visible(remark), 6))
	}
	return out.flush()
}

// leastOf says from which share on a rule fires, and whether it asks for amounts too.
func leastOf(r *screen.Rule) string {
	least := "any"
	if r.MinShare > 0 {
		least = percent(r.MinShare)
	}
	if len(r.MinUnits) > 0 {
		least += ", amounts"
	}
	return least
}

// graveCategories are those on which a file of rules without any rule is likely not meant.
var graveCategories = []screen.Category{screen.Sanctioned, screen.Terrorism, screen.Stolen, screen.Ransomware, screen.Darknet, screen.Fraud, screen.Mixer}

// rulesRemarks says what in rules can be read, and is likely not meant.
func rulesRemarks(p *screen.Policy, now time.Time) []string {
	out := []string{}
	var silent []string
	for _, c := range graveCategories {
		if !slices.ContainsFunc(p.Rules, func(r screen.Rule) bool { return r.Action != screen.Allow && slices.Contains(r.Categories, c) }) {
			silent = append(silent, string(c))
		}
	}
	if len(silent) > 0 {
		out = append(out, "no rule fires on "+strings.Join(silent, ", "))
	}
	for i := range p.Rules {
		if r := &p.Rules[i]; !r.Expires.IsZero() && r.Expires.Before(now) {
			out = append(out, fmt.Sprintf("rule %s, line %d, ended on %s", r.ID, r.Line, r.Expires.UTC().Format(time.DateOnly)))
		}
	}
	return out
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

func runRulesShow(ctx context.Context, w *world, c *cli.Context) error {
	p, file, err := shownRules(ctx, w, c)
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, rulesOf(file, p))
	}
	if _, err := w.stdout.Write(p.Source); err != nil {
		return fmt.Errorf("write the rules to standard output: %w", err)
	}
	return nil
}

// shownRules returns the rules that a person named: by their hash, by file, or the program's own.
func shownRules(ctx context.Context, w *world, c *cli.Context) (p *screen.Policy, file string, err error) {
	if sum := c.Args().First(); sum != "" {
		if own := screen.DefaultPolicy(); own.SHA256 == sum {
			return own, "", nil
		}
		j, err := openJournal(ctx, w, c, false)
		if err != nil {
			return nil, "", err
		}
		blob, err := j.Blob(ctx, sum)
		if err := errors.Join(err, j.Close()); err != nil {
			return nil, "", withHint(err, "give rules_sha256 of a verdict, 64 hex digits, and the journal that has the verdict (--journal)")
		}
		p, err = parseRules("rules "+short(sum), blob.Content)
		return p, "", err
	}
	d := &desk{rules: c.String("rules")}
	if c.Bool("default") {
		d.rules = ""
	}
	p, _, err = d.policy()
	return p, d.rules, err
}
