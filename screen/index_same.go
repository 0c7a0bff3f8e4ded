package screen

// SameMoney reports whether one of two incidents traces value to where a seed of the other lies. Behind
// that, what both trace is one money, seen twice.
func (x *Index) SameMoney(a, b string) bool { return x.seeded(a, b) || x.seeded(b, a) }

// seeded reports whether an incident traces value to a seed of another.
func (x *Index) seeded(of, by string) bool {
	no, ok := x.byID[of]
	if !ok {
		return false
	}
	s := &x.slots[no]
	for n := range s.arrivals {
		if !s.arrivals[n].has(isSeed) { // they stand first
			return false
		}
		for _, h := range x.At(s.place(int32(n))) {
			if h.Incident.ID == by {
				return true
			}
		}
	}
	return false
}
