package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ErrNoBundle: nothing of a file can be read as a bundle.
var ErrNoBundle = errors.New("it is no bundle")

// Bundle is a bundle that was opened. Safe for concurrent use.
type Bundle struct {
	Manifest  Manifest
	SHA256    string // of the whole file
	Signature []byte // the bytes of manifest.json.minisig; nil: not signed

	manifest []byte // its bytes
	fs       files
}

// What is read into memory of a bundle at most, in bytes.
const (
	maxManifest  = 16 << 20
	maxSignature = 64 << 10
	maxText      = 1 << 30
	maxProblems  = 1000
)

// Open reads a bundle of size bytes and checks it against its own manifest: the form of the
// archive to the last byte, names, sizes and hashes. What is not as it must be is returned as
// problems, each with the member that it is about, in the order of the members; Open goes on behind
// them, and what can be read is in FS. It is an error, which wraps ErrNoBundle, only where nothing
// can be read, and ctx's where that ended.
//
// What the members say is not looked at, but for what the manifest repeats of them.
func Open(ctx context.Context, r io.ReaderAt, size int64) (*Bundle, []Problem, error) {
	sum, err := sumOf(ctx, io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, nil, fmt.Errorf("read the bundle: %w", err)
	}
	o := &opener{bundle: &Bundle{SHA256: sum}, r: r, size: size}
	if err := o.list(); err != nil {
		return nil, nil, err
	}
	o.readManifest()
	if err := o.contents(ctx); err != nil {
		return nil, nil, fmt.Errorf("read the bundle: %w", err)
	}
	if err := o.frame(); err != nil {
		return nil, nil, fmt.Errorf("read the bundle: %w", err)
	}
	o.compare()
	return o.bundle, o.problems, nil
}

// ManifestBytes returns the bytes of manifest.json; nil where they could not be read. A signature is
// one of these.
func (b *Bundle) ManifestBytes() []byte { return b.manifest }

// FS returns the members that could be read, as a file system. Its files offer io.ReaderAt.
func (b *Bundle) FS() fs.FS { return b.fs }

