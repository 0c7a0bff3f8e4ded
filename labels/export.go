package labels

import (
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"
)

// exported is a TagPack as it is written. A field that a label lacks is left out, and of the fields
// of a tag only a date that all have stands in the header, so that nothing else is inherited.
type exported struct {
	Title       string `yaml:"title"`
	Creator     string `yaml:"creator,omitempty"`
	Description string `yaml:"description,omitempty"`
	Licence     string `yaml:"licence,omitempty"`
	Retrieved   string `yaml:"retrieved,omitempty"`
	From        string `yaml:"retrieved_from,omitempty"`
	LastMod     string `yaml:"lastmod,omitempty"`
	Dated       string `yaml:"dated,omitempty"`
	Tags        []tag  `yaml:"tags"`
}

type tag struct {
	Address        string   `yaml:"address"`
	Currency       string   `yaml:"currency,omitempty"`
	Network        string   `yaml:"network,omitempty"`
	Label          string   `yaml:"label"`
	Source         string   `yaml:"source,omitempty"`
	Actor          string   `yaml:"actor,omitempty"`
	Category       string   `yaml:"category,omitempty"`
	Abuse          string   `yaml:"abuse,omitempty"`
	Concepts       []string `yaml:"concepts,omitempty"`
	Confidence     string   `yaml:"confidence,omitempty"`
	ClusterDefiner *bool    `yaml:"is_cluster_definer,omitempty"`
	Context        string   `yaml:"context,omitempty"`
	LastMod        string   `yaml:"lastmod,omitempty"`
	ValidFrom      string   `yaml:"valid_from,omitempty"`
	ValidTo        string   `yaml:"valid_to,omitempty"`
}

// WriteTagPack writes the labels of one pack of the set as a TagPack, which TagPack reads again as
// the same labels of the same edition, but for the raw text and the file, which are then its own.
// Additions to the form are, in the header, `licence`, `retrieved`, `retrieved_from` and `dated`, and
// of a tag `valid_from` and `valid_to`; they are written only where they are known.
func (s *Set) WriteTagPack(out io.Writer, pack string, codec Codec) error {
	var e *Edition
	doc := exported{Tags: []tag{}}
	alike := true // each label bears the pack's own date
	found, err := s.Labels(pack, func(l *Label) error {
		e = l.Edition
		alike = alike && l.LastMod.Equal(l.Edition.Dated)
		doc.Tags = append(doc.Tags, tagOf(l, codec))
		return nil
	})
	if err != nil {
		return err
	}
	if !found || e == nil {
		return fmt.Errorf("pack %s: it is not in this set, or has no labels", pack)
	}
	doc.Title, doc.Creator, doc.Description = e.Title, e.Creator, e.Description
	doc.Licence, doc.Retrieved, doc.From = e.Licence, date(e.Retrieved), e.Source
	if alike {
		doc.LastMod = date(e.Dated)
		for i := range doc.Tags {
			doc.Tags[i].LastMod = ""
		}
	} else {
		doc.Dated = date(e.Dated)
	}
	w := yaml.NewEncoder(out)
	w.SetIndent(2)
	if err = w.Encode(&doc); err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("write the TagPack: %w", err)
	}
	return nil
}

func tagOf(l *Label, codec Codec) tag {
	t := tag{
		Address: l.Written(codec), Currency: l.Asset, Network: l.Network, Label: l.Text, Source: l.Source, Actor: l.Actor, Category: l.Category,
		Abuse: l.Abuse, Concepts: l.Concepts, Confidence: l.Confidence, Context: l.Context,
		LastMod: date(l.LastMod), ValidFrom: date(l.ValidFrom), ValidTo: date(l.ValidTo),
	}
	if l.ClusterDefiner != "" {
		b := l.ClusterDefiner == "true"
		t.ClusterDefiner = &b
	}
	return t
}

// date writes a time as parseTime reads it; "" for the zero time.
func date(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339)
}
