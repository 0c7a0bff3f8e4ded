package engine

import (
	"errors"
	"fmt"
	"io/fs"

	"zombiezen.com/go/sqlite"
)

// Schema says what a file is and how it came to be what it is.
type Schema struct {
	ApplicationID int64 // in the header of every file of this kind: four letters of ASCII
	// First is the version that the first migration leads to, from an empty file; what was written
	// before that, ahead of any release, is refused.
	First   int
	Current int // what this program writes
	// Migrations are the scripts; File names the one that leads to a version.
	Migrations fs.FS
	File       func(version int) string
	PageBytes  int // size of a page of new files
	// Made runs in the transaction of the first migration; nil: nothing.
	Made   func(*sqlite.Conn) error
	Fill   string // how a person makes one: "clew sync fills it"
	Anew   string // how a person replaces one that is too old
	Errors *Errors
}

// Mode says what a file is opened for.
type Mode struct{ Create, ReadOnly bool }

// Flags are those with which a connection is opened.
func (m Mode) Flags() sqlite.OpenFlags {
	switch {
	case m.ReadOnly:
		return sqlite.OpenReadOnly
	case m.Create:
		return sqlite.OpenReadWrite | sqlite.OpenCreate
	}
	return sqlite.OpenReadWrite
}

// Migrate checks what c leads to and runs the migrations that it lacks, each in one
// transaction. Schemas only go forward.
func (s *Schema) Migrate(c *sqlite.Conn, m Mode) error {
	version, err := s.examine(c, m)
	if err != nil {
		return err
	}
	if m.ReadOnly {
		if version < s.Current {
			return fmt.Errorf("%w: its schema is %d, this program's %d (clew db migrate)", s.Errors.Older, version, s.Current)
		}
		return nil
	}
	if version == 0 {
		if err := RunScript(c, fmt.Sprintf(`PRAGMA page_size = %d`, s.PageBytes)); err != nil {
			return err
		}
	}
	if err := useWAL(c); err != nil {
		return err
	}
	for v := max(version+1, s.First); v <= s.Current; v++ {
		if err := s.migrateTo(c, v); err != nil {
			return fmt.Errorf("migration to schema %d: %w", v, err)
		}
	}
	return nil
}

// examine returns the version of the schema that c leads to, 0 for an empty file.
func (s *Schema) examine(c *sqlite.Conn, m Mode) (int, error) {
	id, err := Number(c, `PRAGMA application_id`)
	if err != nil {
		return 0, err
	}
	version, err := Number(c, `PRAGMA user_version`)
	if err != nil {
		return 0, err
	}
	objects, err := Number(c, `SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return 0, err
	}
	switch {
	case id == 0 && version == 0 && objects == 0:
		if !m.Create {
			return 0, fmt.Errorf("%w: the file is empty (%s)", s.Errors.Empty, s.Fill)
		}
	case id != s.ApplicationID:
		return 0, fmt.Errorf("%w: another program's SQLite file, or one of another kind (application id %#x)", s.Errors.Foreign, id)
	case version > 0 && version < int64(s.First):
		return 0, fmt.Errorf("%w: its schema is %d, of before the first release (%s)", s.Errors.Older, version, s.Anew)
	case version > int64(s.Current):
		return 0, fmt.Errorf("%w: its schema is %d, this program's %d (install the newer program)", s.Errors.Newer, version, s.Current)
	}
	return int(version), nil
}

// migrateTo runs the migration to version v, unless another process did meanwhile.
func (s *Schema) migrateTo(c *sqlite.Conn, v int) (err error) {
	if err := RunScript(c, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if !c.AutocommitEnabled() {
			err = errors.Join(err, RunScript(c, `ROLLBACK`))
		}
	}()
	have, err := Number(c, `PRAGMA user_version`)
	if err != nil || have >= int64(v) {
		return err
	}
	sql, err := fs.ReadFile(s.Migrations, s.File(v))
	if err != nil {
		return err
	}
	if err := RunScript(c, string(sql)); err != nil {
		return err
	}
	if v == s.First && s.Made != nil {
		if err := s.Made(c); err != nil {
			return err
		}
	}
	if err := RunScript(c, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, s.ApplicationID, v)); err != nil {
		return err
	}
	return RunScript(c, `COMMIT`)
}
