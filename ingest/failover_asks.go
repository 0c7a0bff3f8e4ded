package ingest

import (
	"context"

	"clew/chains"
)

// Loading is of LoadTeller; the zero value where the node in use does not tell.
func (f *Failover) Loading(ctx context.Context) (state chains.Loading, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		if l, ok := n.(LoadTeller); ok {
			state, err = l.Loading(ctx)
		}
		return err
	})
	return state, err
}

// Head is of Node. It may be lower than before: a main chain can become shorter.
func (f *Failover) Head(ctx context.Context) (ref chains.BlockRef, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		ref, err = n.Head(ctx)
		return err
	})
	if err == nil {
		f.mu.Lock()
		f.top = ref
		f.mu.Unlock()
	}
	return ref, err
}

// Ref is of Node.
func (f *Failover) Ref(ctx context.Context, height int64) (ref chains.BlockRef, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		ref, err = n.Ref(ctx, height)
		return err
	})
	if err == nil {
		f.named(height, ref.Hash)
	}
	return ref, err
}

// HashAt is of Node.
func (f *Failover) HashAt(ctx context.Context, height int64) (hash chains.BlockHash, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		hash, err = n.HashAt(ctx, height)
		return err
	})
	if err == nil {
		f.named(height, hash)
	}
	return hash, err
}

// Block is of Node.
func (f *Failover) Block(ctx context.Context, height int64, hash chains.BlockHash) (b *chains.Block, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		b, err = n.Block(ctx, height, hash)
		return err
	})
	return b, err
}

// Tx is of TxReader.
func (f *Failover) Tx(ctx context.Context, id chains.TxID) (raw []byte, block chains.BlockHash, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		raw, block, err = n.Tx(ctx, id)
		return err
	})
	return raw, block, err
}

// Locate is of TxReader.
func (f *Failover) Locate(ctx context.Context, id chains.TxID) (ref chains.BlockRef, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		ref, err = n.Locate(ctx, id)
		return err
	})
	return ref, err
}

// Outputs is of OutputReader.
func (f *Failover) Outputs(ctx context.Context, points []chains.OutPoint) (found map[chains.OutPoint]chains.Output, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		found, err = n.Outputs(ctx, points)
		return err
	})
	return found, err
}
