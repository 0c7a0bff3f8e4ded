// Package custody is the form of the log: what was declared and done with an incident, each entry
// hashed with the one before. It knows nothing of stores and files: the store keeps entries, an
// export and a bundle carry lines of them, and all are checked by the same few lines here, which
// anybody can do again with a SHA-256 of any maker.
//
// What a chain of hashes shows, and what not: who has the hash of an entry sees that nothing up to
// it was changed, put in or left out. A log as a whole can be made anew by whoever keeps it, with
// other times in it. So the last hash has to be kept where they cannot reach it.
//
// Start reading at Entry and Verify.
package custody

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"clew/strict"
)

// What entries say was done. Others are words of single commands.
const (
	Declared  = "incident declared" // before the first result; SHA256 is that of the incident file
	Traced    = "traced"            // Result: SHA-256 of trace.json
	Exhibited = "exhibit written"   // Result: see ResultOfFiles
	Bundled   = "bundle written"    // Result: SHA-256 of the bundle
	Verified  = "bundle verified"   // SHA256 is that of the bundle, Result of the answer as JSON
	Explained = "hop explained"     // Result: SHA-256 of the answer as JSON
	Compared  = "traces compared"   // Result: SHA-256 of the answer as JSON
)

// Entry is one entry of the log: something declared or done. Its JSON is what is hashed, so fields
// are added behind the others and left out where they are empty: what was logged before keeps its bytes.
type Entry struct {
	When    time.Time         `json:"when"` // kept in UTC, to the second
	What    string            `json:"what"`
	SHA256  string            `json:"sha256,omitempty"` // of what it is about: an incident's file, an imported one
	Details map[string]string `json:"details,omitempty"`

	Who      string   `json:"who,omitempty"`      // as they name themselves, or as the system does
	Why      string   `json:"why,omitempty"`      // the purpose that was stated
	Incident string   `json:"incident,omitempty"` // its id
	Trace    string   `json:"trace,omitempty"`    // its id
	Settings []string `json:"settings,omitempty"` // flags and arguments that bear on the result, without secrets
	Result   string   `json:"result,omitempty"`   // SHA-256 of what came of it
	Tool     string   `json:"tool,omitempty"`     // the version and commit of the program

	Seq  int64  `json:"-"` // 1, 2, 3 …; set by the store
	Hash string `json:"-"` // hex; set by the store
}

// About returns the id of the incident that the entry is about; "" for none.
func (e *Entry) About() string {
	if e.Incident == "" && e.What == Declared {
		return e.Details["id"] // as entries had it before they had a field for it
	}
	return e.Incident
}

// Line is an entry as it is carried elsewhere: a line of JSON. Hash is the SHA-256 of the 32 bytes
// that Prev writes in hex, followed by the bytes of Entry; Prev of the first line is 64 zeros.
type Line struct {
	Seq   int64  `json:"seq"` // 1, 2, 3 …
	Prev  string `json:"prev"`
	Hash  string `json:"hash"`
	Entry string `json:"entry,omitempty"` // the exact bytes; empty where an excerpt leaves it out
}

// Hash returns the hash of an entry behind the one with the hash prev.
func Hash(prev [sha256.Size]byte, entry []byte) [sha256.Size]byte {
	return sha256.Sum256(append(prev[:], entry...))
}

// Parse reads the entry of a line that has one.
func (l *Line) Parse() (Entry, error) {
	var e Entry
	if err := strict.JSON([]byte(l.Entry), &e); err != nil {
		return Entry{}, fmt.Errorf("log entry %d: %w", l.Seq, err)
	}
	e.Seq, e.Hash = l.Seq, l.Hash
	return e, nil
}

// BrokenError names the first entry that does not hold.
type BrokenError struct {
	Seq int64
	Why string
}

// Error gives the number of the entry and what is wrong.
func (e *BrokenError) Error() string { return fmt.Sprintf("log entry %d %s", e.Seq, e.Why) }

// Verifier computes every hash again of a log from its first entry on, line by line. The zero value
// is at the begin of a log.
type Verifier struct {
	seq  int64 // of the last line
	prev [sha256.Size]byte
}

