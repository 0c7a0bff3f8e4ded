package engine

import (
	"context"
	"errors"
	"io"
)

// Pool holds connections for short reads, opened when they are first needed.
type Pool[C io.Closer] struct {
	open func(context.Context) (C, error)
	free chan slot[C]
}

type slot[C io.Closer] struct {
	conn C
	open bool
}

// NewPool returns a pool of n connections, which open makes.
func NewPool[C io.Closer](n int, open func(context.Context) (C, error)) *Pool[C] {
	p := &Pool[C]{open: open, free: make(chan slot[C], n)}
	for range n {
		p.free <- slot[C]{}
	}
	return p
}

// Take returns a connection, which must be put back.
func (p *Pool[C]) Take(ctx context.Context) (C, error) {
	select {
	case s := <-p.free:
		if s.open {
			return s.conn, nil
		}
		c, err := p.open(ctx)
		if err != nil {
			p.free <- slot[C]{}
		}
		return c, err
	case <-ctx.Done():
		var none C
		return none, ctx.Err()
	}
}

// Put gives back a connection that Take returned.
func (p *Pool[C]) Put(c C) { p.free <- slot[C]{conn: c, open: true} }

// Close waits for every connection and closes it. Nothing can be taken any more.
func (p *Pool[C]) Close() error {
	var errs []error
	for range cap(p.free) {
		if s := <-p.free; s.open {
			errs = append(errs, s.conn.Close())
		}
	}
	return errors.Join(errs...)
}
