package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/store"
)

// build makes the program that is tortured, and returns its path.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clew")
	text, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "clew/cmd/clew").CombinedOutput()
	require.NoError(t, err, "%s", text)
	return path
}

// disk is where the store of a child lies, and how much room it has there.
type disk string

const (
	roomy   disk = "room enough"
	limited disk = "a limit on the size of a file" // writing beyond it is EFBIG
	mounted disk = "a small file system"           // writing beyond it is ENOSPC
)

// canMount reports whether this process may give a child a file system of its own.
func canMount(t *testing.T) bool {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "unshare", "-Urm", "mount", "-t", "tmpfs", "none", t.TempDir()).CombinedOutput()
	if err != nil {
		t.Logf("no file system can be mounted here, so that none will be full: %v: %s", err, bytes.TrimSpace(text))
	}
	return err == nil
}

// limitedScript runs a command that writes no file beyond $1 KiB.
const limitedScript = `ulimit -f $(($1 * 2)); shift; exec "$@"`

// mountedScript runs a command with a file system of $1 KiB at $2, on which the store $3 is,
// and brings back what the command leaves there.
const mountedScript = `mount -t tmpfs -o size=$1k none "$2" || exit 99
for f in "$3" "$3"-*; do [ ! -e "$f" ] || cp "$f" "$2" || exit 98; done
dir=$2 back=$(dirname "$3"); shift 3
"$@"; code=$?
cp "$dir"/* "$back" || exit 97
exit $code`

// child is a process of the program.
type child struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr bytes.Buffer
	ended  chan struct{} // closed when it is gone
	err    error         // how it ended, once it is gone
}

// start runs the program with args on its store db, on a disk with room for kib KiB.
func start(t *testing.T, program, db string, on disk, kib int64, args ...string) *child {
	t.Helper()
	var argv []string
	switch on {
	case limited:
		argv = []string{"sh", "-c", limitedScript, "sh", fmt.Sprint(kib)}
	case mounted:
		at := t.TempDir()
		argv = []string{"unshare", "-Urm", "sh", "-c", mountedScript, "sh", fmt.Sprint(kib), at, db}
		db = filepath.Join(at, filepath.Base(db))
	}
	argv = append(append(argv, program), append(args, "--db", db, "--json")...)
	c := &child{cmd: exec.CommandContext(t.Context(), argv[0], argv[1:]...), ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	c.cmd.Env = append(os.Environ(), "LC_ALL=C")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.cmd.Cancel = func() error { return syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) }
	require.NoError(t, c.cmd.Start())
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	return c
}

// kill ends it as a loss of power would.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		require.NoError(t, err)
	}
	<-c.ended
}

// code returns its exit code, −1 after a kill.
func (c *child) code() int { return c.cmd.ProcessState.ExitCode() }

// last returns what it said at its end, with --json.
func (c *child) last(t *testing.T) (said struct {
	Code          int
	Message, Hint string
}) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(c.stderr.String()), "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &said), "%s", c.stderr.String())
	return said
}

// named reports whether an error is one that the program documents.
func named(message string) bool {
	for _, err := range []error{
		chains.ErrNotFound, chains.ErrIncomplete, chains.ErrReorged, chains.ErrUnsupported, chains.ErrRateLimited,
		chains.ErrUnreachable, chains.ErrWrongChain, chains.ErrBadAnswer, store.ErrFull, store.ErrDisk,
	} {
		if strings.Contains(message, err.Error()) {
			return true
		}
	}
	return false
}
