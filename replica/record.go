package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"clew/replica/atlanta"
)

// gaps is the status with which clew ends a trace that has gaps; one that ends at a mixer has.
const gaps = 3

// record builds the clew of a package, has it trace the incident in dir on the nodes of the
// play, and keeps its recording beside the incident.
func record(ctx context.Context, pkg, dir string, play *atlanta.Play) (err error) {
	work, err := os.MkdirTemp("", "replica")
	if err != nil {
		return fmt.Errorf("folder for the trace: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	program := filepath.Join(work, "clew")
	if err := command(ctx, "go", "build", "-o", program, pkg).Run(); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	args := []string{
		"trace", filepath.Join(dir, "incident.yaml"), "--out", filepath.Join(work, "out"), "--db", filepath.Join(work, "clew.db"),
	}
	for _, name := range []string{"polygon", "bsc"} {
		args = append(args, "--rpc", name+"="+play.Chains[name].URL)
	}
	var ended *exec.ExitError
	if err := command(ctx, program, args...).Run(); err != nil && (!errors.As(err, &ended) || ended.ExitCode() != gaps) {
		return fmt.Errorf("trace the replica: %w", err)
	}
	kept := filepath.Join(work, "out", "recording")
	if err := os.RemoveAll(filepath.Join(dir, "recording")); err != nil {
		return fmt.Errorf("the old recording: %w", err)
	}
	if err := os.CopyFS(filepath.Join(dir, "recording"), os.DirFS(kept)); err != nil {
		return fmt.Errorf("keep the recording: %w", err)
	}
	return nil
}

// command is one that says what it has to say on this one's outputs.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) // #nosec G204 -- go, and what was just built
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd
}
