package bitcoin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
)

// findBlocks returns the folder of block files that dir means: itself, its blocks, or those
// of the chain's folder in it; without a chain, those of the only network that is there.
func findBlocks(dir string, chain chains.Chain) (string, error) {
	candidates := []string{dir, filepath.Join(dir, "blocks")}
	var below []string
	for i := range networks {
		sub := networks[i].dir
		path := filepath.Join(dir, sub, "blocks")
		switch {
		case sub == "":
		case networks[i].chain == chain: // a data directory holds mainnet beside the others
			candidates = append([]string{path}, candidates...)
		case chain == "" && !slices.Contains(below, path):
			below = append(below, path)
		}
	}
	for _, path := range candidates {
		if there, err := hasBlocks(path); there || err != nil {
			return path, err
		}
	}
	var found []string
	for _, path := range below {
		there, err := hasBlocks(path)
		if err != nil {
			return "", err
		}
		if there {
			found = append(found, path)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no blk*.dat in %s nor in %s: %w (name the folder blocks in the node's data directory)",
			dir, filepath.Join(dir, "blocks"), chains.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s has block files of several networks, in %s: %w (name one of them)", dir, strings.Join(found, ", "), chains.ErrUnknownChain)
}

// hasBlocks reports whether a folder has block files. One that is not there has none.
func hasBlocks(dir string) (bool, error) {
	names, err := blockFiles(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(names) > 0, err
}

// blockFiles returns the numbers of the blk*.dat in dir, ascending. Those of nodes from
// before 2013, with four digits, are other files.
func blockFiles(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("block files: %w", err)
	}
	var numbers []int
	for _, e := range entries {
		digits, isBlock := strings.CutPrefix(e.Name(), "blk")
		digits, isData := strings.CutSuffix(digits, ".dat")
		n, err := strconv.Atoi(digits)
		if isBlock && isData && err == nil && len(digits) >= 5 && n >= 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// list reads the key and the names of the files.
func (f *Files) list() error {
	var err error
	if f.key, err = readKey(filepath.Join(f.dir, "xor.dat")); err != nil {
		return err
	}
	numbers, err := blockFiles(f.dir)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		f.parts = append(f.parts, filePart{
			path: filepath.Join(f.dir, fmt.Sprintf("blk%05d.dat", n)),
			undo: undoFile{path: filepath.Join(f.dir, fmt.Sprintf("rev%05d.dat", n))},
		})
	}
	return nil
}

// readKey reads xor.dat, with which nodes since Core 28 hide the files. Without one nothing
// is hidden.
func readKey(path string) (key [keyBytes]byte, err error) {
	raw, err := os.ReadFile(path)
	if absent(err) {
		return key, nil
	}
	if err != nil {
		return key, fmt.Errorf("key of the block files: %w", err)
	}
	if len(raw) != keyBytes {
		return key, fmt.Errorf("%s: the key of the block files has %d bytes, not %d: %w (is the node still starting?)", path, len(raw), keyBytes, ErrBadEncoding)
	}
	return [keyBytes]byte(raw), nil
}

// recognise finds the network by the first record: by its magic, and by block 0 where
// several networks have the same. It returns those that share block 0, which only a later
// block tells apart.
func (f *Files) recognise(chain chains.Chain) (shared []*network, err error) {
	file, err := f.open(f.parts[0].path)
	if err != nil {
		return nil, err
	}
	defer func() { err = joinClose(err, file) }()
	var head [recordHead + HeaderBytes]byte
	if err := file.read(head[:], 0); err != nil {
		return nil, fmt.Errorf("the first record: %w", err)
	}
	f.magic = [4]byte(head[:4])
	all := f.candidates()
	if len(all) == 0 {
		return nil, fmt.Errorf("%s begins with %x, which no known network does: %w (does xor.dat belong to these files?)",
			f.parts[0].path, f.magic, chains.ErrWrongChain)
	}
	genesis := hashTwice(head[recordHead:]).String()
	shared = slices.DeleteFunc(slices.Clone(all), func(n *network) bool { return n.chain.Info().Genesis != genesis })
	if len(shared) == 0 { // block 0 is pruned
		shared = all
	}
	f.net = shared[0]
	for _, n := range shared {
		f.most = max(f.most, n.blockBytes)
		if n.chain == chain {
			f.net = n
		}
	}
	if chain != "" && f.net.chain != chain {
		return nil, fmt.Errorf("%s: the blocks are of %s, not of %s: %w", f.dir, f.net.chain, chain, chains.ErrWrongChain)
	}
	if chain == "" && slices.ContainsFunc(shared, func(n *network) bool { return n.chain.Info().Genesis != f.net.chain.Info().Genesis }) {
		return nil, fmt.Errorf("%s: block 0 is pruned, and the files may be of %s: name one with --chain: %w", f.dir, namesOf(shared), chains.ErrUnknownChain)
	}
	return shared, nil
}

// candidates returns the networks whose files may begin with the magic found: those whose
// own it is come first, then those that share block 0 with one of them. Bitcoin Cash's nodes
// kept Bitcoin's in their files, and have another on the wire.
func (f *Files) candidates() []*network {
	var own, others []*network
	for i := range networks {
		if networks[i].magic == f.magic {
			own = append(own, &networks[i])
		}
	}
	for i := range networks {
		n := &networks[i]
		if n.magic != f.magic && slices.ContainsFunc(own, func(o *network) bool { return o.chain.Info().Genesis == n.chain.Info().Genesis }) {
			others = append(others, n)
		}
	}
	return append(own, others...)
}

func namesOf(list []*network) string {
	var names []string
	for _, n := range list {
		names = append(names, string(n.chain))
	}
	return strings.Join(names, ", ")
}

// settle tells networks apart that share block 0, by the block behind their split. Where the
// files do not reach it, or have pruned it, the network is the one asked for, else the one
// whose magic the files have.
func (f *Files) settle(shared []*network, chain chains.Chain) error {
	height := splitHeight(shared)
	if height == 0 || height > f.head() || height < f.base {
		return nil
	}
	hash := f.at(f.main[height-f.base].at).hash
	found, err := tellApart(shared, &hash, "", chain)
	if err != nil {
		return fmt.Errorf("%s: %w", f.dir, err)
	}
	if chain != "" && found.chain != chain {
		return fmt.Errorf("%s: the blocks are of %s, not of %s: %w", f.dir, found.chain, chain, chains.ErrWrongChain)
	}
	f.net = found
	return nil
}
