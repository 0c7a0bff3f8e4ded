package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
)

// coinbaseBlock returns a block of a coinbase alone, whose script begins with push, and its
// header. The header's work is there, or not.
func coinbaseBlock(tb testing.TB, chain chains.Chain, prev chains.BlockHash, push string, worked bool) ([]byte, bitcoin.Header) {
	tb.Helper()
	script := append(unhex(tb, push), 0x51)
	raw := append(unhex(tb, "01000000"+"01"), make([]byte, 32)...)
	raw = append(append(raw, 0xff, 0xff, 0xff, 0xff, byte(len(script))), script...)
	raw = append(raw, unhex(tb, "ffffffff"+"01"+"0000000000000000"+"01"+"51"+"00000000")...)
	tx, err := bitcoin.DecodeTx(chain, raw)
	require.NoError(tb, err)
	h := bitcoin.Header{Version: 4, Prev: prev, MerkleRoot: tx.ID, Time: 1_700_000_000, Bits: 0x207fffff}
	for (bitcoin.CheckWork(chain, h.Encode()) == nil) != worked {
		h.Nonce++
	}
	h, err = bitcoin.DecodeHeader(chain, h.Encode())
	require.NoError(tb, err)
	return append(append(h.Encode(), 1), raw...), h
}

// Without block 0 the height is what the first coinbase states, and the last one must agree.
func TestFilesHeight(t *testing.T) {
	const btc, ltc = "bitcoin-regtest", "litecoin-regtest"
	for name, c := range map[string]struct {
		chain       chains.Chain
		first, last string // pushes of the two coinbases
		worked      bool
		height      int64
		is          error
	}{
		"two bytes":       {btc, "02f401", "02f501", true, 500, nil},
		"three bytes":     {btc, "03a08601", "03a18601", true, 100_000, nil},
		"the sign's byte": {btc, "028000", "028100", true, 128, nil},
		"an opcode":       {btc, "5f", "60", true, 15, nil},
		"other heights":   {btc, "02f401", "02f601", true, 0, chains.ErrBadAnswer},
		"no height":       {btc, "00", "02f501", true, 0, chains.ErrUnsupported},
		"a negative one":  {btc, "02f481", "02f501", true, 0, chains.ErrUnsupported},
		"too long a push": {btc, "05f401000000", "02f501", true, 0, chains.ErrUnsupported},
		"scrypt":          {ltc, "02f401", "02f501", true, 500, nil},
		"scrypt, no work": {ltc, "02f401", "02f501", false, 0, bitcoin.ErrNoWork},
	} {
		t.Run(name, func(t *testing.T) {
			low, h := coinbaseBlock(t, c.chain, chains.BlockHash{9}, c.first, c.worked)
			high, _ := coinbaseBlock(t, c.chain, h.Hash, c.last, c.worked)
			var file bytes.Buffer
			for _, raw := range [][]byte{low, high} {
				file.Write(magic)
				file.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(raw))))
				file.Write(raw)
			}
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "blk00007.dat"), file.Bytes(), 0o600))
			files, err := bitcoin.OpenFiles(t.Context(), c.chain, dir, nil)
			require.ErrorIs(t, err, c.is)
			if c.is == nil {
				require.Equal(t, chains.Span{From: c.height, To: c.height + 1}, files.Held())
			}
		})
	}
}
