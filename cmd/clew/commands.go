package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// command is one line of the table of commands, with everything that its help says.
type command struct {
	path     string // "sync", "db check"
	args     string // the line after the path in its usage
	short    string // one line, no full stop
	long     string // paragraphs, without their line breaks
	examples []example
	codes    []exitCode // besides 0, 1 and 130
	options  []string   // names in the table of flags, besides the common ones
	least    int        // arguments
	most     int        // arguments; −1: any number
	hidden   bool
	subs     []*command
	// action runs the command; nil for one that only holds subs.
	action func(ctx context.Context, w *world, c *cli.Context) error
}

// example is a line that a person could type, and what it does.
type example struct{ line, does string }

// commands is the table of commands, in the order in which help lists them.
func commands() []*command {
	return []*command{
		demoCommand(),
		doctorCommand(),
		syncCommand(),
		importCommand(),
		traceCommand(),
		screenCommand(),
		rulesCommand(),
		incidentCommand(),
		serveCommand(),
		watchCommand(),
		hookCommand(),
		keyCommand(),
		explainCommand(),
		clusterCommand(),
		labelCommand(),
		identifyCommand(),
		compareCommand(),
		exhibitCommand(),
		bundleCommand(),
		verifyCommand(),
		logCommand(),
		dbCommand(),
		versionCommand(),
		completionCommand(),
		completeCommand(),
	}
}

// takes reports whether the flag name may be given to c.
func (c *command) takes(name string) bool {
	common := slices.ContainsFunc(commonOptions(), func(o option) bool { return o.name == name })
	return common || slices.Contains(c.options, name)
}

// word returns the last word of the path: what is typed.
func (c *command) word() string {
	for i := len(c.path) - 1; i >= 0; i-- {
		if c.path[i] == ' ' {
			return c.path[i+1:]
		}
	}
	return c.path
}

func named(level []*command, word string) *command {
	for _, c := range level {
		if c.word() == word {
			return c
		}
	}
	return nil
}

// names returns the words of the commands that are shown.
func names(level []*command) []string {
	var out []string
	for _, c := range level {
		if !c.hidden {
			out = append(out, c.word())
		}
	}
	return out
}

// dispatch understands the command line and runs the command that it names.
func dispatch(ctx context.Context, w *world, table []*command) error {
	a, err := arrange(w.args, w.getenv, table)
	w.json = a.wants("json", w.getenv)
	w.quiet = a.wants("quiet", w.getenv)
	switch {
	case a.help && a.command != nil:
		return writeHelp(w.stdout, a.command, table)
	case err != nil:
		return err
	case a.command == nil && !a.help && !a.version && w.json:
		return &usageError{"no command was named", "clew has: " + strings.Join(names(table), ", ")}
	case a.help || (a.command == nil && !a.version):
		return writeHelp(w.stdout, nil, table)
	case a.version:
		return writeVersion(w)
	}
	w.settings = a.settings()
	return newApp(w, table).RunContext(ctx, a.argv())
}

// newApp hands the table to the library. Help, variables, defaults, suggestions and exit
// codes are not the library's here; it parses flags and calls the action.
func newApp(w *world, table []*command) *cli.App {
	return &cli.App{
		Name: "clew", HideHelp: true, HideVersion: true,
		Reader: w.stdin, Writer: w.stdout, ErrWriter: w.stderr,
		DisableSliceFlagSeparator: true,
		Commands:                  urfaveCommands(w, table),
		// The library would end the process here.
		ExitErrHandler: func(*cli.Context, error) {},
	}
}

func urfaveCommands(w *world, table []*command) []*cli.Command {
	var out []*cli.Command
	for _, c := range table {
		u := &cli.Command{
			Name: c.word(), HideHelp: true, Subcommands: urfaveCommands(w, c.subs),
			OnUsageError: func(_ *cli.Context, err error, _ bool) error {
				return &usageError{fmt.Sprintf("clew %s: %v", c.path, err), "see: clew help " + c.path}
			},
		}
		for _, o := range options() {
			if c.takes(o.name) {
				u.Flags = append(u.Flags, o.urfave())
			}
		}
		if c.action != nil {
			u.Action = func(cc *cli.Context) error {
				w.log = newLogger(w, cc.String("log-level"))
				return c.action(cc.Context, w, cc)
			}
		}
		out = append(out, u)
	}
	return out
}