// ReadFile returns the content of a member.
func (b *Bundle) ReadFile(name string) ([]byte, error) {
	s, ok := b.fs.members[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if s.Size() > maxText {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are read", name, s.Size(), maxText)
	}
	data, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// Recordings returns the folders that hold a recording, by name.
func (b *Bundle) Recordings() []string {
	var out []string
	for name := range b.fs.members {
		if strings.HasPrefix(name, RecordingFolder+"/") && path.Base(name) == "recording.json" {
			out = append(out, path.Dir(name))
		}
	}
	slices.Sort(out)
	return out
}

// In returns the members right in a folder, by name.
func (b *Bundle) In(folder string) []string {
	var out []string
	for name := range b.fs.members {
		if path.Dir(name) == folder {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// opener is a bundle that is being opened.
type opener struct {
	bundle   *Bundle
	r        io.ReaderAt
	size     int64
	members  []framed // in the order of the archive
	raw      []*zip.File
	problems []Problem
	whole    bool // the manifest could be read
}

func (o *opener) problem(file, format string, args ...any) {
	if len(o.problems) < maxProblems {
		o.problems = append(o.problems, Problem{file, fmt.Sprintf(format, args...)})
	}
}

// list finds the members. One that is no plain file under a name that is allowed, or that stands
// twice, is a problem and not read.
func (o *opener) list() error {
	z, err := zip.NewReader(o.r, o.size)
	if z == nil || err != nil {
		return fmt.Errorf("%w: %w", ErrNoBundle, err)
	}
	if len(z.File) == 0 || len(z.File) > maxMembers {
		return fmt.Errorf("%w: it has %d files", ErrNoBundle, len(z.File))
	}
	o.bundle.fs = files{zip: z, members: map[string]*io.SectionReader{}}
	met := map[string]bool{}
	for i, f := range z.File {
		o.raw = append(o.raw, f)
		o.members = append(o.members, framed{name: f.Name, size: int64(f.CompressedSize64)})
		if i > 0 && f.Name < z.File[i-1].Name {
			o.problem(f.Name, "it stands behind %s: the members of a bundle are in the order of their names", z.File[i-1].Name)
		}
		at, err := f.DataOffset()
		switch {
		case !safeName.MatchString(f.Name) || len(f.Name) > maxName:
			o.problem(printable(f.Name), "a file of a bundle cannot be called so")
		case met[f.Name]:
			o.problem(f.Name, "there are two of it: the manifest can mean only one")
		case !isKnown(f.Name):
			o.problem(f.Name, "no bundle has such a file")
		case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
			o.problem(f.Name, "it is compressed or encrypted: what a bundle holds is stored as it is")
		case err != nil || f.CompressedSize64 > uint64(o.size) || at+int64(f.CompressedSize64) > o.size:
			o.problem(f.Name, "its place in the archive cannot be read")
		default:
			o.bundle.fs.members[f.Name] = io.NewSectionReader(o.r, at, int64(f.CompressedSize64))
		}
		met[f.Name] = true
	}
	return nil
}

// readManifest reads the manifest and the signature.
func (o *opener) readManifest() {
	s := o.bundle.fs.members[ManifestFile]
	if s == nil {
		o.problem(ManifestFile, "it is missing: nothing says what must be in this bundle")
		return
	}
	if s.Size() > maxManifest {
		o.problem(ManifestFile, "it has %d bytes: no manifest has", s.Size())
		return
	}
	data, err := o.bundle.ReadFile(ManifestFile)
	if err != nil {
		o.problem(ManifestFile, "%v", err)
		return
	}
	o.bundle.manifest = data
	m := &o.bundle.Manifest
	if err := decode(data, m); err != nil {
		o.problem(ManifestFile, "%v", err)
		return
	}
	if m.Schema != Schema {
		o.problem(ManifestFile, "schema %q: this program reads %q", m.Schema, Schema)
	}
	o.whole = true
	for i := range m.Files {
		if i > 0 && m.Files[i].Name <= m.Files[i-1].Name {
			o.problem(ManifestFile, "%s does not stand behind %s: the files of a manifest are in the order of their names", printable(m.Files[i].Name), printable(m.Files[i-1].Name))
			o.whole = false
		}
	}
	o.readSignature()
}

func (o *opener) readSignature() {
	s := o.bundle.fs.members[SignatureFile]
	if s == nil {
		return
	}
	if s.Size() > maxSignature {
		o.problem(SignatureFile, "it has %d bytes: no signature has", s.Size())
		return
	}
	data, err := o.bundle.ReadFile(SignatureFile)
	if err != nil {
		o.problem(SignatureFile, "%v", err)
		return
	}
	o.bundle.Signature = data
}

// contents compares each member with the manifest.
func (o *opener) contents(ctx context.Context) error {
	for i := range o.members {
		f := &o.members[i]
		s := o.bundle.fs.members[f.name]
		f.crc = o.raw[i].CRC32
		if s == nil {
			continue
		}
		crc := crc32.NewIEEE()
		sum, err := sumOf(ctx, io.TeeReader(io.NewSectionReader(s, 0, s.Size()), crc))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			o.problem(f.name, "%v", err)
			continue
		}
		want := o.bundle.Manifest.file(f.name)
		own := f.name == ManifestFile || f.name == SignatureFile
		switch {
		case own && want != nil:
			o.problem(ManifestFile, "it names %s, which has to stand outside of it", f.name)
			f.crc = crc.Sum32()
		case own || !o.whole:
			f.crc = crc.Sum32()
		case want == nil:
			o.problem(f.name, "the manifest does not name it")
		case want.Bytes != s.Size():
			o.problem(f.name, "it has %d bytes, and the manifest says %d", s.Size(), want.Bytes)
		case want.SHA256 != sum:
			o.problem(f.name, "its SHA-256 is %s, and the manifest says %s", sum, want.SHA256)
		default:
			f.crc = crc.Sum32()
		}
	}
	for i := range o.bundle.Manifest.Files {
		name := o.bundle.Manifest.Files[i].Name
		if !slices.ContainsFunc(o.members, func(f framed) bool { return f.name == name }) {
			o.problem(printable(name), "the manifest names it, and it is missing")
		}
	}
	return nil
}

// frame compares the archive around the contents, byte for byte, with the one form that it can have.
func (o *opener) frame() error {
	at := int64(0)
	for i := range o.members {
		f := &o.members[i]
		f.at = at
		same, err := o.stands(at, f.header())
		if err != nil {
			return err
		}
		if !same {
			o.problem(printable(f.name), "what stands before it in the archive is not what a bundle has there: other bytes, another date, or a wrong checksum")
			return nil // where the next one begins is not known
		}
		at = f.next()
	}
	end := directory(o.members, at)
	same, err := o.stands(at, end)
	if err == nil && (!same || at+int64(len(end)) != o.size) {
		o.problem("", "the end of the archive is not what a bundle has there: its directory was changed, or something stands behind it")
	}
	return err
}

// stands reports whether want stands at an offset.
func (o *opener) stands(at int64, want []byte) (bool, error) {
	if at < 0 || at+int64(len(want)) > o.size {
		return false, nil
	}
	have := make([]byte, len(want))
	if _, err := o.r.ReadAt(have, at); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.Equal(have, want), nil
}

// compare looks for what every bundle has.
func (o *opener) compare() {
	for _, name := range required() {
		listed := o.bundle.Manifest.file(name) != nil
		if _, ok := o.bundle.fs.members[name]; !ok && !listed {
			o.problem(name, "it is missing: every bundle has it")
		}
	}
	if want, err := readme(&o.bundle.Manifest); o.whole && o.bundle.Manifest.Schema == Schema && o.bundle.fs.members[ReadmeFile] != nil {
		if have, fault := o.bundle.ReadFile(ReadmeFile); err != nil || fault != nil || !bytes.Equal(have, want) {
			o.problem(ReadmeFile, "it is not the text that a bundle with this manifest has: somebody else speaks there")
		}
	}
	if len(o.bundle.Recordings()) == 0 && len(o.bundle.In(ImportsFolder)) == 0 {
		o.problem(RecordingFolder, "it is missing: a bundle has what the trace was made from")
	}
}

// sumOf returns the SHA-256 of what r holds, hex.
func sumOf(ctx context.Context, r io.Reader) (string, error) {
	sum := sha256.New()
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := r.Read(buf)
		sum.Write(buf[:n]) // a hash never fails
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// printable is a name that somebody wrote into an archive, for people.
func printable(name string) string {
	if len(name) <= maxName && safeName.MatchString(name) {
		return name
	}
	return fmt.Sprintf("%.200q", name)
}
