package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

// probe is a command that writes down what it was given.
func probe(seen *[]string) []*command {
	note := func(_ context.Context, _ *world, c *cli.Context) error {
		*seen = append(*seen, "cmd="+c.Command.Name)
		for _, name := range []string{"db", "rule"} {
			if v := c.String(name); v != "" {
				*seen = append(*seen, name+"="+v)
			}
		}
		for _, v := range c.StringSlice("rpc") {
			*seen = append(*seen, "rpc="+v)
		}
		if c.IsSet("from") {
			*seen = append(*seen, "from="+c.String("from"))
		}
		if c.Bool("quiet") {
			*seen = append(*seen, "quiet")
		}
		for _, v := range c.Args().Slice() {
			*seen = append(*seen, "arg="+v)
		}
		return nil
	}
	flags := []string{"rpc", "from", "rule"}
	return []*command{
		{path: "probe", options: flags, most: 3, action: note},
		{path: "ends", most: 1, action: func(context.Context, *world, *cli.Context) error {
			return cli.Exit("from the library", 7)
		}},
		{path: "group", subs: []*command{{path: "group sub", options: flags, most: 1, action: note}}},
	}
}

func TestFlagsStandAnywhere(t *testing.T) {
	cases := []struct {
		name string
		line string
		env  map[string]string
		want string
	}{
		{"after the argument", "probe A --db x", nil, "cmd=probe db=x arg=A"},
		{"before the command", "--db x probe A", nil, "cmd=probe db=x arg=A"},
		{"between", "probe --db x A B", nil, "cmd=probe db=x arg=A arg=B"},
		{"with an equals sign", "probe A --db=x=y", nil, "cmd=probe db=x=y arg=A"},
		{"with one dash", "probe -db x", nil, "cmd=probe db=x"},
		{"bool before an argument", "probe --quiet A", nil, "cmd=probe db=clew.db quiet arg=A"},
		{"bool with a value", "probe --quiet=false A", nil, "cmd=probe db=clew.db arg=A"},
		{"before a group", "--from 3 group sub A", nil, "cmd=sub db=clew.db from=3 arg=A"},
		{"inside a group", "group --from 3 sub A", nil, "cmd=sub db=clew.db from=3 arg=A"},
		{"the default", "probe", nil, "cmd=probe db=clew.db"},
		{"the last one counts", "--db x probe --db y", nil, "cmd=probe db=y"},
		{"the variable", "probe", map[string]string{"CLEW_DB": "e"}, "cmd=probe db=e"},
		{"the line wins over the variable", "probe --db x", map[string]string{"CLEW_DB": "e"}, "cmd=probe db=x"},
		{"even before the command", "--db x probe", map[string]string{"CLEW_DB": "e"}, "cmd=probe db=x"},
		{"a comma does not split", "probe --rpc http://h/a,b --rpc c", nil, "cmd=probe db=clew.db rpc=http://h/a,b rpc=c"},
		{"nor in a variable", "probe", map[string]string{"CLEW_RPC": "a,b c"}, "cmd=probe db=clew.db rpc=a,b rpc=c"},
		{"the line replaces a list", "probe --rpc x", map[string]string{"CLEW_RPC": "a b"}, "cmd=probe db=clew.db rpc=x"},
		{"after two dashes", "probe -- --db -x", nil, "cmd=probe db=clew.db arg=--db arg=-x"},
		{"a lone dash", "probe - A", nil, "cmd=probe db=clew.db arg=- arg=A"},
		{"an argument called help", "probe -- help h", nil, "cmd=probe db=clew.db arg=help arg=h"},
		{"an argument like a command", "probe group", nil, "cmd=probe db=clew.db arg=group"},
		{"a number is decimal", "probe --from 010", nil, "cmd=probe db=clew.db from=10"},
		{"a variable of another command's flag", "ends", map[string]string{"CLEW_FROM": "x"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var seen []string
			w, _, _ := testWorld(strings.Fields(c.line), c.env)
			err := dispatch(t.Context(), w, probe(&seen))
			if c.want != "" {
				require.NoError(t, err)
			}
			require.Equal(t, c.want, strings.Join(seen, " "))
		})
	}
}

