package bitcoin

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
)

// Whose undo data a record is, its checksum does not tell of blocks with the same block before
// them: siblings, of which all but one left the main chain or were never on it. A record is
// believed to be of a block if it has the shape of its inputs and pays what they must have
// (AttachSpent), if every script that it names is one that its input opens (opened), and if
// the same cannot be said of another record, nor of a sibling that spends other outputs.
// Where that is not so, what the block spends is not known. A block whose siblings are in no
// file, though undo data of one is left, is told apart by its shape and its last scripts alone.

// contest notes the blocks that have siblings.
func (f *Files) contest() {
	f.siblings = map[chains.BlockHash][]place{}
	byPrev := f.index(func(b *fileBlock) chains.BlockHash { return b.prev })
	for i := 0; i < len(byPrev); {
		end := i + 1
		for end < len(byPrev) && byPrev[end].key == byPrev[i].key {
			end++
		}
		if end > i+1 {
			f.contestOne(byPrev[i:end])
		}
		i = end
	}
}

// contestOne notes which of a few blocks are siblings, the first copy of each.
func (f *Files) contestOne(few hashIndex) {
	children := map[chains.BlockHash][]place{}
	for _, e := range few {
		b := f.at(e.at)
		if !slices.ContainsFunc(children[b.prev], func(p place) bool { return f.at(p).hash == b.hash }) {
			children[b.prev] = append(children[b.prev], e.at)
		}
	}
	for prev, places := range children {
		if len(places) > 1 {
			f.siblings[prev] = places
		}
	}
}

// attach fills the inputs of a block, copies of which lie at places, from its undo data. They
// stay unknown where there is none, or where more than one block may be meant.
func (f *Files) attach(block *chains.Block, places []place, rank uint32) error {
	if len(block.Txs) == 1 {
		return AttachSpent(f.net.chain, block, [][]byte{EncodeSpent(nil)})
	}
	own, alone, err := f.ownUndo(block, places, rank)
	if err != nil {
		return err
	}
	if own == nil {
		for _, p := range places {
			if err := f.damagedUndo(p, block); err != nil {
				return err
			}
		}
		return nil
	}
	switch {
	case !alone:
		clearSpent(block)
	case block.Spent == nil:
		return f.fill(block, own)
	}
	return nil
}

// ownUndo returns the undo data that fits a block, nil if none does. alone is false where
// other data fits too, or a sibling could be meant. The block of no siblings comes back filled.
func (f *Files) ownUndo(block *chains.Block, places []place, rank uint32) (own *undoData, alone bool, err error) {
	contested := f.contested(block)
	var unfit error
	alone = true
	for _, p := range places {
		if own != nil && !contested {
			break
		}
		err := f.undoOf(block, p, rank, func(data *undoData) bool {
			fault := f.fill(block, data)
			switch {
			case fault != nil:
				unfit = fault
			case own == nil:
				own = data
			case !bytes.Equal(own.raw, data.raw):
				alone = false
			}
			if fault == nil && !contested {
				return false
			}
			clearSpent(block)
			return true
		})
		if err != nil {
			return nil, false, err
		}
	}
	switch {
	case own == nil && contested: // what does not fit is a sibling's
		return nil, false, nil
	case own == nil:
		return nil, false, unfit
	case alone && contested:
		alone, err = f.unlikeSiblings(block, own)
	}
	return own, alone, err
}

// unlikeSiblings reports whether data of block can be of no sibling that spends other outputs.
func (f *Files) unlikeSiblings(block *chains.Block, data *undoData) (bool, error) {
	for _, p := range f.siblings[block.Prev] {
		if f.at(p).hash == block.Ref.Hash {
			continue
		}
		other, _, err := f.readBlock(f.at(p).hash, block.Ref.Height)
		var damage *DamageError
		switch {
		case errors.As(err, &damage) || errors.Is(err, chains.ErrUnsupported): // nobody can tell what it spends
			return false, nil
		case err != nil:
			return false, err
		}
		if !sameInputs(block, other) && f.fill(other, data) == nil {
			return false, nil
		}
	}
	return true, nil
}

// lastScripts is of how many transactions the scripts are compared where no sibling is known:
// all would take three times as long as reading the block. Where a transaction is missing or
// more, all behind it differ.
const lastScripts = 8

// contested reports whether a block has a sibling in the files.
func (f *Files) contested(block *chains.Block) bool { return len(f.siblings[block.Prev]) > 1 }

// sameInputs reports whether two blocks spend the same outputs in the same order.
func sameInputs(a, b *chains.Block) bool {
	return slices.EqualFunc(a.Txs, b.Txs, func(s, t chains.Tx) bool {
		return slices.EqualFunc(s.Inputs, t.Inputs, func(i, j chains.Input) bool { return i.Prev == j.Prev })
	})
}

// fill fills the inputs of a block from undo data; after an error it is not to be used before
// clearSpent.
func (f *Files) fill(block *chains.Block, data *undoData) error {
	spent, err := DecodeUndo(f.net.chain, data.raw)
	if err == nil {
		err = AttachSpent(f.net.chain, block, spent)
	}
	first := 0
	if !f.contested(block) {
		first = max(0, len(block.Txs)-lastScripts)
	}
	for i := first; err == nil && i < len(block.Txs); i++ {
		err = opened(&block.Txs[i])
	}
	if err != nil {
		return fmt.Errorf("%s, record at byte %d: %w", data.path, data.offset, err)
	}
	return nil
}

// clearSpent forgets what the inputs of a block spend.
func clearSpent(block *chains.Block) {
	block.Spent = nil
	for i := range block.Txs {
		for j := range block.Txs[i].Inputs {
			in := &block.Txs[i].Inputs[j]
			in.Spent, in.Known = chains.Output{}, false
		}
	}
}
