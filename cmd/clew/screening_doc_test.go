package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shownCommand is a command of a document with what it says that it prints.
type shownCommand struct {
	line  string
	exits int
	out   []string
}

// TestShownCommands runs the commands of documents as a person would, and holds what they print to what
// stands there.
func TestShownCommands(t *testing.T) {
	for _, d := range []struct {
		file, section string
		before        string // what the text before the section had done
	}{
		{"docs/screening.md", "Ten minutes", ""},
		{"README.md", "Screen deposits", "clew demo --quiet > demo.txt"},
	} {
		t.Run(d.section, func(t *testing.T) { runShown(t, d.file, d.section, d.before) })
	}
}

func runShown(t *testing.T, file, heading, before string) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "python3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the commands of %s were not run", tool, file)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	require.True(t, ok)
	section, _, ok = strings.Cut(section, "\n## ")
	require.True(t, ok)
	ports := strings.NewReplacer("127.0.0.1:8750", "127.0.0.1:"+freePort(t), "9000", freePort(t))
	section = ports.Replace(section)
	dir := t.TempDir()
	for name, content := range shownFiles(section) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	commands := shownCommands(t, fenced.ReplaceAllString(section, ""))
	if strings.Contains(commands[0].line, "go build") { // the test runs its own clew
		commands = commands[1:]
	}
	commands = append([]shownCommand{{line: or(before, "true")}}, commands...)
	var script strings.Builder
	for i, c := range commands {
		fmt.Fprintf(&script, "echo '@@ %d'\n%s\necho \"@@ = $?\"\n", i, c.line)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "CLEW_LISTEN="+ports.Replace("127.0.0.1:8750"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, 10*time.Second
	require.NoError(t, cmd.Run(), stderr.String())
	for i, c := range commands {
		_, rest, ok := strings.Cut(stdout.String(), fmt.Sprintf("@@ %d\n", i))
		require.True(t, ok, c.line)
		out, rest, ok := strings.Cut(rest, "@@ = ")
		require.True(t, ok, c.line)
		status, _, _ := strings.Cut(rest, "\n")
		require.Equal(t, strconv.Itoa(c.exits), status, "%s\n%s%s", c.line, out, stderr.String())
		if len(c.out) > 0 {
			require.Regexp(t, shownPattern(c.out), out, c.line)
		}
	}
}

// freePort returns a port of loopback on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return port
}

// fenced is a block of a text that says which file it is.
var fenced = regexp.MustCompile("(?ms)^```\\w+ file=(\\S+)\n(.*?)^```$")

// shownFiles returns the fenced blocks of a text that say which file they are.
func shownFiles(text string) map[string]string {
	files := map[string]string{}
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		files[m[1]] = m[2]
	}
	return files
}

// shownCommands returns the commands of a text: indented lines that begin with $, each with the indented
// lines behind it.
func shownCommands(t *testing.T, text string) (all []shownCommand) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		code, indented := strings.CutPrefix(line, "    ")
		command, is := strings.CutPrefix(code, "$ ")
		switch {
		case indented && is:
			c := shownCommand{line: command}
			if before, code, has := strings.Cut(command, "    # exits "); has {
				n, err := strconv.Atoi(code)
				require.NoError(t, err, command)
				c.line, c.exits = before, n
			}
			all = append(all, c)
		case indented && len(all) > 0:
			all[len(all)-1].out = append(all[len(all)-1].out, code)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// shownPattern matches output that is as lines say: … alone stands for lines, in a line for a part of it.
func shownPattern(lines []string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, line := range lines {
		if line == "…" {
			b.WriteString(`.*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `[^\n]*`) + `\n`)
	}
	b.WriteString(`\z`)
	return b.String()
}
