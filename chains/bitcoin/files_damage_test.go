package bitcoin_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// folder is a copy of a stopped node's block files, without a key, to be damaged.
type folder struct {
	t   testing.TB
	dir string
	// offset of each block's record in blk00000.dat, by height, and behind the last one.
	blocks []int
}

// magic begins every record on regtest.
var magic = []byte{0xfa, 0xbf, 0xb5, 0xda}

// newFolder copies the files of a chain without blocks off the main one.
func newFolder(t testing.TB, from string) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir()}
	for _, name := range []string{"blk00000.dat", "rev00000.dat", "xor.dat"} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		f.write(name, raw)
	}
	raw := f.read("blk00000.dat")
	for pos := 0; ; {
		f.blocks = append(f.blocks, pos)
		if !bytes.HasPrefix(raw[pos:], magic) {
			return f
		}
		pos += 8 + int(binary.LittleEndian.Uint32(raw[pos+4:]))
	}
}

func (f *folder) read(name string) []byte {
	f.t.Helper()
	raw, err := os.ReadFile(filepath.Join(f.dir, name))
	require.NoError(f.t, err)
	return raw
}

func (f *folder) write(name string, raw []byte) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(filepath.Join(f.dir, name), raw, 0o600))
}

// change writes a file again with what edit makes of it.
func (f *folder) change(name string, edit func(raw []byte) []byte) {
	f.t.Helper()
	f.write(name, edit(f.read(name)))
}

// readAll reads the whole chain and returns how many blocks it has, or the first error.
func (f *folder) readAll() (int64, error) {
	files, err := bitcoin.OpenFiles(f.t.Context(), "", f.dir, nil)
	if err != nil {
		return 0, err
	}
	for h := files.Held().From; h <= files.Held().To; h++ {
		hash, err := files.HashAt(f.t.Context(), h)
		require.NoError(f.t, err)
		if _, err := files.Block(f.t.Context(), h, hash); err != nil {
			return h, err
		}
	}
	return files.Held().To + 1, nil
}

// Whatever is wrong in the files: it is passed over where the chain does not need it, and
// else an error that names file and place.
func TestFilesDamaged(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-blocksxor=0"}})
	node.Fill(6, 20, 1)
	last := int(node.Height())
	middle := last - 3
	node.Stop()
	flip := func(at int) func([]byte) []byte {
		return func(raw []byte) []byte { raw[at] ^= 4; return raw }
	}
	insert := func(at int, what []byte) func([]byte) []byte {
		return func(raw []byte) []byte { return append(append(bytes.Clone(raw[:at]), what...), raw[at:]...) }
	}
	at := newFolder(t, node.BlocksDir).blocks
	end := at[last+1]
	garbage := bytes.Repeat([]byte("what a crash left behind"), 10)
	cases := map[string]struct {
		file   string
		edit   func(raw []byte) []byte
		blocks int    // that are read, less one
		names  string // what an error names; "" for none
	}{
		"nothing": {"blk00000.dat", func(raw []byte) []byte { return raw }, last, ""},
		// What a node that is writing or was killed leaves.
		"no zeros behind":           {"blk00000.dat", func(raw []byte) []byte { return raw[:end] }, last, ""},
		"the last record cut off":   {"blk00000.dat", func(raw []byte) []byte { return raw[:end-9] }, last - 1, ""},
		"the last record's head":    {"blk00000.dat", func(raw []byte) []byte { return raw[:at[last]+5] }, last - 1, ""},
		"the last record's header":  {"blk00000.dat", func(raw []byte) []byte { return raw[:at[last]+8+79] }, last - 1, ""},
		"half of the last record":   {"blk00000.dat", func(raw []byte) []byte { clear(raw[at[last]+500:]); return raw }, last - 1, ""},
		"the last record's zeros":   {"blk00000.dat", func(raw []byte) []byte { clear(raw[at[last]+8:]); return raw }, last - 1, ""},
		"garbage between records":   {"blk00000.dat", insert(at[middle], garbage), last, ""},
		"zeros between records":     {"blk00000.dat", insert(at[middle], make([]byte, 100_000)), last, ""},
		"a magic in between":        {"blk00000.dat", insert(at[middle], append(magic, garbage...)), last, ""},
		"garbage behind":            {"blk00000.dat", insert(end, garbage), last, ""},
		"half a record in between":  {"blk00000.dat", func(raw []byte) []byte { return insert(at[middle], raw[at[last]:at[last]+900])(raw) }, last, ""},
		"a record twice":            {"blk00000.dat", func(raw []byte) []byte { return insert(at[middle+1], raw[at[middle]:at[middle+1]])(raw) }, last, ""},
		"no undo data":              {"rev00000.dat", func([]byte) []byte { return nil }, last, ""},
		"the last undo data broken": {"rev00000.dat", func(raw []byte) []byte { clear(raw[len(bytes.TrimRight(raw, "\x00"))-9:]); return raw }, last, ""},
		// What nothing but damage leaves.
		"a byte of a block":      {"blk00000.dat", flip(at[middle] + 300), middle, at0("blk00000.dat", at[middle])},
		"a byte of a header":     {"blk00000.dat", flip(at[middle] + 8 + 40), middle, at0("blk00000.dat", at[middle+1])},
		"the link of a header":   {"blk00000.dat", flip(at[middle] + 8 + 10), middle, at0("blk00000.dat", at[middle+1])},
		"a record's size":        {"blk00000.dat", flip(at[middle] + 5), middle, at0("blk00000.dat", at[middle])},
		"a record's magic":       {"blk00000.dat", flip(at[middle] + 1), middle, at0("blk00000.dat", at[middle+1])},
		"a byte of the last one": {"blk00000.dat", flip(at[last] + 300), last, at0("blk00000.dat", at[last])},
		"the first magic":        {"blk00000.dat", flip(1), 0, "blk00000.dat"},
		"another key":            {"xor.dat", flip(3), 0, "blk00000.dat"},
		"no blocks":              {"blk00000.dat", func([]byte) []byte { return nil }, 0, "blk00000.dat"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, node.BlocksDir)
			f.change(c.file, c.edit)
			n, err := f.readAll()
			if c.names == "" {
				require.NoError(t, err)
				require.EqualValues(t, c.blocks+1, n)
				return
			}
			require.ErrorContains(t, err, c.names)
		})
	}
	t.Run("undo data", func(t *testing.T) { undoDamaged(t, node.BlocksDir, middle) })
}

