// Command clew follows stolen cryptocurrency from the theft to the places where it can be
// stopped.
//
// It wires the packages together and holds no knowledge of its own about chains, rules or
// reports. Start reading at commands.go, the table of commands; flags.go is the table of
// flags, exit.go turns errors into exit codes and hints, and cmd_<verb>.go is one command. What screening
// rests on is gathered in desk.go.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; from then on a second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}

// world is what a command may use of the process around it. Commands reach nothing else:
// not os.Stdout, not os.Getenv, not the clock.
type world struct {
	args   []string // as given, without the program's name; may hold secrets
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	now    func() time.Time
	user   func() string // as the system names who runs the program

	// Set from the flags before a command runs:
	json  bool // standard output holds JSON alone
	quiet bool // no progress and no remarks on standard error
	// settings are what was given on the line or by the environment, as the log keeps it.
	settings []string
	log      *slog.Logger
}

// run is the program without the process: it returns the exit code. args come without the
// program's name.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	w := &world{
		args: args, stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv,
		now: time.Now, user: systemUser, log: slog.New(slog.DiscardHandler),
	}
	err := dispatch(ctx, w, commands())
	if err != nil && ctx.Err() != nil {
		err = &interruptedError{err}
	}
	return report(w, err)
}

// systemUser returns the name of the user whom the process runs as; the number where there is no name.
func systemUser() string {
	u, err := user.Current()
	if err != nil {
		return fmt.Sprintf("user %d", os.Getuid())
	}
	return u.Username
}

// say writes to standard error. There is nobody to tell where that fails.
func (w *world) say(format string, args ...any) {
	_, _ = fmt.Fprintf(w.stderr, format, args...)
}
