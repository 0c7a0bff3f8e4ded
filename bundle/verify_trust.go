package bundle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"clew/chains"
	"clew/ingest"
)

// TrustedBlock is a block of which the caller knows that it is on the main chain.
type TrustedBlock struct {
	Chain  chains.Chain
	Height int64 // −1: not said
	Hash   chains.BlockHash
	Line   int // of the file
}

// ReadTrust reads lines CHAIN HEIGHT HASH or CHAIN HASH. What stands behind a # is a comment; empty
// lines are passed over; hashes may begin with 0x. An error names the line.
func ReadTrust(r io.Reader) ([]TrustedBlock, error) {
	var list []TrustedBlock
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		t := TrustedBlock{Height: -1, Line: n}
		var err error
		if len(words) < 2 || len(words) > 3 {
			return nil, fmt.Errorf("line %d: want CHAIN HEIGHT HASH, or CHAIN HASH", n)
		}
		if t.Chain, err = chains.ParseChain(words[0]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(words) == 3 {
			if t.Height, err = strconv.ParseInt(words[1], 10, 64); err != nil || t.Height < 0 {
				return nil, fmt.Errorf("line %d: height %q: want a whole number", n, words[1])
			}
		}
		if t.Hash, err = chains.ParseHash(strings.TrimPrefix(words[len(words)-1], "0x")); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, t)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// trusted compares the headers with what the caller trusts and what this program fixes.
func (v *verifier) trusted(context.Context) error {
	for i := range v.opt.Trust {
		t := &v.opt.Trust[i]
		if c := v.chains[t.Chain]; c != nil {
			v.trust(c, t)
			continue
		}
		v.note("line %d of the trust file is about %s, of which nothing is recorded here", t.Line, t.Chain)
	}
	for _, chain := range v.order {
		c := v.chains[chain]
		for _, p := range v.opt.Checkpoints(chain) {
			for i := range c.headers {
				if c.headers[i].Ref.Height == p.Height {
					v.vouch(c, i, p.Hash, ByProgram, "this program knows")
				}
			}
		}
	}
	return nil
}

// trust compares one line of the trust file.
func (v *verifier) trust(c *checked, t *TrustedBlock) {
	met := false
	for i := range c.headers {
		switch ref := &c.headers[i].Ref; {
		case t.Height >= 0 && ref.Height == t.Height:
			v.vouch(c, i, t.Hash, ByFile, "the trust file says")
			met = true
		case t.Height < 0 && ref.Hash == t.Hash:
			c.by[i], met = ByFile, true
		}
	}
	if !met {
		v.note("line %d of the trust file: %s has no header of block %s", t.Line, c.folder, t.Hash)
	}
}

// vouch compares a header with the hash that somebody knows at its height.
func (v *verifier) vouch(c *checked, i int, hash chains.BlockHash, by, says string) {
	ref := &c.headers[i].Ref
	if ref.Hash != hash {
		v.problem(c.folder, "block %d of %s is %s in the recording; %s %s", ref.Height, c.r.Manifest.Chain, ref.Hash, says, hash)
		return
	}
	if c.by[i] == "" {
		c.by[i] = by
	}
}

// askNodes asks the caller's nodes for the hash at each recorded height, and where they all agree for
// what the recording holds as a node's word.
func (v *verifier) askNodes(ctx context.Context) error {
	if v.opt.Node == nil {
		return nil
	}
	for _, chain := range v.order {
		node, name, err := v.opt.Node(ctx, chain)
		if err != nil {
			return err
		}
		if node == nil {
			continue
		}
		if err := v.askNode(ctx, v.chains[chain], node, name); err != nil {
			return fmt.Errorf("ask %s: %w", name, err)
		}
	}
	return nil
}

func (v *verifier) askNode(ctx context.Context, c *checked, node ingest.Node, name string) error {
	chain := c.r.Manifest.Chain
	a := Asked{Chain: chain, Node: name, What: "the hash of the block at each recorded height"}
	for i := range c.headers {
		ref := &c.headers[i].Ref
		hash, err := node.HashAt(ctx, ref.Height)
		switch {
		case errors.Is(err, chains.ErrNotFound), errors.Is(err, chains.ErrIncomplete):
			a.Lacking++
			continue
		case err != nil:
			return fmt.Errorf("hash of block %d: %w", ref.Height, err)
		}
		a.Asked++
		if hash == ref.Hash {
			a.Agrees++
		}
		v.vouch(c, i, hash, ByRPC, name+" has")
	}
	v.out.Asked = append(v.out.Asked, a)
	if a.Agrees < len(c.headers) { // of another history it could only say other things
		c.unasked = fmt.Sprintf(": %s has not every header that is recorded", name)
		return nil
	}
	c.node, c.extract = name, isRecording(node)
	again, err := c.r.AskAgain(ctx, node)
	if err != nil {
		return err
	}
	for _, d := range again.Differs {
		v.problem(c.folder, "%s (%s)", d, name)
	}
	if again.Asked+again.Lacking > 0 {
		what := "values of spent outputs that nothing here proves"
		if chain.Info().Family == chains.FamilyEVM {
			what = "calls inside of transactions, balances, code and tokens"
		}
		v.out.Asked = append(v.out.Asked, Asked{chain, name, what, again.Asked, again.Asked - len(again.Differs), again.Lacking})
	}
	return nil
}

// headers says of each header on which something hangs who vouches for it. A header that a later one
// names, through those between, is as good as that one.
func (v *verifier) headers() {
	for _, chain := range v.order {
		c := v.chains[chain]
		nobodys, last := 0, len(c.headers)-1
		for i := last; i >= 0; i-- {
			h := &c.headers[i]
			if c.by[i] == "" && i < last && c.by[i+1] != "" && c.headers[i+1].Prev == h.Ref.Hash {
				c.by[i] = ByLater
			}
			if c.by[i] == "" && c.needed[h.Ref.Height] {
				nobodys++
			}
		}
		for i := range c.headers {
			ref := &c.headers[i].Ref
			ends := i == 0 || i == last
			if by := c.by[i]; ends || by != "" && by != ByLater || chain.Info().Family == chains.FamilyEVM && c.needed[ref.Height] {
				if by == "" {
					by = ByNobody
				}
				v.out.Trusted = append(v.out.Trusted, Trusted{chain, ref.Height, ref.Hash, by})
			}
		}
		if nobodys > 0 {
			v.lack("nobody vouches for %d of %d headers of %s on which movements hang", nobodys, len(c.needed), chain)
		}
	}
	if len(v.order) == 0 && v.trace != nil {
		v.lack("nothing in this bundle is of a chain: what was imported is somebody's word")
	}
}
