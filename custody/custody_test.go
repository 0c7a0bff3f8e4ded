package custody_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/custody"
)

// chained writes entries as a log, working out the hashes by itself.
func chained(t *testing.T, entries ...string) []custody.Line {
	t.Helper()
	prev := make([]byte, 32)
	var lines []custody.Line
	for i, text := range entries {
		h := sha256.New()
		h.Write(prev)
		h.Write([]byte(text))
		sum := h.Sum(nil)
		lines = append(lines, custody.Line{Seq: int64(i) + 1, Prev: hex.EncodeToString(prev), Hash: hex.EncodeToString(sum), Entry: text})
		prev = sum
	}
	return lines
}

const (
	oldDeclared = `{"when":"2026-01-02T03:04:05Z","what":"incident declared","sha256":"aa","details":{"accounts":"output","id":"one","rule":"lifo"}}`
	otherTraced = `{"when":"2026-01-03T03:04:05Z","what":"traced","incident":"two","result":"bb"}`
	oneTraced   = `{"when":"2026-01-04T03:04:05Z","what":"traced","who":"an <examiner>","incident":"one","trace":"0a","settings":["--rule=fifo"],"result":"cc"}`
	oneAgain    = `{"when":"2026-01-05T03:04:05Z","what":"traced","incident":"one","trace":"0a","result":"cc"}`
)

func TestVerifyNamesTheFirstEntryThatDoesNotHold(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]custody.Line) []custody.Line
		says   string // "" where it holds
	}{
		{"whole", func(l []custody.Line) []custody.Line { return l }, ""},
		{"cut at its end", func(l []custody.Line) []custody.Line { return l[:3] }, ""},
		{"an excerpt", func(l []custody.Line) []custody.Line { l[1].Entry = ""; return l }, ""},
		{"a changed word", func(l []custody.Line) []custody.Line {
			l[2].Entry = strings.Replace(l[2].Entry, "fifo", "lifo", 1)
			return l
		}, "log entry 3 was changed: its hash is another"},
		{"a changed entry with a hash of its own", func(l []custody.Line) []custody.Line {
			forged := strings.Replace(l[1].Entry, "two", "six", 1)
			prev, _ := hex.DecodeString(l[1].Prev)
			sum := custody.Hash([32]byte(prev), []byte(forged))
			l[1].Entry, l[1].Hash = forged, hex.EncodeToString(sum[:])
			return l
		}, "log entry 3 was changed, or one before it is missing"},
		{"an entry taken out", func(l []custody.Line) []custody.Line { return append(l[:1], l[2:]...) }, "log entry 2 is missing"},
		{"the first taken out", func(l []custody.Line) []custody.Line { return l[1:] }, "log entry 1 is missing"},
		{"two that changed places", func(l []custody.Line) []custody.Line { l[1], l[2] = l[2], l[1]; return l }, "log entry 2 is missing: number 3"},
		{"numbered anew", func(l []custody.Line) []custody.Line {
			l = append(l[:1], l[2:]...)
			l[1].Seq, l[2].Seq = 2, 3
			return l
		}, "log entry 2 was changed, or one before it is missing"},
		{"a hash of an entry left out", func(l []custody.Line) []custody.Line {
			l[1].Entry, l[1].Hash = "", strings.Repeat("0", 64)
			return l
		}, "log entry 3 was changed, or one before it is missing"},
		{"no hash", func(l []custody.Line) []custody.Line { l[3].Hash = "AB"; return l }, "log entry 4 has no SHA-256"},
		{"no entry", func(l []custody.Line) []custody.Line { return chained(t, "[1]") }, "log entry 1 is no entry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := c.change(chained(t, oldDeclared, otherTraced, oneTraced, oneAgain))
			head, err := custody.Verify(lines)
			if c.says == "" {
				require.NoError(t, err)
				require.Equal(t, lines[len(lines)-1].Hash, head)
				return
			}
			var broken *custody.BrokenError
			require.ErrorAs(t, err, &broken)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, head)
		})
	}
	head, err := custody.Verify(nil)
	require.NoError(t, err)
	require.Empty(t, head)
}

func TestExcerptKeepsTheChain(t *testing.T) {
	lines := chained(t, oldDeclared, otherTraced, oneTraced, oneAgain)
	until, err := custody.UpTo(lines, custody.Traced, "cc")
	require.NoError(t, err)
	require.Len(t, until, 3, "the first time that it was logged")
	all, err := custody.UpTo(lines, custody.Bundled, "cc")
	require.NoError(t, err)
	require.Len(t, all, 4)

	part, err := custody.Excerpt(until, custody.OfIncident("one"))
	require.NoError(t, err)
	require.Equal(t, []string{oldDeclared, "", oneTraced}, []string{part[0].Entry, part[1].Entry, part[2].Entry})
	head, err := custody.Verify(part)
	require.NoError(t, err)
	require.Equal(t, lines[2].Hash, head)
	require.NotEmpty(t, lines[1].Entry, "the log itself keeps it")

	var out bytes.Buffer
	require.NoError(t, custody.Write(&out, part))
	require.Equal(t, 3, strings.Count(out.String(), "\n"))
	require.NotContains(t, out.String(), "two")
	again, err := custody.Read(&out)
	require.NoError(t, err)
	require.Equal(t, part, again, "byte for byte, markup too")
}

func TestReadNamesTheLine(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"no JSON", "{\"seq\":1}\nno\n", "line 2 is no entry of a log"},
		{"another field", "{\"seq\":1,\"who\":\"x\"}\n", "line 1 is no entry of a log: json: unknown field"},
		{"two in a line", "{\"seq\":1} {\"seq\":2}\n", "line 1 is no entry of a log: something stands behind"},
		{"an empty line", "{\"seq\":1}\n\n", "line 2 is no entry of a log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := custody.Read(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.says)
		})
	}
}

// What an entry logged before there were more fields is hashed over is what it was then.
func TestOldEntriesKeepTheirBytes(t *testing.T) {
	lines := chained(t, oldDeclared)
	e, err := lines[0].Parse()
	require.NoError(t, err)
	require.Equal(t, custody.Entry{
		When: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), What: custody.Declared, SHA256: "aa",
		Details: map[string]string{"id": "one", "rule": "lifo", "accounts": "output"}, Seq: 1, Hash: lines[0].Hash,
	}, e)
	require.Equal(t, "one", e.About())
	traced := custody.Entry{What: custody.Traced, Details: map[string]string{"id": "x"}}
	require.Empty(t, traced.About())
}

// The hash over files is what the usual program says of what the usual program says of them.
func TestResultOfFiles(t *testing.T) {
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("there is no sha256sum here")
	}
	dir := t.TempDir()
	var files []custody.File
	for _, name := range []string{"a.csv", "letters/01 x.txt"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
		sum := sha256.Sum256([]byte(name))
		files = append(files, custody.File{Name: name, SHA256: hex.EncodeToString(sum[:])})
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `"$0" a.csv "letters/01 x.txt" | "$0"`, tool)
	cmd.Dir = dir
	said, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, custody.ResultOfFiles(files), strings.Fields(string(said))[0])
}
