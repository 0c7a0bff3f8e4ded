package heuristics_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/heuristics"
)

// The hash is of the versions, by name, and of the file of scores; each that was measured has a version.
func TestWhatFindingsRestOn(t *testing.T) {
	scores, err := os.ReadFile("scores.json")
	require.NoError(t, err)
	lines := strings.Fields("batch change co-spend coinjoin consolidation deposit-address dust mapping mix-change mixer-candidates peel wraps")
	for i, name := range lines {
		lines[i] = name + " " + heuristics.Versions()[name] + "\n"
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "") + string(scores)))
	require.Equal(t, hex.EncodeToString(sum[:]), heuristics.SHA256())
	require.Len(t, heuristics.Versions(), len(lines))
	for _, s := range heuristics.Scores() {
		name, _, _ := strings.Cut(s.Heuristic, "/")
		require.Equal(t, heuristics.Versions()[name], s.Version, s.Heuristic)
	}
}
