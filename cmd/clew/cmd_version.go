package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"clew/tracer"
)

func versionCommand() *command {
	return &command{
		path: "version", short: "version, commit and toolchain of this program",
		long:     "The commit comes from the build information that the Go toolchain writes; +modified marks a build from a changed checkout. A program built outside of its checkout says unknown.",
		examples: []example{{"clew version --json", "the same for a script"}},
		action: func(_ context.Context, w *world, _ *cli.Context) error {
			return writeVersion(w)
		},
	}
}

// versionAnswer is the answer of `clew version --json`.
type versionAnswer struct {
	Schema   string `json:"schema"`
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func writeVersion(w *world) error {
	t := thisTool()
	v := versionAnswer{"clew.version/1", t.Version, t.Commit, runtime.Version(), platform()}
	if w.json {
		return writeJSON(w.stdout, v)
	}
	_, err := fmt.Fprintf(w.stdout, "clew %s, commit %s, %s, %s\n", v.Version, v.Commit, v.Go, v.Platform)
	return err
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// thisTool says which program this is, from its build information.
func thisTool() tracer.Tool {
	t := tracer.Tool{Version: "unknown", Commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		t.Version = info.Main.Version
	}
	modified := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			t.Commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+modified"
		}
	}
	if t.Commit != "unknown" {
		t.Commit += modified
	}
	return t
}

// writeJSON writes v as one indented document with a newline at its end.
func writeJSON(out interface{ Write([]byte) (int, error) }, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write the answer as JSON: %w", err)
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the answer to standard output: %w", err)
	}
	return nil
}