// Blocks above one that is missing wait, unless undo data shows that they were connected.
func TestFilesWait(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-blocksxor=0"}})
	node.Fill(2, 20, 1)
	last := node.Height()
	node.Stop()
	f := newFolder(t, node.BlocksDir)
	f.change("blk00000.dat", func(raw []byte) []byte {
		return append(bytes.Clone(raw[:f.blocks[last-3]]), raw[f.blocks[last-2]:]...)
	})
	_, err := f.readAll()
	require.ErrorContains(t, err, at0("blk00000.dat", f.blocks[last-3]))
	require.ErrorContains(t, err, "which is in no file")
	f.change("rev00000.dat", func([]byte) []byte { return nil })
	files, err := bitcoin.OpenFiles(t.Context(), "", f.dir, nil)
	require.NoError(t, err)
	require.Equal(t, last-4, files.Held().To)
	require.EqualValues(t, 3, files.Waiting())
	r, err := files.Doctor(t.Context())
	require.NoError(t, err)
	require.Contains(t, r.Lacks[1].Effect, "3 blocks stand on one that is not there")
}

func at0(file string, offset int) string { return fmt.Sprintf("%s, record at byte %d", file, offset) }

// Behind a key, what the node has not written yet is zeros that the key does not hide.
func TestFilesBeingWritten(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{})
	node.Fill(1, 20, 1)
	last := node.Height()
	node.Stop()
	path := filepath.Join(node.BlocksDir, "blk00000.dat")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	end := len(bytes.TrimRight(raw, "\x00"))
	for name, missing := range map[string]int{"nothing": 0, "its end": 60, "all but its head": 3000} {
		t.Run(name, func(t *testing.T) {
			part := append(bytes.Clone(raw[:end-missing]), make([]byte, missing+1000)...)
			require.NoError(t, os.WriteFile(path, part, 0o600))
			want := last
			if missing > 0 {
				want--
			}
			require.Equal(t, want, openFiles(t, node).Held().To)

			// A node that loads two chains at once writes to two files.
			other := filepath.Join(node.BlocksDir, "blk00001.dat")
			require.NoError(t, os.WriteFile(other, raw[:8+285], 0o600)) // block 0
			require.Equal(t, want, openFiles(t, node).Held().To)
			require.NoError(t, os.Remove(other))
		})
	}
}

