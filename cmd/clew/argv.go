package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/strict"
)

// arranged is a command line put in order: command, flags, arguments.
type arranged struct {
	command *command // nil: none was named
	given   []setting
	args    []string // the arguments of the command
	help    bool     // --help or -h stood somewhere
	version bool     // --version stood somewhere
}

// setting is a flag with its value. A later setting of a flag that takes one value wins.
type setting struct {
	option *option
	value  string
	source string // "--db", "CLEW_DB", or sourceDefault
}

// sourceDefault is the source of a setting that nobody gave.
const sourceDefault = "default"

// argv returns the line as urfave/cli reads it without surprises: the command, then the
// flags as --name=value, then "--" and the arguments.
func (a *arranged) argv() []string {
	line := append([]string{"clew"}, strings.Fields(a.command.path)...)
	for _, s := range a.given {
		line = append(line, "--"+s.option.name+"="+s.value)
	}
	return append(append(line, "--"), a.args...)
}

// wants reports whether the line, or else the environment, sets the bool flag name. It
// answers for lines in error as well, so that an error can be told as JSON.
func (a *arranged) wants(name string, getenv func(string) string) bool {
	o := option{name: name}
	value := getenv(o.env())
	for _, s := range a.given {
		if s.option.name == name {
			value = s.value
		}
	}
	return value == "true" || value == "1"
}

// scanner takes a command line apart. A flag may stand anywhere, before and after commands
// and arguments; after "--" everything is an argument.
type scanner struct {
	table []option
	words []string // what is no flag, in order
	out   arranged
	err   error // the first thing that is wrong; scanning goes on
}

// scan reads args. It sees every flag even where the line has an error.
func (s *scanner) scan(args []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			s.words = append(s.words, args[i+1:]...)
			return
		}
		if len(arg) < 2 || arg[0] != '-' {
			s.words = append(s.words, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		switch name {
		case "h", "help":
			s.out.help = true
			continue
		case "version":
			s.out.version = true
			continue
		}
		o := s.find(name)
		if o == nil {
			s.fail(&usageError{fmt.Sprintf("unknown flag %q", arg), s.hintFor(name)})
			continue
		}
		if !hasValue && o.kind != isBool {
			i++
			if i == len(args) || s.isFlag(args[i]) {
				i--
				s.fail(&usageError{fmt.Sprintf("--%s needs a value: --%s %s", name, name, o.value), ""})
				continue
			}
			value = args[i]
		}
		if !hasValue && o.kind == isBool {
			value = "true"
		}
		s.set(o, value, "--"+o.name)
	}
}

func (s *scanner) set(o *option, value, source string) {
	read, err := o.read(value, source)
	if err != nil {
		s.fail(err)
		return
	}
	s.out.given = append(s.out.given, setting{o, read, source})
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *scanner) find(name string) *option {
	for i := range s.table {
		if s.table[i].name == name {
			return &s.table[i]
		}
	}
	return nil
}

// isFlag reports whether word is a flag of the table: a value that looks so was forgotten.
func (s *scanner) isFlag(word string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	return strings.HasPrefix(word, "--") && (word == "--" || name == "help" || s.find(name) != nil)
}

func (s *scanner) hintFor(name string) string {
	names := []string{"help", "version"}
	for i := range s.table {
		names = append(names, s.table[i].name)
	}
	if near := strict.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean --%s?", near)
	}
	return "clew help COMMAND lists the flags of a command"
}

// arrange takes args apart, finds the command among commands and adds what the environment
// says. The arranged line is returned even with an error, as far as it was understood.
func arrange(args []string, getenv func(string) string, commands []*command) (*arranged, error) {
	s := &scanner{table: options()}
	s.scan(args)
	a := &s.out
	words := s.words
	if len(words) > 0 && words[0] == "help" {
		a.help, words = true, words[1:]
	}
	path, level := "", commands
	for len(words) > 0 && level != nil {
		c := named(level, words[0])
		if c == nil {
			s.fail(unknownCommand(path, words[0], level))
			return a, s.err
		}
		a.command, path, level, words = c, c.path, c.subs, words[1:]
	}
	a.args = words
	if a.command == nil || a.help || s.err != nil {
		return a, s.err
	}
	if err := a.fits(); err != nil {
		return a, err
	}
	s.fillIn(getenv)
	return a, s.err
}

// fits checks flags and arguments against the command.
func (a *arranged) fits() error {
	c := a.command
	for _, s := range a.given {
		if !c.takes(s.option.name) {
			return &usageError{fmt.Sprintf("clew %s does not take --%s", c.path, s.option.name), "see: clew help " + c.path}
		}
	}
	if c.action == nil {
		return &usageError{fmt.Sprintf("clew %s: which? %s", c.path, strings.Join(names(c.subs), ", ")), "see: clew help " + c.path}
	}
	usage := "usage: clew " + strings.TrimSpace(c.path+" "+c.args)
	if len(a.args) < c.least {
		return &usageError{fmt.Sprintf("clew %s: an argument is missing", c.path), usage}
	}
	if c.most >= 0 && len(a.args) > c.most {
		return &usageError{fmt.Sprintf("clew %s: one argument too many: %q", c.path, a.args[c.most]), usage}
	}
	return nil
}

// fillIn puts variables and defaults before what was given, so that the line wins.
func (s *scanner) fillIn(getenv func(string) string) {
	onLine := s.out.given
	s.out.given = nil
	for i := range s.table {
		o := &s.table[i]
		isGiven := slices.ContainsFunc(onLine, func(x setting) bool { return x.option == o })
		if isGiven || !s.out.command.takes(o.name) {
			continue
		}
		value := getenv(o.env())
		switch {
		case value == "" && o.def != "":
			s.set(o, o.def, sourceDefault)
		case value != "" && o.kind == isTexts:
			// Several values of one variable stand apart by spaces, which neither a URL
			// nor a seed contains.
			for _, v := range strings.Fields(value) {
				s.set(o, v, o.env())
			}
		case value != "":
			s.set(o, value, o.env())
		}
	}
	s.out.given = append(s.out.given, onLine...)
}

func unknownCommand(path, word string, level []*command) error {
	what := "command"
	if path != "" {
		what = path + " command"
	}
	hint := strings.TrimSpace("clew "+path) + " has: " + strings.Join(names(level), ", ")
	if near := strict.Nearest(word, names(level)); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &usageError{fmt.Sprintf("unknown %s %q", what, word), hint}
}