func TestCommandLinesInError(t *testing.T) {
	cases := []struct{ name, line, msg, hint string }{
		{"unknown command", "prob", `unknown command "prob"`, `did you mean "probe"?`},
		{"unknown command far from any", "xyzzy", `unknown command "xyzzy"`, "clew has: probe, ends, group"},
		{"unknown command of a group", "group sup", `unknown group command "sup"`, `did you mean "sub"?`},
		{"a group alone", "group", "clew group: which? sub", "clew help group"},
		{"unknown flag", "probe --frm 3", `unknown flag "--frm"`, "did you mean --from?"},
		{"unknown flag far from any", "probe --xyzzyx", `unknown flag "--xyzzyx"`, "clew help COMMAND"},
		{"a flag of another command", "probe --seed x", "clew probe does not take --seed", "clew help probe"},
		{"no value at the end", "probe --db", "--db needs a value: --db FILE", ""},
		{"a flag in place of the value", "probe --db --quiet", "--db needs a value: --db FILE", ""},
		{"not a number", "probe --from x1", `--from: want a whole number from 0, got "x1"`, ""},
		{"below zero", "probe --from=-1", `--from: want a whole number from 0, got "-1"`, ""},
		{"not a bool", "probe --quiet=maybe", `--quiet: want true or false, got "maybe"`, ""},
		{"not a choice", "probe --rule fifa", `--rule: "fifa" is not known`, `did you mean "fifo"?`},
		{"too many arguments", "probe a b c d", `one argument too many: "d"`, "usage: clew probe"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var seen []string
			w, _, _ := testWorld(strings.Fields(c.line), nil)
			code, hint := classify(dispatch(t.Context(), w, probe(&seen)))
			require.Equal(t, codeError, code)
			require.Contains(t, hint, c.hint)
			require.Empty(t, seen, "the command must not run")
			w, _, stderr := testWorld(strings.Fields(c.line), nil)
			report(w, dispatch(t.Context(), w, probe(&seen)))
			require.Contains(t, stderr.String(), c.msg)
		})
	}
}

func TestVariableInErrorIsNamed(t *testing.T) {
	var seen []string
	w, _, _ := testWorld([]string{"probe"}, map[string]string{"CLEW_FROM": "x"})
	err := dispatch(t.Context(), w, probe(&seen))
	require.ErrorContains(t, err, `CLEW_FROM: want a whole number`)
}

// The library's own exit must not end the process inside of Run.
func TestLibraryExitDoesNotEndTheProcess(t *testing.T) {
	var seen []string
	w, _, _ := testWorld([]string{"ends"}, nil)
	err := dispatch(t.Context(), w, probe(&seen))
	code, _ := classify(err)
	require.ErrorContains(t, err, "from the library")
	require.Equal(t, codeError, code)
}

func TestErrorsAsJSONEvenForABadLine(t *testing.T) {
	for _, line := range []string{"nonsense --json", "--json probe --frm", "probe --frm --json=true"} {
		t.Run(line, func(t *testing.T) {
			var seen []string
			w, stdout, stderr := testWorld(strings.Fields(line), nil)
			code := report(w, dispatch(t.Context(), w, probe(&seen)))
			require.Equal(t, 1, code)
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), `{"message_type":"exit_error","code":1,"message":"unknown `)
		})
	}
}

func testWorld(args []string, env map[string]string) (w *world, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &world{
		user: func() string { return "examiner" },
		args: args, stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
		getenv: func(name string) string { return env[name] },
	}, stdout, stderr
}

// Every flag stands in the table once, and every command names only flags of the table.
func TestTablesAgree(t *testing.T) {
	known := map[string]bool{}
	for _, o := range options() {
		require.False(t, known[o.name], "flag %s stands twice", o.name)
		require.NotEmpty(t, o.usage)
		require.Equal(t, o.kind == isBool, o.value == "", "flag %s", o.name)
		known[o.name] = true
	}
	var walk func([]*command)
	walk = func(level []*command) {
		for _, c := range level {
			require.NotEmpty(t, c.short, c.path)
			if c.action != nil && !c.hidden {
				require.NotEmpty(t, c.examples, "clew %s has no example", c.path)
			}
			for _, name := range c.options {
				require.True(t, known[name], "clew %s takes --%s, which is not in the table", c.path, name)
			}
			walk(c.subs)
		}
	}
	walk(commands())
}
