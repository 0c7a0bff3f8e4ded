package bundle

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"

	"github.com/holiman/uint256"

	"clew/chains"
	"clew/ingest"
)

// checked is the recording of one chain, with what was found in it.
type checked struct {
	folder   string
	r        *ingest.Recording
	headers  []ingest.HeldHeader
	by       []string // who vouches for each of headers
	txs      map[chains.TxID]*chains.Tx
	needed   map[int64]bool // heights on whose headers something hangs
	attested [2]int         // values of spent outputs that are somebody's word, and those that are proven
	node     string         // of the caller's that has every header here; "": none
	extract  bool           // that node is a recording itself
	unasked  string         // why the node did not tell what was left out, with what joins it; "": there is none
	unfixed  int            // blocks with transactions whose tree's depth no coinbase fixes
}

// recordings opens every recording and checks all that is in it.
func (v *verifier) recordings(ctx context.Context) error {
	folders := v.b.Recordings()
	var points []Checkpoint
	for _, folder := range folders {
		sub, err := fs.Sub(v.b.FS(), folder)
		if err != nil {
			return err
		}
		if err := v.objects(ctx, folder, sub); err != nil {
			return err
		}
		r, err := ingest.OpenRecording(ctx, sub, "", v.opt.Bitcoin, v.opt.Accounts)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.problem(folder, "%v", err)
			continue
		}
		chain := r.Manifest.Chain
		if v.chains[chain] != nil {
			v.problem(folder, "it is of %s, and so is %s", chain, v.chains[chain].folder)
			if err := r.Close(); err != nil {
				return err
			}
			continue
		}
		c := &checked{folder: folder, r: r, txs: map[chains.TxID]*chains.Tx{}, needed: map[int64]bool{}}
		v.chains[chain], v.order = c, append(v.order, chain)
		if err := v.contents(ctx, c); err != nil {
			return err
		}
		point, err := CheckpointOf(ctx, r)
		if err != nil {
			v.problem(folder, "%v", err)
		}
		points = append(points, point)
	}
	if v.b.Manifest.Schema != "" && !slices.Equal(points, v.b.Manifest.Checkpoints) && len(points) == len(folders) {
		v.problem(ManifestFile, "its checkpoints are not the first and the last header of the recordings")
	}
	v.used()
	return nil
}

// close releases the recordings. They are read from the bundle: there is nothing to lose.
func (v *verifier) close() {
	for _, c := range v.chains {
		if err := c.r.Close(); err != nil {
			v.problem(c.folder, "%v", err)
		}
	}
}

// objects hashes every object of a recording, and looks for ones that its manifest does not name.
func (v *verifier) objects(ctx context.Context, folder string, sub fs.FS) error {
	name := folder + "/objects.zip"
	manifest, err := v.b.ReadFile(folder + "/recording.json")
	if err != nil {
		v.missing(folder+"/recording.json", err)
		return nil
	}
	f, err := sub.Open("objects.zip")
	if err != nil {
		v.missing(name, err)
		return nil
	}
	info, err := f.Stat()
	at, ok := f.(io.ReaderAt)
	if err != nil || !ok {
		return errors.Join(fmt.Errorf("%s cannot be read at an offset", name), err, f.Close())
	}
	list, err := ingest.Objects(at, info.Size())
	if err != nil {
		v.problem(name, "%v", err)
		return f.Close()
	}
	named := map[string]bool{}
	for _, quoted := range quotedHash.FindAll(manifest, -1) {
		named[string(quoted[1:len(quoted)-1])] = true
	}
	for _, m := range list {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, f.Close())
		}
		if !named[m.Name] {
			v.problem(name, "object %s: recording.json does not name it", printable(m.Name))
			continue
		}
		switch sum, err := objectSum(m); {
		case err != nil:
			v.problem(name, "object %s: %v", printable(m.Name), err)
		case sum != m.Name:
			v.problem(name, "object %s has another content: it hashes to %s", printable(m.Name), sum)
		}
	}
	return f.Close()
}

