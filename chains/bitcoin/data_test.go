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
func testdata(tb testing.TB, name string) []byte {
	tb.Helper()
	return fixture(tb, "bitcoin/blocks/"+name)
}

// fixture returns a packed file of testdata.
func fixture(tb testing.TB, path string) []byte {
	tb.Helper()
	packed, err := os.ReadFile(filepath.Join("..", "..", "testdata", filepath.FromSlash(path)))
	require.NoError(tb, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(tb, err)
	raw, err := io.ReadAll(r)
	require.NoError(tb, err)
	return raw
}

func rawBlock(tb testing.TB, height int) []byte {
	tb.Helper()
	return testdata(tb, fmt.Sprintf("%d.blk.gz", height))
}

func unhex(tb testing.TB, text string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(tb, err)
	return raw
}

func hash(tb testing.TB, text string) chains.Hash {
	tb.Helper()
	h, err := chains.ParseHash(text)
	require.NoError(tb, err)
	return h
}
