package store

import (
	"cmp"
	"slices"
	"sync"

	"clew/chains"
)

// How far a Source reads ahead: enough to bridge a pause of either side, little memory.
const (
	readAhead    = 256           // transactions, in the order in which they are wanted
	readAheadTop = 4 * readAhead // with those that came to be wanted in between
)

// ahead reads, in a goroutine of its own, the transactions that a Source will be asked for
// next, and which others spend from them, while its user works on the one before. What is
// read and in which order it is given does not depend on when that happens.
//
// Only places that are wanted are read: nothing is guessed. The connection is used by the
// goroutine while reading is set, and else by whoever holds the lock.
type ahead struct {
	r  *reader
	wg sync.WaitGroup

	mu      sync.Mutex
	arrived sync.Cond // something was read
	room    sync.Cond // there may be something to read
	queue   byPlace[queued]
	ready   []found // ascending by place
	reading bool
	others  int   // that want the connection
	asked   place // by take, which waits for it; −1 for none
	outs    bool  // spenders are asked for
	started bool
	closed  bool
}

// found is what stands at a wanted place.
type found struct {
	pos     place
	tx      *chains.Tx
	mention []posting // of tx.ID, by tag, then place; nil if outs was not set
	err     error
}

// queued is a place that is wanted.
type queued place

func (p queued) at() place { return place(p) }

func newAhead(r *reader) *ahead {
	a := &ahead{r: r, asked: -1}
	a.arrived.L, a.room.L = &a.mu, &a.mu
	return a
}

// take adds fresh to what is wanted and returns what stands at pos, the first of all wanted
// places. Places before it are forgotten.
func (a *ahead) take(pos place, fresh []place) found {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range fresh {
		a.queue.push(queued(p))
	}
	if !a.started {
		a.started = true
		a.wg.Go(a.run)
	}
	for {
		for len(a.ready) > 0 && a.ready[0].pos < pos {
			a.drop()
		}
		if len(a.ready) > 0 && a.ready[0].pos == pos {
			break
		}
		a.asked = pos
		a.room.Signal()
		a.arrived.Wait()
	}
	a.asked = -1
	f := a.ready[0]
	a.drop()
	for len(a.queue) > 0 && a.queue[0].at() <= pos { // wanted for several reasons
		a.queue.pop()
	}
	// Not for each: waking a goroutine costs as much as it reads meanwhile.
	if n := len(a.ready) / 2; n < readAhead/4 || len(a.queue) > 0 && a.queue[0].at() < a.ready[n].pos {
		a.room.Signal()
	}
	return f
}

// drop removes the first that was read.
func (a *ahead) drop() {
	a.ready[0] = found{}
	a.ready = a.ready[1:]
}

// find returns where in ready pos is, or would be.
func (a *ahead) find(pos place) (int, bool) {
	return slices.BinarySearchFunc(a.ready, pos, func(f found, pos place) int { return cmp.Compare(f.pos, pos) })
}

// run reads until the Source is closed.
func (a *ahead) run() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.closed {
		pos, ok := a.next()
		if !ok || a.others > 0 {
			a.room.Wait()
			continue
		}
		a.queue.pop()
		if _, twice := a.find(pos); twice {
			continue
		}
		a.reading = true
		outs := a.outs
		a.mu.Unlock()
		f := a.read(pos, outs)
		a.mu.Lock()
		a.reading = false
		i, _ := a.find(pos)
		a.ready = slices.Insert(a.ready, i, f)
		if a.others > 0 || a.asked == pos {
			a.arrived.Broadcast()
		}
	}
}

// next returns the place to read next and whether there is one for which there is room.
func (a *ahead) next() (place, bool) {
	if len(a.queue) == 0 {
		return 0, false
	}
	pos, n := a.queue[0].at(), len(a.ready)
	return pos, n < readAhead || pos == a.asked || n < readAheadTop && pos < a.ready[n-1].pos
}

// read reads the transaction at pos.
func (a *ahead) read(pos place, outs bool) found {
	f := found{pos: pos}
	if f.tx, f.err = a.r.tx(pos); f.err == nil && outs {
		f.mention, f.err = spenders(a.r, &f.tx.ID)
	}
	return f
}

// spenders returns the postings of id, by tag, then place.
func spenders(r *reader, id *chains.TxID) ([]posting, error) {
	ps, err := r.mentions(id)
	if err != nil {
		return nil, err
	}
	own := make([]posting, len(ps))
	copy(own, ps)
	slices.SortStableFunc(own, func(a, b posting) int { return cmp.Compare(a.tag, b.tag) })
	return own, nil
}

// with runs f while the connection is the caller's.
func (a *ahead) with(f func(*reader) error) error {
	a.acquire()
	defer a.release()
	return f(a.r)
}

func (a *ahead) acquire() {
	a.mu.Lock()
	a.others++
	for a.reading {
		a.arrived.Wait()
	}
	a.others--
}

func (a *ahead) release() {
	a.mu.Unlock()
	a.room.Signal()
}

// interrupt makes reads end when done is closed. What failed before is read again.
func (a *ahead) interrupt(done <-chan struct{}) {
	a.acquire()
	defer a.release()
	a.r.c.SetInterrupt(done)
	a.ready = slices.DeleteFunc(a.ready, func(f found) bool {
		if f.err != nil {
			a.queue.push(queued(f.pos))
		}
		return f.err != nil
	})
}

// close ends the goroutine; the connection is free then.
func (a *ahead) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.room.Signal()
	a.wg.Wait()
}