// quotedHash is how recording.json names objects, among other hashes.
var quotedHash = regexp.MustCompile(`"[0-9a-f]{64}"`)

// maxObject bounds what one object unpacks to, in bytes: the node's word on accounts is the largest.
const maxObject = 256_000_000

func objectSum(m *zip.File) (string, error) {
	f, err := m.Open()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(f, maxObject+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if n > maxObject {
		return "", fmt.Errorf("it has more than %d bytes", maxObject)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// contents reads the headers, with their work, and every transaction, with its proofs.
func (v *verifier) contents(ctx context.Context, c *checked) error {
	m := &c.r.Manifest
	work := new(uint256.Int)
	worked := m.Chain.Info().Family == chains.FamilyBitcoin
	for h, err := range c.r.Headers() {
		if err == nil && worked {
			var n *uint256.Int
			if n, err = v.opt.Work(m.Chain, h.Raw); err == nil {
				work.Add(work, n)
			}
		}
		if err != nil {
			v.problem(c.folder, "header of block %d: %v", h.Ref.Height, err)
			break
		}
		c.headers = append(c.headers, h)
	}
	c.by = make([]string, len(c.headers))
	if worked {
		v.out.Work = append(v.out.Work, Work{m.Chain, len(c.headers), work.Dec()})
	}
	if m.Coverage == ingest.CoverageWhole {
		return v.wholeBlocks(ctx, c)
	}
	last, blocks := int64(-1), 0
	for i := range m.Txs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.Txs[i].Height == last {
			continue
		}
		last = m.Txs[i].Height
		blocks++
		v.block(ctx, c, last, nil)
	}
	if worked && len(m.Coinbases) == 0 {
		c.unfixed = blocks
	}
	return nil
}

// wholeBlocks reads the blocks of whole ones in which the trace has something.
func (v *verifier) wholeBlocks(ctx context.Context, c *checked) error {
	if v.trace == nil {
		return nil
	}
	wanted := map[int64]map[chains.TxID]bool{}
	v.eachTx(c.r.Manifest.Chain, func(id chains.TxID) {
		ref, err := c.r.Locate(ctx, id)
		if err != nil {
			return // evidence names what it misses
		}
		if wanted[ref.Height] == nil {
			wanted[ref.Height] = map[chains.TxID]bool{}
		}
		wanted[ref.Height][id] = true
	})
	for _, h := range slices.Sorted(maps.Keys(wanted)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		v.block(ctx, c, h, wanted[h])
	}
	return nil
}

// block reads the recorded transactions of a block, which checks their proofs; wanted nil keeps all.
func (v *verifier) block(ctx context.Context, c *checked, height int64, wanted map[chains.TxID]bool) {
	hash, err := c.r.HashAt(ctx, height)
	var b *chains.Block
	if err == nil {
		b, err = c.r.Block(ctx, height, hash)
	}
	if err != nil {
		v.problem(c.folder, "block %d: %v", height, err)
		return
	}
	for i := range b.Txs {
		tx := &b.Txs[i]
		if wanted != nil && !wanted[tx.ID] {
			continue
		}
		c.txs[tx.ID] = tx
		for k := range tx.Inputs {
			if in := &tx.Inputs[k]; in.Known {
				c.attested[map[bool]int{false: 0, true: 1}[in.Proven]]++
			}
		}
	}
}

// eachTx names the transactions of a chain that the trace names.
func (v *verifier) eachTx(chain chains.Chain, f func(chains.TxID)) {
	for i := range v.trace.Seeds {
		if s := &v.trace.Seeds[i]; s.Chain == chain {
			f(s.TxID)
		}
	}
	for i := range v.trace.Hops {
		for k := range v.trace.Hops[i].Legs {
			leg := &v.trace.Hops[i].Legs[k]
			if leg.Chain != chain {
				continue
			}
			f(leg.TxID)
			for _, from := range leg.From {
				if p, ok := parseOutPoint(from.OutPoint); ok {
					f(p.Tx)
				}
			}
		}
	}
}
