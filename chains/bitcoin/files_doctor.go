package bitcoin

import (
	"context"
	"fmt"
	"os"
	"time"

	"clew/chains"
)

// Folder is what block files hold.
type Folder struct {
	Path    string `json:"path"`
	Files   int    `json:"files"` // blk*.dat
	Bytes   int64  `json:"bytes"` // of blk*.dat and rev*.dat
	Masked  bool   `json:"xor"`   // hidden behind the key in xor.dat
	Blocks  int64  `json:"blocks"`
	Others  int64  `json:"other_blocks"`   // off the main chain, or a second copy
	Waiting int64  `json:"waiting_blocks"` // whose chain has a block that is not there
	Undo    int64  `json:"undo_records"`   // of all blocks but block 0
}

// Doctor reads what the files hold. It reads the lengths of all undo data, which takes as
// long as OpenFiles.
func (f *Files) Doctor(ctx context.Context) (Report, error) {
	head, err := f.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Chain: f.Chain(), CAIP2: f.Chain().CAIP2(),
		Head:   chains.ReportHead{Height: head.Height, Hash: head.Hash, Time: time.Unix(head.Time, 0).UTC()},
		Offers: Offers{Blocks: ByFiles, SpentOutputs: ByFiles, FirstBlock: f.base},
		Lacks:  []chains.Lack{},
	}
	folder, err := f.folder()
	if err != nil {
		return Report{}, err
	}
	r.Folder = &folder
	if folder.Undo == 0 && f.head() > 0 {
		r.Offers.SpentOutputs = ByNothing
	}
	r.Lacks = f.lacks(folder)
	return r, nil
}

func (f *Files) folder() (Folder, error) {
	o := Folder{
		Path: f.dir, Files: len(f.parts), Masked: f.key != [keyBytes]byte{},
		Blocks: int64(len(f.main)), Waiting: f.waiting, Others: int64(len(f.byHash)-len(f.main)) - f.waiting,
	}
	for i := range f.parts {
		n, err := f.undoRecords(&f.parts[i].undo)
		if err != nil {
			return o, err
		}
		o.Undo += n
		for _, path := range []string{f.parts[i].path, f.parts[i].undo.path} {
			info, err := os.Stat(path)
			if err != nil && !absent(err) {
				return o, fmt.Errorf("block files: %w", err)
			}
			if err == nil {
				o.Bytes += info.Size()
			}
		}
	}
	return o, nil
}

// undoRecords returns how many records of undo data a file holds.
func (f *Files) undoRecords(u *undoFile) (n int64, err error) {
	file, err := f.open(u.path)
	if absent(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = joinClose(err, file) }()
	_, err = u.grow(f, file)
	return int64(len(u.records)), err
}

// lacks puts into words what the files do not hold.
func (f *Files) lacks(o Folder) []chains.Lack {
	list := []chains.Lack{{
		What:   "an index of transactions",
		Effect: "a trace is told in which block a seed is: --from HEIGHT, or height: in the incident file",
	}}
	if f.base > 0 {
		list = append(list, chains.Lack{
			What:   fmt.Sprintf("blocks before %d", f.base),
			Effect: "the node has pruned them: a sync or a trace from there ends with an error (begin with --from, or use a node with -prune=0)",
		})
	}
	if f.waiting > 0 {
		list = append(list, chains.Lack{
			What:   "a complete chain",
			Effect: fmt.Sprintf("%d blocks stand on one that is not there: the node is still loading, and what happened after block %d is not seen", f.waiting, f.head()),
		})
	}
	wanted := o.Blocks
	if f.base == 0 {
		wanted-- // block 0 spends nothing
	}
	if o.Undo < wanted {
		list = append(list, chains.Lack{
			What:   "the undo data of some blocks",
			Effect: "what those spend is known only from blocks read before; the rest are inputs of unknown value",
		})
	}
	return list
}
