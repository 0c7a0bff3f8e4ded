package screen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"clew/strict"
)

// idPrefix begins the id of every verdict.
const idPrefix = "scr-"

// head is how every verdict begins, up to where its id stands.
const head = `{"schema":"` + Schema + `","id":"`

// drafts are buffers in which verdicts are written before their ids are known.
var drafts = sync.Pool{New: func() any { return new([]byte) }}

// JSON returns the canonical bytes of v, which are those of json.Marshal, and sets v.ID. The id is
// "scr-" and the first 32 hex digits of the SHA-256 of the same bytes with an empty id, so whoever has
// a verdict can check it. The caller does not write to what is returned.
func (v *Verdict) JSON() ([]byte, error) {
	if v.raw != nil {
		return v.raw, nil
	}
	v.Schema, v.ID = Schema, ""
	scratch := drafts.Get().(*[]byte) //nolint:forcetypeassert // nothing else is put there
	defer drafts.Put(scratch)
	data, err := appendVerdict((*scratch)[:0], v)
	if err != nil {
		return nil, err
	}
	*scratch = data
	v.ID = verdictID(data)
	raw := make([]byte, 0, len(data)+len(v.ID))
	v.raw = append(append(append(raw, head...), v.ID...), data[len(head):]...)
	return v.raw, nil
}

// verdictID returns the id of a verdict whose bytes with an empty id are given.
func verdictID(data []byte) string {
	sum := sha256.Sum256(data)
	return idPrefix + hex.EncodeToString(sum[:16])
}

// ReadVerdict reads what JSON wrote, byte for byte: an error for a field that is unknown or stands
// twice, for another schema, and for an id that is not that of the bytes.
func ReadVerdict(data []byte) (*Verdict, error) {
	v := new(Verdict)
	if err := strict.JSON(data, v); err != nil {
		return nil, fmt.Errorf("read verdict: %w", err)
	}
	if v.Schema != Schema {
		return nil, fmt.Errorf("read verdict: schema %.60q: want %s", v.Schema, Schema)
	}
	id := v.ID
	data = bytes.TrimSuffix(data, []byte("\n"))
	raw, err := v.JSON()
	switch {
	case err != nil:
		return nil, err
	case id != v.ID:
		return nil, fmt.Errorf("read verdict: its id is %.60q, and its bytes make %s: it was changed", id, v.ID)
	case !bytes.Equal(raw, data):
		return nil, errors.New("read verdict: it is not written as this program writes it: it was changed, or written again")
	}
	return v, nil
}
