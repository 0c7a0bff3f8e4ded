package atlanta

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed script.txt
var script string

// line is one line of the script in its words.
type line struct {
	number int
	words  []string
}

// act is what one account does in one transaction.
type act struct {
	chain, who, verb string
	args             []string
}

func lines(text string) []line {
	var out []line
	for i, l := range strings.Split(text, "\n") {
		words := strings.Fields(l)
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			out = append(out, line{i + 1, words})
		}
	}
	return out
}

// act reads an act, whose first word is how long it waits; joined says that it shares the block
// of the one before.
func (l line) act() (a act, wait time.Duration, joined bool, err error) {
	if len(l.words) < 4 {
		return a, 0, false, fmt.Errorf("want WAIT CHAIN ACCOUNT VERB ARGUMENTS")
	}
	a = act{l.words[1], l.words[2], l.words[3], l.words[4:]}
	if l.words[0] == "&" {
		return a, 0, true, nil
	}
	wait, err = time.ParseDuration(strings.TrimPrefix(l.words[0], "+"))
	if err != nil || wait <= 0 {
		return a, 0, false, fmt.Errorf("wait %q: want +DURATION or &", l.words[0])
	}
	return a, wait, false, nil
}

// owner of an account is the word before the point in its name.
func owner(account string) string {
	name, _, _ := strings.Cut(account, ".")
	return name
}
