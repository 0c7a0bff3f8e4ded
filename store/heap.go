package store

// placed is what has a place in the chain.
type placed interface{ at() place }

// byPlace is a binary heap with the first place at its root. (container/heap allocates for
// every push and pop.)
type byPlace[T placed] []T

// push adds x.
func (h *byPlace[T]) push(x T) {
	*h = append(*h, x)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if s[up].at() <= s[i].at() {
			break
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
}

// pop removes the first and returns it; there must be one.
func (h *byPlace[T]) pop() T {
	s := *h
	first, last := s[0], len(s)-1
	s[0] = s[last]
	clear(s[last:])
	s = s[:last]
	*h = s
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && s[down+1].at() < s[down].at() {
			down++
		}
		if s[i].at() <= s[down].at() {
			break
		}
		s[i], s[down] = s[down], s[i]
		i = down
	}
	return first
}
