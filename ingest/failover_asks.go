package ingest

import (
	"context"
	"fmt"

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

// offered asks the nodes for what only some kinds of node offer. chains.ErrUnsupported: none of
// them does.
func offered[I, T any](ctx context.Context, f *Failover, ask func(I) (T, error)) (answer T, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		can, ok := n.(I)
		if !ok {
			return fmt.Errorf("by this kind of node: %w", chains.ErrUnsupported)
		}
		answer, err = ask(can)
		return err
	})
	return answer, err
}

// Tx is of TxReader.
func (f *Failover) Tx(ctx context.Context, id chains.TxID) (raw []byte, block chains.BlockHash, err error) {
	raw, err = offered(ctx, f, func(n TxReader) (raw []byte, err error) {
		raw, block, err = n.Tx(ctx, id)
		return raw, err
	})
	return raw, block, err
}

// Locate is of Locator.
func (f *Failover) Locate(ctx context.Context, id chains.TxID) (ref chains.BlockRef, err error) {
	err = f.do(ctx, func(n Backend) (err error) {
		ref, err = n.Locate(ctx, id)
		return err
	})
	return ref, err
}

// Outputs is of OutputReader. What was found is returned with an error too.
func (f *Failover) Outputs(ctx context.Context, points []chains.OutPoint) (map[chains.OutPoint]chains.Output, error) {
	return offered(ctx, f, func(n OutputReader) (map[chains.OutPoint]chains.Output, error) { return n.Outputs(ctx, points) })
}

// Touching is of Index.
func (f *Failover) Touching(ctx context.Context, addrs []chains.Address, span Span) (places []Place, to int64, err error) {
	places, err = offered(ctx, f, func(n Index) (places []Place, err error) {
		places, to, err = n.Touching(ctx, addrs, span)
		return places, err
	})
	return places, to, err
}

// BlockTxs is of TxPicker.
func (f *Failover) BlockTxs(ctx context.Context, height int64, indices []int) (*chains.Block, error) {
	return offered(ctx, f, func(n TxPicker) (*chains.Block, error) { return n.BlockTxs(ctx, height, indices) })
}

// PlaceOf is of TxPicker.
func (f *Failover) PlaceOf(ctx context.Context, id chains.TxID) (Place, error) {
	return offered(ctx, f, func(n TxPicker) (Place, error) { return n.PlaceOf(ctx, id) })
}

// CheckSigner is of SignerChecker.
func (f *Failover) CheckSigner(tx *chains.Tx) error {
	f.mu.Lock()
	node := f.list[f.used].node
	f.mu.Unlock()
	if checker, can := node.(SignerChecker); can {
		return checker.CheckSigner(tx)
	}
	return nil
}

// Wrapped is of Wrapper: all nodes of one list were told of the same.
func (f *Failover) Wrapped() []chains.Address {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w, told := f.list[f.used].node.(Wrapper); told {
		return w.Wrapped()
	}
	return nil
}

// BalanceAt is of StateReader.
func (f *Failover) BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	return offered(ctx, f, func(n StateReader) (chains.Amount, error) { return n.BalanceAt(ctx, a, asset, height) })
}

// AccountKind is of StateReader.
func (f *Failover) AccountKind(ctx context.Context, a chains.Address, height int64) (chains.AccountKind, error) {
	return offered(ctx, f, func(n StateReader) (chains.AccountKind, error) { return n.AccountKind(ctx, a, height) })
}

// Token is of StateReader.
func (f *Failover) Token(ctx context.Context, asset chains.Asset, height int64) (chains.Token, error) {
	return offered(ctx, f, func(n StateReader) (chains.Token, error) { return n.Token(ctx, asset, height) })
}

// FindEvents is of EventSearcher.
func (f *Failover) FindEvents(ctx context.Context, q chains.EventQuery, span Span) ([]Place, error) {
	return offered(ctx, f, func(n EventSearcher) ([]Place, error) { return n.FindEvents(ctx, q, span) })
}
