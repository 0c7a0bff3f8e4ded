package bundle

import (
	"fmt"

	"clew/chains"
)

// SettingsSchema is the name and version of settings.json.
const SettingsSchema = "clew.settings/1"

// Settings is the content of settings.json: all that bears on a trace and stands neither in the
// incident nor in what was read. A value means what the flag of `clew trace` with the field's name
// means; an empty one that it was not given.
type Settings struct {
	Schema    string   `json:"schema"`      // SettingsSchema
	From      string   `json:"from"`        // height of the first block of the chain of the seeds
	AsOf      []string `json:"as_of"`       // CHAIN=HEIGHT:HASH
	Without   []string `json:"without"`     // heuristics that were left out
	Through   []string `json:"through"`     // mixes that the trace goes on through
	LabelAsOf string   `json:"label_as_of"` // date of the labels
	Imports   []Import `json:"imports"`     // what is said of the files in imports/, in the order in which they were read
}

// Import is what was said of an imported file when it was imported.
type Import struct {
	Chain    chains.Chain `json:"chain"`
	Name     string       `json:"name"`   // of the file
	Source   string       `json:"source"` // who delivered it
	Unit     string       `json:"unit"`   // what its amounts are counted in where that is no coin
	Decimals int          `json:"decimals"`
	SHA256   string       `json:"sha256"` // of the file, which is imports/SHA256
}

// Complete returns s as it is written: with its schema, and no list that is null.
func (s Settings) Complete() Settings {
	s.Schema = SettingsSchema
	for _, list := range []*[]string{&s.AsOf, &s.Without, &s.Through} {
		if *list == nil {
			*list = []string{}
		}
	}
	if s.Imports == nil {
		s.Imports = []Import{}
	}
	return s
}

// Member is the settings as a member of a bundle.
func (s Settings) Member() (Member, error) {
	s = s.Complete()
	text, err := encode(&s)
	if err != nil {
		return Member{}, fmt.Errorf("%s: %w", SettingsFile, err)
	}
	return Bytes(SettingsFile, text), nil
}

// Settings reads settings.json.
func (b *Bundle) Settings() (Settings, error) {
	var s Settings
	text, err := b.ReadFile(SettingsFile)
	if err != nil {
		return s, err
	}
	if err := decode(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", SettingsFile, err)
	}
	if s.Schema != SettingsSchema {
		return s, fmt.Errorf("%s: schema %q: this program reads %q", SettingsFile, s.Schema, SettingsSchema)
	}
	return s, nil
}
