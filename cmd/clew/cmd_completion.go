package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand() *command {
	return &command{
		path: "completion", args: "bash|zsh|fish", short: "a script that completes clew's command lines in a shell",
		long: "The script asks this program what may stand at the cursor, wherever flags and arguments stand on the line, so it need not be renewed with a new version.",
		examples: []example{
			{`source <(clew completion bash)`, "completion in this bash"},
			{`clew completion zsh > "${fpath[1]}/_clew"`, "completion in every later zsh"},
			{`clew completion fish > ~/.config/fish/completions/clew.fish`, "completion in every later fish"},
		},
		least: 1, most: 1,
		action: func(_ context.Context, w *world, c *cli.Context) error {
			script, ok := completionScripts()[c.Args().First()]
			if !ok {
				return &usageError{fmt.Sprintf("completion: no script for %q", c.Args().First()), "one of: bash, zsh, fish"}
			}
			_, err := io.WriteString(w.stdout, script)
			return err
		},
	}
}

// completionScripts returns the script of each shell. All ask `clew __complete SHELL --
// WORDS…`, where the last word is the one being typed.
func completionScripts() map[string]string {
	return map[string]string{
		"bash": `# completion of clew for bash
_clew() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <("${COMP_WORDS[0]}" __complete bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    # A flag that waits for its value after "=" gets no space.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _clew clew
`,
		"zsh": `#compdef clew
# completion of clew for zsh
_clew() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then
        _describe 'clew' found
    else
        _files
    fi
}
if [[ "$funcstack[1]" == _clew ]]; then
    _clew "$@"
else
    compdef _clew clew
fi
`,
		"fish": `# completion of clew for fish
function __clew_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete fish -- $words[2..-1] 2>/dev/null
end
complete -c clew -a '(__clew_complete)'
`,
	}
}

func completeCommand() *command {
	return &command{
		path: "__complete", args: "SHELL -- WORDS…", short: "what may stand at the cursor", hidden: true,
		least: 1, most: -1,
		action: func(_ context.Context, w *world, c *cli.Context) error {
			shell, words := c.Args().First(), c.Args().Tail()
			if len(words) == 0 {
				words = []string{""}
			}
			if shell == "bash" {
				words = joinBash(words)
			}
			for _, f := range candidates(words, commands()) {
				if _, err := fmt.Fprintln(w.stdout, f.line(shell, words[len(words)-1])); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// found is something that may stand at the cursor.
type found struct{ word, says string }

// line writes f as the shell reads it. typed is what stands at the cursor already.
func (f found) line(shell, typed string) string {
	switch shell {
	case "fish":
		return f.word + "\t" + f.says
	case "zsh":
		return strings.ReplaceAll(f.word, ":", `\:`) + ":" + f.says
	case "bash":
		// bash takes "=" and ":" for the ends of words and replaces only what follows.
		if i := strings.LastIndexAny(typed, "=:"); i >= 0 && strings.HasPrefix(f.word, typed[:i+1]) {
			return f.word[i+1:]
		}
	}
	return f.word
}

// joinBash puts together again what bash took apart at "=" and ":".
func joinBash(words []string) []string {
	var out []string
	glue := false
	for _, word := range words {
		isBreak := word == "=" || word == ":"
		if (glue || isBreak) && len(out) > 0 {
			out[len(out)-1] += word
		} else {
			out = append(out, word)
		}
		glue = isBreak
	}
	return out
}

// candidates returns what may stand in place of the last of words, after the others. None:
// the shell offers files.
func candidates(words []string, table []*command) []found {
	before, typed := words[:len(words)-1], words[len(words)-1]
	s := &scanner{table: options()}
	s.scan(before)
	c, level := (*command)(nil), table
	for _, word := range s.words {
		if word == "help" && c == nil {
			continue
		}
		if next := named(level, word); next != nil {
			c, level = next, next.subs
		}
	}
	if n := len(before); n > 0 && strings.HasPrefix(before[n-1], "-") {
		if o := s.find(strings.TrimLeft(before[n-1], "-")); o != nil && o.kind != isBool {
			return values(o, "", typed)
		}
	}
	switch name, value, has := strings.Cut(typed, "="); {
	case has && strings.HasPrefix(typed, "-"):
		if o := s.find(strings.TrimLeft(name, "-")); o != nil {
			return values(o, name+"=", value)
		}
		return nil
	case strings.HasPrefix(typed, "-"):
		return flagCandidates(c, typed)
	}
	return wordCandidates(c, level, typed)
}

func values(o *option, prefix, typed string) []found {
	var out []found
	for _, choice := range o.choices {
		if strings.HasPrefix(choice, typed) {
			out = append(out, found{prefix + choice, o.name})
		}
	}
	return out
}

func flagCandidates(c *command, typed string) []found {
	out := []found{}
	for _, o := range options() {
		taken := c == nil || c.takes(o.name)
		if taken && strings.HasPrefix("--"+o.name, typed) {
			out = append(out, found{"--" + o.name, o.usage})
		}
	}
	if strings.HasPrefix("--help", typed) {
		out = append(out, found{"--help", "help"})
	}
	return out
}

func wordCandidates(c *command, level []*command, typed string) []found {
	var out []found
	for _, next := range level {
		if !next.hidden && strings.HasPrefix(next.word(), typed) {
			out = append(out, found{next.word(), next.short})
		}
	}
	if c != nil && c.path == "completion" {
		for _, shell := range []string{"bash", "zsh", "fish"} {
			if strings.HasPrefix(shell, typed) {
				out = append(out, found{shell, "shell"})
			}
		}
	}
	return out
}
