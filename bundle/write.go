package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

// WriteOptions of Write.
type WriteOptions struct {
	// Sign returns a minisign signature of the manifest's bytes; nil: the bundle has none.
	Sign func(manifest []byte) ([]byte, error)
}

// Write writes the bundle of members under m, whose Files it fills in, and returns the SHA-256 of
// what it wrote, hex. The order of members does not matter; README.txt is written for them. What was
// written is no bundle where it returns an error.
func Write(w io.Writer, m Manifest, members []Member, opt WriteOptions) (sha string, err error) {
	readme, err := readme(&m)
	if err != nil {
		return "", err
	}
	members = append(slices.Clone(members), Bytes(ReadmeFile, readme))
	m.Files = nil
	var frames []framed
	for i := range members {
		file, crc, err := measure(&members[i])
		if err != nil {
			return "", fmt.Errorf("%s: %w", members[i].Name, err)
		}
		m.Files = append(m.Files, file)
		frames = append(frames, framed{name: file.Name, crc: crc, size: file.Bytes})
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	text, err := m.Encode()
	if err != nil {
		return "", fmt.Errorf("%s: %w", ManifestFile, err)
	}
	own := []Member{Bytes(ManifestFile, text)}
	if opt.Sign != nil {
		signature, err := opt.Sign(text)
		if err != nil {
			return "", fmt.Errorf("sign the manifest: %w", err)
		}
		own = append(own, Bytes(SignatureFile, signature))
	}
	for i := range own {
		file, crc, err := measure(&own[i])
		if err != nil {
			return "", fmt.Errorf("%s: %w", own[i].Name, err)
		}
		members, frames = append(members, own[i]), append(frames, framed{name: file.Name, crc: crc, size: file.Bytes})
	}
	return writeZIP(w, members, frames)
}

// measure returns the size and the hashes of a member's content.
func measure(m *Member) (f File, crc uint32, err error) {
	if !safeName.MatchString(m.Name) || len(m.Name) > maxName || !isKnown(m.Name) {
		return f, 0, errors.New("a bundle has no member of this name")
	}
	content, err := m.Open()
	if err != nil {
		return f, 0, err
	}
	sum, check := sha256.New(), crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(sum, check), content)
	if err := errors.Join(err, content.Close()); err != nil {
		return f, 0, err
	}
	return File{Name: m.Name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, check.Sum32(), nil
}

// writeZIP writes members, of which frames tells the sizes in the same order, sorted by name.
func writeZIP(w io.Writer, members []Member, frames []framed) (sha string, err error) {
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(members[a].Name, members[b].Name) })
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	sorted := make([]framed, 0, len(order))
	at := int64(0)
	for n, i := range order {
		f := frames[i]
		if n > 0 && sorted[n-1].name == f.name {
			return "", fmt.Errorf("%s: there are two of it", f.name)
		}
		if f.at = at; f.next() > maxZip || len(order) > maxMembers {
			return "", errors.New("a bundle has at most 4 GiB and 10,000 files")
		}
		if _, err := out.Write(f.header()); err != nil {
			return "", fmt.Errorf("%s: %w", f.name, err)
		}
		if err := pour(out, &members[i], &f); err != nil {
			return "", fmt.Errorf("%s: %w", f.name, err)
		}
		sorted, at = append(sorted, f), f.next()
	}
	if _, err := out.Write(directory(sorted, at)); err != nil {
		return "", fmt.Errorf("end of the bundle: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// pour writes the content of a member, which must be what was measured.
func pour(out io.Writer, m *Member, f *framed) error {
	content, err := m.Open()
	if err != nil {
		return err
	}
	check := crc32.NewIEEE()
	n, err := io.Copy(io.MultiWriter(out, check), content)
	if err := errors.Join(err, content.Close()); err != nil {
		return err
	}
	if n != f.size || check.Sum32() != f.crc {
		return errors.New("it changed while the bundle was written")
	}
	return nil
}

// hashOf is the SHA-256 of data, hex.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
