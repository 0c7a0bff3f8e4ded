package labels

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"unicode/utf8"
)

// maxFile is the longest file that is read at once. A list of OFAC is read as a stream.
const maxFile = 1 << 30

// Forms lists what Read takes, for people.
func Forms() []Form { return []Form{FormTagPack, FormActorPack, FormOFAC, FormList, FormCSV} }

// Read reads a file of any form, also packed with gzip; form "" is found out by looking. The
// edition's SHA-256 is that of the file as it came.
func Read(in io.Reader, form Form, o TableOptions) (*Pack, Report, error) {
	h := &hashed{in: in, sum: sha256.New()}
	raw := bufio.NewReaderSize(h, 1<<16)
	text, err := unzipped(raw)
	if err != nil {
		return nil, Report{}, err
	}
	o.Edition.File = strings.TrimSuffix(o.Edition.File, ".gz")
	start, _ := text.Peek(512) // a shorter file has less, and an error comes again
	if form == FormOFAC || form == "" && bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\ufeff"))), []byte("<")) {
		o.sum = func() (string, error) { return h.rest(raw) }
		return OFAC(text, o.Options)
	}
	data, err := io.ReadAll(io.LimitReader(text, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%w: it has more than 1 GiB", ErrForm)
	}
	if err != nil {
		return nil, Report{}, fmt.Errorf("read it: %w", err)
	}
	if o.Edition.SHA256, err = h.rest(raw); err != nil {
		return nil, Report{}, err
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))) == 0 {
		return nil, Report{}, fmt.Errorf("%w: the file is empty", ErrForm)
	}
	if form == "" {
		form = detect(o.Edition.File, data)
	}
	switch form {
	case FormTagPack:
		return TagPack(data, o.Options)
	case FormActorPack:
		return ActorPack(data, o.Options)
	case FormCSV:
		return CSV(data, o)
	case FormList:
		if unlike(data) {
			return nil, Report{}, fmt.Errorf("%w: it is no TagPack, ActorPack, list of OFAC or table, and its first line holds no address", ErrForm)
		}
		return List(data, o)
	}
	return nil, Report{}, fmt.Errorf("%w: %q is none that can be read", ErrForm, form)
}

// detect says what a file that is no XML is taken for.
func detect(name string, data []byte) Form {
	switch has := func(line string) bool {
		return bytes.HasPrefix(data, []byte(line)) || bytes.Contains(data, []byte("\n"+line))
	}; {
	case has("tags:"):
		return FormTagPack
	case has("actors:"):
		return FormActorPack
	case path.Ext(name) == ".csv" || path.Ext(name) == ".tsv":
		return FormCSV
	}
	head, _, _ := bytes.Cut(data, []byte("\n"))
	if names := strings.FieldsFunc(string(head), func(r rune) bool { return strings.ContainsRune(",;\t", r) }); len(names) > 1 {
		if _, err := columnsOf(names, nil); err == nil {
			return FormCSV
		}
	}
	return FormList
}

// unlike reports whether a file is none with an address a line: its first line that is no comment
// begins with what no address of any chain has in it.
func unlike(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			word := string(line)
			if at := strings.IndexAny(word, " \t,;"); at >= 0 {
				word = word[:at]
			}
			return !utf8.ValidString(word) || strings.ContainsAny(word, "{}[]<>\"'\x00")
		}
	}
	return false
}

// unzipped returns in, unpacked where it is a gzip file.
func unzipped(in *bufio.Reader) (*bufio.Reader, error) {
	if start, _ := in.Peek(2); !bytes.Equal(start, []byte{0x1f, 0x8b}) { // a shorter file is none
		return in, nil
	}
	zr, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpack it: %w", err)
	}
	return bufio.NewReaderSize(zr, 1<<16), nil
}

// hashed is a reader that hashes what is read.
type hashed struct {
	in  io.Reader
	sum hash.Hash
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	h.sum.Write(p[:n])
	return n, err //nolint:wrapcheck // it stands in for the reader
}

// rest reads what is left behind front, and returns the hash of everything.
func (h *hashed) rest(front io.Reader) (string, error) {
	if _, err := io.Copy(io.Discard, front); err != nil {
		return "", fmt.Errorf("read its end: %w", err)
	}
	return hex.EncodeToString(h.sum.Sum(nil)), nil
}
