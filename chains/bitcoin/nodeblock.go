package bitcoin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"clew/chains"
	"clew/chains/rpc"
)

// Limits of answers, in bytes. JSON of a block repeats each script as hex, words and
// address; the outputs spent may have larger scripts than the block that spends them.
func (n *Node) rawLimit() int64   { return max(n.net.blockBytes, 1<<20) }
func (n *Node) jsonLimit() int64  { return 64 * n.rawLimit() }
func (n *Node) spentLimit() int64 { return 64 * n.rawLimit() }

// SpentKnown reports whether Block fills the inputs with the outputs that they spend. It
// turns false when a node without REST's spent outputs has answered getblock 3 without
// them, as nodes before Core 23 do; a block's own inputs say it for that block.
func (n *Node) SpentKnown() bool { return n.spentTxOuts || !n.noPrevouts.Load() }

// Block returns the block with the given hash, which the caller knows to be at height, by
// the fastest way that the node offers:
//
//	REST block and spenttxouts     bytes of both
//	getblock 3                     bytes of the transactions and, as JSON, what they spend
//	REST block, else getblock 0    bytes, without what they spend: Known is false, Spent nil
//
// Either way the header's hash is the one asked for and meets its target, the Merkle root is
// that of the transactions, the coinbase states the height where the network has every coinbase
// do so, and there is one spent output per input. Anything else is chains.ErrBadAnswer. Whether Prev is the block before is the caller's to compare.
//
// chains.ErrNotFound: the node does not know the block. chains.ErrUnsupported: it has pruned
// it. chains.ErrIncomplete: it has not loaded it yet.
func (n *Node) Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	block, err := n.block(ctx, height, hash)
	if err != nil {
		return nil, fmt.Errorf("block %d (%s): %w", height, hash, err)
	}
	return block, nil
}

func (n *Node) block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	switch {
	case n.spentTxOuts:
		return n.blockWithSpent(ctx, height, hash)
	case !n.noPrevouts.Load():
		return n.blockVerbose(ctx, height, hash)
	}
	return n.blockBytes(ctx, height, hash)
}

// blockBytes reads a block without what it spends.
func (n *Node) blockBytes(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	if n.restBlocks {
		return n.blockREST(ctx, height, hash)
	}
	return n.blockHex(ctx, height, hash)
}

// checked decodes raw, which the node gave as the block asked for.
func (n *Node) checked(raw []byte, height int64, hash chains.BlockHash) (*chains.Block, error) {
	block, err := DecodeBlock(n.net.chain, raw, height)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	if block.Ref.Hash != hash {
		return nil, fmt.Errorf("%s: the node gave block %s instead: %w", n.client, block.Ref.Hash, chains.ErrBadAnswer)
	}
	if err := CheckWork(n.net.chain, block.Header); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	if err := n.net.checkHeight(block.Txs[0].Raw, height); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	return block, nil
}

// checkHeight is an error where the first transaction of a block must state its height (BIP34) and
// does not. It shows whoever gives a block of another height: hashes alone would not.
func (net *network) checkHeight(coinbase []byte, height int64) error {
	if net.heights == 0 || height < net.heights {
		return nil
	}
	switch stated, err := coinbaseHeight(coinbase); {
	case err != nil:
		return err
	case stated != height:
		return fmt.Errorf("the coinbase states height %d, not %d", stated, height)
	}
	return nil
}

