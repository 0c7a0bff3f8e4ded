package store_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/custody"
)

// TestLogOfSeveralProcesses: processes that append at once give one chain with every entry of each.
func TestLogOfSeveralProcesses(t *testing.T) {
	s := open(t)
	var cmds []*exec.Cmd
	var outs []*bufio.Scanner
	for range 3 {
		cmd, out := child(t, "log", s.Path())
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	said := map[string]bool{}
	for i, cmd := range cmds {
		for outs[i].Scan() {
			said[outs[i].Text()] = true
		}
		require.NoError(t, cmd.Wait())
	}
	lines, err := s.LogLines(t.Context())
	require.NoError(t, err)
	require.Len(t, lines, 3*logEntries)
	require.Len(t, said, 3*logEntries, "none was told the same number")
	counts := map[string]int{}
	entries, err := s.Log(t.Context())
	require.NoError(t, err)
	for i := range entries {
		counts[entries[i].Who]++
	}
	require.Len(t, counts, 3)
	for who, n := range counts {
		require.Equal(t, logEntries, n, who)
	}
	head, err := custody.Verify(lines)
	require.NoError(t, err)
	require.Equal(t, lines[len(lines)-1].Hash, head)
}

// TestKilledWhileLogging: whoever is killed leaves whole entries, at least those that it was told of,
// and the next one goes on behind them.
func TestKilledWhileLogging(t *testing.T) {
	s := open(t)
	told := 0
	for round := range 6 {
		cmd, out := child(t, "log on", s.Path())
		for range 1 + 3*round {
			require.True(t, out.Scan())
			told++
		}
		last := strings.Fields(out.Text())
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		lines, err := s.LogLines(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(lines), told)
		told = len(lines)
		require.True(t, hasHash(lines, last[1]), "what it was told of is there")
	}
	e, err := s.AppendLog(t.Context(), custody.Entry{What: "traced"})
	require.NoError(t, err)
	require.Equal(t, int64(told)+1, e.Seq)
	problems, err := s.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
}

func hasHash(lines []custody.Line, hash string) bool {
	for i := range lines {
		if lines[i].Hash == hash {
			return true
		}
	}
	return false
}
