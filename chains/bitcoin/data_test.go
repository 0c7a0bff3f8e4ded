package bitcoin_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
)

// The ten recorded blocks, and the one with the outputs that it spends.
const (
	firstBlock = 560062
	lastBlock  = 560071
)

// testdata returns a recorded file, unpacked.
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("..", "..", "testdata", "bitcoin", "blocks", name))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	return raw
}

func rawBlock(t testing.TB, height int) []byte {
	t.Helper()
	return testdata(t, fmt.Sprintf("%d.blk.gz", height))
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	return raw
}

func hash(t testing.TB, text string) chains.Hash {
	t.Helper()
	h, err := chains.ParseHash(text)
	require.NoError(t, err)
	return h
}