// rest asks REST for a thing of a block.
func (n *Node) rest(ctx context.Context, what string, limit, height int64, hash chains.BlockHash) ([]byte, error) {
	var body []byte
	err := n.client.Retry(ctx, func(ctx context.Context) error {
		a, err := n.client.Get(ctx, "rest/"+what+"/"+hash.String()+".bin", limit)
		switch {
		case err != nil:
			return err
		case a.Status == http.StatusNotFound:
			return n.absent(ctx, height, hash, a.Body)
		case a.Status != http.StatusOK:
			return fmt.Errorf("%s: status %d: %s: %w", n.client, a.Status, rpc.Excerpt(a.Body), chains.ErrBadAnswer)
		}
		body = a.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("REST %s: %w", what, err)
	}
	return body, nil
}

func (n *Node) blockREST(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	raw, err := n.rest(ctx, "block", n.rawLimit(), height, hash)
	if err != nil {
		return nil, err
	}
	return n.checked(raw, height, hash)
}

func (n *Node) blockWithSpent(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	block, err := n.blockREST(ctx, height, hash)
	if err != nil {
		return nil, err
	}
	raw, err := n.rest(ctx, "spenttxouts", n.spentLimit(), height, hash)
	if err != nil {
		return nil, err
	}
	spent, err := DecodeSpentTxOuts(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	if err := AttachSpent(n.net.chain, block, spent); err != nil {
		return nil, fmt.Errorf("%s: %w", n.client, err)
	}
	return block, nil
}

func (n *Node) blockHex(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	var text string
	err := n.client.Call(ctx, 2*n.rawLimit()+rpc.SmallAnswer, &text, "getblock", hash.String(), 0)
	if rpc.IsCode(err, codeNotFound, codeMisc) {
		err = n.absent(ctx, height, hash, []byte(err.Error()))
	}
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: getblock: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	return n.checked(raw, height, hash)
}

// absent says why the node does not give a block: judged by what it says of itself, not by
// the words of its refusal, which are only shown.
func (n *Node) absent(ctx context.Context, height int64, hash chains.BlockHash, words []byte) error {
	if _, err := n.Header(ctx, hash); err != nil {
		return err
	}
	info, err := n.info(ctx)
	if err != nil {
		return err
	}
	if info.Pruned && height < info.PruneHeight {
		return fmt.Errorf("%s: the node is pruned and keeps blocks from %d on: %w (start above that, or use a node with -prune=0)",
			n.client, info.PruneHeight, chains.ErrUnsupported)
	}
	return fmt.Errorf("%s: the node knows the header alone: %w (it may still be loading, or the block is on no chain that it followed; it says: %s)",
		n.client, chains.ErrIncomplete, rpc.Excerpt(words))
}

// blockVerbose puts the block's bytes together from its JSON, so that they can be checked
// as the others are.
func (n *Node) blockVerbose(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	var v verboseBlock
	err := n.client.Call(ctx, n.jsonLimit(), &v, "getblock", hash.String(), 3)
	switch {
	case rpc.IsCode(err, codeParameter): // bchd refuses the number 3
		n.noPrevouts.Store(true)
		return n.blockBytes(ctx, height, hash)
	case rpc.IsCode(err, codeNotFound, codeMisc):
		err = n.absent(ctx, height, hash, []byte(err.Error()))
	}
	if err != nil {
		return nil, err
	}
	if !v.tellsSpent() {
		if err := n.notePrevouts(ctx, height, hash); err != nil {
			return nil, err
		}
		return n.blockBytes(ctx, height, hash)
	}
	raw, err := v.encode()
	if err != nil {
		return nil, fmt.Errorf("%s: getblock: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	block, err := n.checked(raw, height, hash)
	if err != nil {
		return nil, err
	}
	spent, err := v.spent()
	if err != nil {
		return nil, fmt.Errorf("%s: getblock: %w: %w", n.client, err, chains.ErrBadAnswer)
	}
	if err := AttachSpent(n.net.chain, block, spent); err != nil {
		return nil, fmt.Errorf("%s: %w", n.client, err)
	}
	return block, nil
}

// notePrevouts is called for a block that came without the outputs it spends. On the main
// chain that means that the node never gives them; of a block that it never followed no
// node has them.
func (n *Node) notePrevouts(ctx context.Context, height int64, hash chains.BlockHash) error {
	main, err := n.HashAt(ctx, height)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return err
	}
	if main == hash {
		n.noPrevouts.Store(true)
	}
	return nil
}
