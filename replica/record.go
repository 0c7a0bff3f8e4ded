package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"clew/ingest"
	"clew/replica/atlanta"
)

// gaps is the status with which clew ends a trace that has gaps; one that ends at a mixer has.
const gaps = 3

// record builds the clew of a package, has it trace the incident in dir on the nodes of the
// play, and keeps its recordings beside the incident, in a folder for each chain.
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
	for name := range play.Chains {
		made, carried := filepath.Join(work, "out", "recording", name), filepath.Join(dir, name)
		if err := keepDeclared(carried, made); err != nil {
			return err
		}
		if err := os.RemoveAll(carried); err != nil {
			return fmt.Errorf("the old recording: %w", err)
		}
		if err := os.CopyFS(carried, os.DirFS(made)); err != nil {
			return fmt.Errorf("keep the recording: %w", err)
		}
	}
	return nil
}

// keepDeclared takes over from an old recording when its incident was first logged, if that is
// the new one's: the first time stands, and the same play leaves the same files.
func keepDeclared(from, to string) error {
	old, err := readDeclared(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := readDeclared(to)
	if err != nil {
		return err
	}
	if len(old) != 1 || len(now) != 1 || old[0].SHA256 != now[0].SHA256 {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(from, declared)) // #nosec G304 -- in the folder that the user names
	if err != nil {
		return fmt.Errorf("keep the declaration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(to, declared), data, 0o600); err != nil { // #nosec G703 -- in a folder of its own
		return fmt.Errorf("keep the declaration: %w", err)
	}
	return nil
}

// declared is the file of a recording that says when its incident was first logged.
const declared = "declared.json"

func readDeclared(dir string) ([]ingest.Declaration, error) {
	data, err := os.ReadFile(filepath.Join(dir, declared)) // #nosec G304 -- in the folder that the user names
	if err != nil {
		return nil, fmt.Errorf("declaration: %w", err)
	}
	var all []ingest.Declaration
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("declaration in %s: %w", dir, err)
	}
	return all, nil
}

// command is one that says what it has to say on this one's outputs.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) // #nosec G204 -- go, and what was just built
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd
}
