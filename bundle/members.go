package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Member is a file that goes into a bundle. Open is called twice, and must give the same bytes.
type Member struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Bytes is a member of data.
func Bytes(name string, data []byte) Member {
	return Member{name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// FromFS is a member whose content is a file of fsys.
func FromFS(name string, fsys fs.FS, file string) Member {
	return Member{name, func() (io.ReadCloser, error) { return fsys.Open(file) }}
}

// safeName is what a member can be called: parts of letters, digits, dots, underscores and hyphens,
// none of which begins with a dot.
var safeName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

// maxName bounds the name of a member, in bytes.
const maxName = 200

// known says what members a bundle can have, as patterns of path.Match.
func known() []string {
	recording := []string{"recording.json", "objects.zip", "declared.json"}
	list := []string{
		ManifestFile, SignatureFile, ReadmeFile, IncidentFile, TraceFile, SettingsFile, LogFile,
		LabelsFile, ImportsFolder + "/" + strings.Repeat("[0-9a-f]", 2*sha256.Size),
	}
	for _, name := range recording {
		list = append(list, RecordingFolder+"/"+name, RecordingFolder+"/*/"+name)
	}
	return list
}

// required are the members without which nothing can be checked.
func required() []string {
	return []string{ReadmeFile, IncidentFile, SettingsFile, TraceFile}
}

// isKnown reports whether a bundle can have a member of that name.
func isKnown(name string) bool {
	for _, pattern := range known() {
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// The ZIP around the members has one form. Each member is a header of 30 bytes, its name, its
// content; behind the last one stand an entry of 46 bytes and a name for each, and an end of 22
// bytes. Methods, flags, attributes, extra fields and comments are empty, and every date is
// 1 January 1980.
const (
	headerSize  = 30
	entrySize   = 46
	endSize     = 22
	zipVersion  = 20
	zipDate     = 1<<5 | 1 // January, the first; 1980 is year 0
	maxZip      = 1<<32 - 1
	maxMembers  = 10_000
	headerMagic = 0x04034b50
	entryMagic  = 0x02014b50
	endMagic    = 0x06054b50
)

// framed is what the frame says of a member.
type framed struct {
	name string
	crc  uint32
	size int64
	at   int64 // where its header begins
}

// header is what stands before its content.
func (f *framed) header() []byte {
	out := binary.LittleEndian.AppendUint32(nil, headerMagic)
	return append(append(f.common(out), 0, 0), f.name...)
}

// entry is what stands for it in the directory at the end.
func (f *framed) entry() []byte {
	out := binary.LittleEndian.AppendUint32(nil, entryMagic)
	out = binary.LittleEndian.AppendUint16(out, zipVersion)
	out = append(f.common(out), make([]byte, 12)...) // extra field, comment, disk, attributes: 0
	out = binary.LittleEndian.AppendUint32(out, uint32(f.at))
	return append(out, f.name...)
}

// common is what header and entry share.
func (f *framed) common(out []byte) []byte {
	for _, v := range []uint16{zipVersion, 0, 0, 0, zipDate} { // version, flags, method, time, date
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	for _, v := range []uint32{f.crc, uint32(f.size), uint32(f.size)} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return binary.LittleEndian.AppendUint16(out, uint16(len(f.name)))
}

// next is where what stands behind it begins.
func (f *framed) next() int64 { return f.at + headerSize + int64(len(f.name)) + f.size }

// directory returns the end of a ZIP whose directory begins at start.
func directory(members []framed, start int64) []byte {
	var out []byte
	for i := range members {
		out = append(out, members[i].entry()...)
	}
	size := uint32(len(out))
	out = binary.LittleEndian.AppendUint32(out, endMagic)
	for _, v := range []uint16{0, 0, uint16(len(members)), uint16(len(members))} {
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	out = binary.LittleEndian.AppendUint32(out, size)
	out = binary.LittleEndian.AppendUint32(out, uint32(start))
	return append(out, 0, 0)
}
