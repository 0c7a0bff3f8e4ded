package server

import "sync"

// recent remembers ids that the journal has for sure, so that a verdict which is given again is not
// written again. It forgets all of the older half when it is full. It is safe for concurrent use.
type recent struct {
	mu         sync.Mutex
	newer, old map[string]struct{}
}

// recentMost is how many ids are remembered at least: 20,000 take about 2 MB.
const recentMost = 20_000

func (r *recent) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.newer[id]; ok {
		return true
	}
	_, ok := r.old[id]
	return ok
}

func (r *recent) add(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if len(r.newer) >= recentMost || r.newer == nil {
			r.old, r.newer = r.newer, make(map[string]struct{})
		}
		r.newer[id] = struct{}{}
	}
}
