package labels

// Report says what became of a source's entries.
type Report struct {
	Labels   int // that were kept
	Repeated int // entries that say what another one of the same source says, to the letter
	Actors   int
	Refused  []Refusal // in the order of the file; complete
	// Remarks are what could not be read as it is written, of entries that were taken; in the order in
	// which it was met, each once.
	Remarks []Remark
	// Words are the categories and abuses that the table of kinds does not have, in alphabetical order:
	// they are kept, and say nothing of whether a trace ends there.
	Words []Word
}

// Remark says what of an entry, or of the head of a file, was not understood.
type Remark struct {
	Line    int    // in the file, from 1; 0 where it has no lines
	Address string // as written; "" of a header
	What    string
	Word    string   // a name that is not known; "": the remark is about something else
	Known   []string // those that are, where Word is given
}

// Word is a word that has no row in the table of kinds.
type Word struct {
	Word   string
	Labels int
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
