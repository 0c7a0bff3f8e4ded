package labels

// Report says what became of a source's entries.
type Report struct {
	Labels   int // that were kept
	Repeated int // entries that say what another one of the same source says, to the letter
	Actors   int
	Refused  []Refusal // in the order of the file; complete
	Remarks  []string  // what whoever imports it should know
}

// Refusal is an entry that was not taken.
type Refusal struct {
	Line    int    // in the file, from 1; 0 where it has no lines
	Address string // as written
	Why     string
}

func (r *Report) refuse(line int, address string, err error) {
	r.Refused = append(r.Refused, Refusal{line, address, err.Error()})
}
