package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// scriptCommands are what the scripts can say besides the commands of testscript.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":  exits,
		"isjson": isJSON,
		"seedof": seedOf,
		"idof":   idOf,
		"messages": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) != 1 {
				ts.Fatalf("usage: messages FILE")
			}
			text := strings.TrimSpace(ts.ReadFile(args[0]))
			if text == "" {
				ts.Fatalf("%s has no messages", args[0])
			}
			for line := range strings.SplitSeq(text, "\n") {
				ts.Check(keepsSchema(line, map[string]any{"message_type": true}))
			}
		},
	}
}

// exits CODE COMMAND…  runs the command and wants exactly this exit code. Its output is
// there for the next stdout and stderr lines.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d\n%s%s", strings.Join(args[1:], " "), got, want,
			ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// isjson FILE [KEY=VALUE…]  wants exactly one JSON document in FILE (stdout and stderr are
// files too), valid under its schema in docs/schema, with these values at its top level.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: isjson FILE [KEY=VALUE…]")
	}
	text := ts.ReadFile(args[0])
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		ts.Fatalf("%s is not one JSON object: %v\n%s", args[0], err, text)
	}
	ts.Check(keepsSchema(text, doc))
	for _, pair := range args[1:] {
		key, want, _ := strings.Cut(pair, "=")
		value, ok := doc[key]
		if !ok {
			ts.Fatalf("%s has no %q:\n%s", args[0], key, text)
		}
		got, isText := value.(string)
		if !isText {
			raw, err := json.Marshal(value)
			ts.Check(err)
			got = string(raw)
		}
		if got != want {
			ts.Fatalf("%s: %s is %q, want %q", args[0], key, got, want)
		}
	}
}

// seedof INCIDENT.yaml  sets $SEED to the first output that is a seed of the incident.
func seedOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: seedof INCIDENT.yaml")
	}
	found := regexp.MustCompile(`output: "?([^",}]+)`).FindStringSubmatch(ts.ReadFile(args[0]))
	if found == nil {
		ts.Fatalf("%s has no seed that is an output", args[0])
	}
	ts.Setenv("SEED", found[1])
}

// idof FILE  sets $ID to the id of the JSON object in FILE.
func idOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: idof FILE")
	}
	var doc struct{ ID string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc))
	if doc.ID == "" {
		ts.Fatalf("%s has no id", args[0])
	}
	ts.Setenv("ID", doc.ID)
}

// keepsSchema checks a document against the schema in docs/schema that it names; a line on
// standard error names none.
func keepsSchema(text string, doc map[string]any) error {
	name, _ := doc["schema"].(string)
	if doc["message_type"] != nil {
		name = "clew.message/1"
	}
	file := "../../docs/schema/" + strings.ReplaceAll(name, "/", "-") + ".schema.json"
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		return fmt.Errorf("schema %q: %w", name, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	return schema.Validate(value)
}