// Add checks the next line. An entry that an excerpt leaves out cannot be computed: what shows that
// it stood there is that the ones behind it are hashed with it. Errors are *BrokenError; behind one
// nothing can be added.
func (v *Verifier) Add(l *Line) error {
	seq := v.seq + 1
	hash, err := hex.DecodeString(l.Hash)
	switch {
	case l.Seq != seq:
		return &BrokenError{seq, fmt.Sprintf("is missing: number %d stands in its place", l.Seq)}
	case err != nil || len(hash) != len(v.prev) || hex.EncodeToString(hash) != l.Hash:
		return &BrokenError{seq, fmt.Sprintf("has no SHA-256 in lower-case hex: %q", l.Hash)}
	case l.Prev != hex.EncodeToString(v.prev[:]):
		return &BrokenError{seq, "was changed, or one before it is missing: it is hashed with another one before it"}
	case l.Entry != "":
		if sum := Hash(v.prev, []byte(l.Entry)); !bytes.Equal(sum[:], hash) {
			return &BrokenError{seq, "was changed: its hash is another"}
		}
		if _, err := l.Parse(); err != nil {
			return &BrokenError{seq, "is no entry: " + err.Error()}
		}
	}
	v.seq = seq
	copy(v.prev[:], hash)
	return nil
}

// Head returns the number and the hash of the last line that was added; 0 and "" before the first.
func (v *Verifier) Head() (seq int64, hash string) {
	if v.seq == 0 {
		return 0, ""
	}
	return v.seq, hex.EncodeToString(v.prev[:])
}

// Verify checks lines as a Verifier does, and returns the hash of the last, "" of an empty log.
func Verify(lines []Line) (head string, err error) {
	var v Verifier
	for i := range lines {
		if err := v.Add(&lines[i]); err != nil {
			return "", err
		}
	}
	_, head = v.Head()
	return head, nil
}

// Excerpt returns lines with the entries alone that keep takes; of the others the hashes stay, so
// that the chain still shows. lines must have been verified.
func Excerpt(lines []Line, keep func(*Entry) bool) ([]Line, error) {
	out := make([]Line, len(lines))
	for i := range lines {
		out[i] = lines[i]
		if lines[i].Entry == "" {
			continue
		}
		e, err := lines[i].Parse()
		if err != nil {
			return nil, err
		}
		if !keep(&e) {
			out[i].Entry = ""
		}
	}
	return out, nil
}

// OfIncident keeps the entries about the incident with an id, for Excerpt.
func OfIncident(id string) func(*Entry) bool {
	return func(e *Entry) bool { return e.About() == id }
}

// UpTo returns the lines as they stood when a result was first logged: those up to the entry What
// of that result, which makes a function of the trace of them as long as the log lives. All lines
// where there is no such entry.
func UpTo(lines []Line, what, result string) ([]Line, error) {
	for i := range lines {
		if lines[i].Entry == "" {
			continue
		}
		e, err := lines[i].Parse()
		if err != nil {
			return nil, err
		}
		if e.What == what && e.Result == result {
			return lines[:i+1], nil
		}
	}
	return lines, nil
}

// Write writes lines as JSON, each behind the other with a line feed.
func Write(w io.Writer, lines []Line) error {
	b := bufio.NewWriter(w)
	for i := range lines {
		text, err := json.Marshal(&lines[i])
		if err != nil {
			return fmt.Errorf("write log entry %d: %w", lines[i].Seq, err)
		}
		if _, err := b.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("write the log: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	return nil
}

// mostLine bounds a line: settings of thousands of seeds fit.
const mostLine = 16 << 20

// Read reads what Write wrote, without verifying it: an unknown field, and what is not one JSON
// object in each line, is an error that names the line.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	s := bufio.NewScanner(r)
	s.Buffer(nil, mostLine)
	for n := 1; s.Scan(); n++ {
		var l Line
		if err := strict.JSON(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d is no entry of a log: %w", n, err)
		}
		lines = append(lines, l)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return lines, nil
}

// File is a file by its name and its SHA-256 in hex.
type File struct{ Name, SHA256 string }

// ResultOfFiles is the hash over several files: the SHA-256 of what sha256sum prints of them, in the order in
// which they are given (LC_ALL=C sha256sum NAME… | sha256sum).
func ResultOfFiles(files []File) string {
	h := sha256.New()
	for _, f := range files {
		h.Write(fmt.Appendf(nil, "%s  %s\n", f.SHA256, f.Name)) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}
