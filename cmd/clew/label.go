package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/labels"
	"clew/store"
)

// Where a pack of labels comes from.
const (
	fromProgram = "program" // it is carried in it
	fromUpdate  = "update"  // clew label update put it in the place of those
	fromImport  = "import"
)

// knownLabels are the labels of the program and of a store together.
type knownLabels struct {
	set     *labels.Set
	packs   []*labels.Pack
	from    map[string]string // by the SHA-256 of a pack
	noStore bool              // a store was named that does not exist
}

// labelsOf returns the labels of the program and of an open store; nil: of the program alone.
func labelsOf(ctx context.Context, st *store.Store) (*knownLabels, error) {
	k := &knownLabels{from: map[string]string{}}
	var kept []store.LabelPack
	var err error
	if st != nil {
		if kept, err = st.LabelPacks(ctx); err != nil {
			return nil, err
		}
	}
	var packs []*labels.Pack
	replaced := false
	for i := range kept {
		p, err := labels.Unpack(kept[i].Content)
		if err != nil {
			return nil, fmt.Errorf("labels of the store: %w", err)
		}
		packs, k.from[p.SHA256()] = append(packs, p), fromImport
		if kept[i].Base {
			replaced, k.from[p.SHA256()] = true, fromUpdate
		}
	}
	if !replaced {
		carried, err := labels.BuiltIn()
		if err != nil {
			return nil, err
		}
		for _, p := range carried {
			packs, k.from[p.SHA256()] = append(packs, p), fromProgram
		}
	}
	k.packs = packs
	if k.set, err = labels.NewSet(packs...); err != nil {
		return nil, err
	}
	return k, nil
}

// labelsAt returns the labels of the program and of the store of the command line. It need not exist;
// but whoever names one expects what is in it, and is told.
func labelsAt(ctx context.Context, w *world, c *cli.Context) (k *knownLabels, err error) {
	db := c.String("db")
	st, err := store.Open(ctx, db, store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		if k, err = labelsOf(ctx, nil); err == nil && db != defaultDB {
			k.noStore = true
			w.remark("there is no store %s: only the labels that the program carries were asked\n", db)
		}
		return k, err
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return labelsOf(ctx, st)
}

// edition finds the edition that a person names: by the first digits of its id, or by its title,
// and then the latest.
func (k *knownLabels) edition(name string) (*labels.EditionInfo, error) {
	var found []labels.EditionInfo
	for _, e := range k.set.Editions() {
		if len(name) >= 4 && strings.HasPrefix(e.Pack, name) || e.Title == name && e.Until.IsZero() {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return nil, withHint(fmt.Errorf("no source of labels is called %q", name), "clew label list names them: give the id or the title")
	case 1:
		return &found[0], nil
	}
	return nil, withHint(fmt.Errorf("%d sources of labels are called %q", len(found), name), "give the id, which clew label list prints")
}

// labelDate reads the value of a flag that is a date or a time; "" is the zero time.
func labelDate(flag, text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if text == "" {
		return time.Time{}, nil
	}
	return time.Time{}, &usageError{fmt.Sprintf("--%s: %q is no date", flag, text), "such as 2022-03-29, or 2022-03-29T11:19:50Z"}
}

// labelAsOf reads --as-of of a question about labels.
func labelAsOf(c *cli.Context) (time.Time, error) {
	given := c.StringSlice("as-of")
	switch len(given) {
	case 0:
		return time.Time{}, nil
	case 1:
		return labelDate("as-of", given[0])
	}
	return time.Time{}, &usageError{"--as-of: one date", ""}
}

// changeLabels opens the store for a change of its labels, making it where there is none, and
// writes into the log what was done: an entry for each file, or one.
func changeLabels(ctx context.Context, w *world, c *cli.Context, change func(*store.Store) ([]custody.Entry, error)) (err error) {
	st, err := store.Open(ctx, c.String("db"), store.Options{Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	entries, err := change(st)
	for i := 0; err == nil && i < len(entries); i++ {
		_, err = st.AppendLog(ctx, w.signed(c, entries[i]))
	}
	return err
}

// labelMoment is now as labels keep times: in whole seconds.
func labelMoment(w *world) time.Time { return w.now().UTC().Truncate(time.Second) }
