package bundle

import (
	"archive/zip"
	"io"
	"io/fs"
)

// files are the members that could be read, as a file system. Folders are as the archive has them.
type files struct {
	zip     *zip.Reader
	members map[string]*io.SectionReader
}

// Open is of fs.FS.
func (f files) Open(name string) (fs.File, error) {
	s, ok := f.members[name]
	opened, err := f.zip.Open(name)
	if err != nil {
		return nil, err
	}
	if ok {
		return &file{opened, io.NewSectionReader(s, 0, s.Size())}, nil
	}
	if _, folder := opened.(fs.ReadDirFile); folder {
		return opened, nil
	}
	if err := opened.Close(); err != nil {
		return nil, err
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// file is a member. It is read where it lies: the archive's own reader cannot be read at an offset.
type file struct {
	fs.File
	*io.SectionReader
}

// Read is of fs.File.
func (f *file) Read(p []byte) (int, error) { return f.SectionReader.Read(p) }