// A byte of undo data anywhere: the block that needs it is not read, and never with other
// values.
func undoDamaged(t *testing.T, from string, height int) {
	f := newFolder(t, from)
	raw := f.read("rev00000.dat")
	pos, records := 0, []int{}
	for bytes.HasPrefix(raw[pos:], magic) {
		records = append(records, pos)
		pos += 8 + int(binary.LittleEndian.Uint32(raw[pos+4:])) + 32
	}
	start, size := records[height-1], int(binary.LittleEndian.Uint32(raw[records[height-1]+4:]))
	for name, at := range map[string]int{
		"the count": start + 8, "a value": start + 8 + 5, "the middle": start + 8 + size/2, "the checksum": start + 8 + size + 7,
		"the magic": start, "the size": start + 4, "a large size": start + 7,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, from)
			f.change("rev00000.dat", func(raw []byte) []byte { raw[at] ^= 1; return raw })
			n, err := f.readAll()
			require.ErrorContains(t, err, "rev00000.dat, record at byte ")
			require.EqualValues(t, height, n)
			damage := new(bitcoin.DamageError)
			require.ErrorAs(t, err, &damage)
		})
	}
}

// Bytes in a transaction that look like a record with much work are none, also where a
// search comes upon them.
func TestFilesTakeNoBlockFromABlock(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-blocksxor=0"}})
	coin := node.Fund(nodetest.Anyone(0), 1)[0]
	fake := bitcoin.Header{Prev: node.HashAt(node.Height()), Version: 4, Bits: 0x1f00ffff, Time: 1_700_000_000}
	for { // 2¹⁶ hashes, as much as 2¹⁵ blocks on regtest
		fake.Nonce++
		h, err := bitcoin.DecodeHeader("bitcoin-regtest", fake.Encode())
		require.NoError(t, err)
		if h.Hash[0] == 0 && h.Hash[1] == 0 {
			break
		}
	}
	record := append(append(bytes.Clone(magic), 0xff, 0, 0, 0), fake.Encode()...)
	node.MineBlock(nodetest.Anyone(0), nodetest.Spend(t, []nodetest.Coin{coin},
		nodetest.Pay{To: nodetest.Data(string(record)), Value: 0}, nodetest.Pay{To: nodetest.Anyone(1), Value: 1e8}))
	node.Skip(3)
	height := node.Height()
	node.Stop()
	f := newFolder(t, node.BlocksDir)
	require.Contains(t, string(f.read("blk00000.dat")), string(record))
	f.change("blk00000.dat", func(raw []byte) []byte {
		at := f.blocks[height-2] // behind the block with the fake, so that the search goes through that
		return append(append(bytes.Clone(raw[:at]), "garbage of a crash"...), raw[at:]...)
	})
	n, err := f.readAll()
	require.NoError(t, err)
	require.Equal(t, height+1, n)
}

// The height of a pruned folder's lowest block comes out of its coinbase.
func TestFilesPruned(t *testing.T) {
	node := nodetest.Start(t, nodetest.Options{Args: []string{"-txindex=0", "-prune=1", "-fastprune"}})
	node.Fill(2, 60, 1)
	node.Skip(900)
	last := node.Prune(500)
	require.Positive(t, last)
	_, err := bitcoin.OpenFiles(t.Context(), "", node.BlocksDir, nil)
	require.ErrorIs(t, err, chains.ErrUnknownChain, "block 0 is gone, and several networks have this magic")
	files, err := bitcoin.OpenFiles(t.Context(), node.Chain, node.BlocksDir, nil)
	require.NoError(t, err)
	require.Equal(t, last+1, files.Held().From)
	sameBlocks(t, node, files)
	_, err = files.HashAt(t.Context(), last)
	require.ErrorIs(t, err, chains.ErrUnsupported)
	require.ErrorContains(t, err, "is pruned and has blocks from ")
	r, err := files.Doctor(t.Context())
	require.NoError(t, err)
	require.Equal(t, last+1, r.Offers.FirstBlock)
	require.Equal(t, fmt.Sprintf("blocks before %d", last+1), r.Lacks[1].What)
}
