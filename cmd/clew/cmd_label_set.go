package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/labels"
	"clew/store"
)

// builtInName is what clew label update takes for the labels that the program carries.
const builtInName = "built-in"

// manifestName is the name of a manifest in a folder.
const manifestName = "sources.yaml"

func labelExportCommand() *command {
	return &command{
		path: "label export", args: "SOURCE | --packed", short: "write labels as a TagPack, or all of them packed",
		long: "Writes one source as a TagPack, which imports again as the same labels: SOURCE is its title, or the first digits of its id, as clew label list prints them. `licence`, `retrieved`, `retrieved_from`, `dated`, `valid_from` and `valid_to` are additions to the form, written only where they are known.\n\n" +
			"With --packed it writes the latest edition of every source in the program's own form, for clew label update on another machine.",
		examples: []example{
			{"clew label export 'own labels' > own.yaml", "what clew label add made"},
			{"clew label export --packed > labels.zst", "everything, to pass on"},
		},
		codes:   []exitCode{codeStore},
		options: []string{"packed"},
		most:    1,
		action:  runLabelExport,
	}
}

func labelUpdateCommand() *command {
	return &command{
		path: "label update", args: "FILE|FOLDER", short: "put newer labels in the place of those that the program carries",
		long: "FILE is what clew label export --packed writes, or a manifest: a YAML file that says which files are read, of what form they are, where they come from, of when and under which licence. The files lie beside it, or in --folder. A FOLDER has its manifest in it, as " + manifestName + ".\n\n" +
			"The set of this store is replaced as a whole; what was imported stays. `clew label update " + builtInName + "` goes back to what the program carries.",
		examples: []example{
			{"clew label update labels.zst", "a set that somebody passed on"},
			{"clew label update sources.yaml --folder downloads", "a set made here, of files that were downloaded"},
		},
		codes:   []exitCode{codeGaps, codeStore},
		options: []string{"folder", "examiner", "purpose"},
		least:   1, most: 1,
		action: runLabelUpdate,
	}
}

func runLabelExport(ctx context.Context, w *world, c *cli.Context) error {
	if w.json {
		return &usageError{"clew label export writes YAML, or packed bytes: --json is not for it", "clew label show ADDRESS --json tells labels as JSON"}
	}
	if c.Bool("packed") == (c.NArg() == 1) {
		return &usageError{"one source, or --packed for all", "clew label list names the sources"}
	}
	k, err := labelsAt(ctx, w, c)
	if err != nil {
		return err
	}
	if c.Bool("packed") {
		data, err := labels.Archive(k.set.Packs())
		if err == nil {
			_, err = w.stdout.Write(data)
		}
		if err != nil {
			return fmt.Errorf("write the labels: %w", err)
		}
		return nil
	}
	e, err := k.edition(c.Args().First())
	if err != nil {
		return err
	}
	if e.Labels == 0 {
		return withHint(fmt.Errorf("%q has no labels", e.Title), "an ActorPack says who actors are, and is no TagPack")
	}
	return k.set.WriteTagPack(w.stdout, e.Pack, codec())
}

func runLabelUpdate(ctx context.Context, w *world, c *cli.Context) error {
	a := labelImportAnswer{Schema: "clew.label-import/1", DB: c.String("db"), Files: []labelFileAnswer{}}
	name := c.Args().First()
	packs, err := newerLabels(&a, name, c.String("folder"))
	if err != nil {
		return err
	}
	err = changeLabels(ctx, w, c, func(st *store.Store) ([]custody.Entry, error) {
		var kept []store.LabelPack
		for _, p := range packs {
			kept = append(kept, store.LabelPack{Added: w.now(), Content: p.Bytes()})
		}
		if err := st.ReplaceLabels(ctx, kept); err != nil {
			return nil, err
		}
		k, err := labelsOf(ctx, st)
		if err != nil {
			return nil, err
		}
		return []custody.Entry{{What: "labels replaced", SHA256: k.set.SHA256(time.Time{}), Details: map[string]string{"from": filepath.Base(name)}}}, nil
	})
	if err != nil {
		return err
	}
	return writeLabelImport(w, &a)
}

// newerLabels reads what clew label update is given; no packs mean those that the program carries.
func newerLabels(a *labelImportAnswer, name, folder string) ([]*labels.Pack, error) {
	if name == builtInName {
		carried, err := labels.BuiltIn()
		if err != nil {
			return nil, err
		}
		return nil, a.add(carried, make([]labels.FileReport, len(carried)))
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, manifestName)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var packs []*labels.Pack
	var reports []labels.FileReport
	if labels.IsArchive(data) {
		packs, err = labels.Unarchive(data)
		reports = make([]labels.FileReport, len(packs))
	} else {
		packs, reports, err = fromManifest(data, folder, filepath.Dir(name))
	}
	if err == nil && len(packs) == 0 {
		err = errors.New("there are no labels in it")
	}
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", name, err), "nothing was replaced; clew help label update describes the forms")
	}
	return packs, a.add(packs, reports)
}

func fromManifest(data []byte, folder, beside string) ([]*labels.Pack, []labels.FileReport, error) {
	m, err := labels.ReadManifest(data)
	if err != nil {
		return nil, nil, err
	}
	if folder == "" {
		folder = beside
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("its folder: %w", err)
	}
	packs, reports, err := m.Import(root.FS(), codec())
	return packs, reports, errors.Join(err, root.Close())
}

// add counts the packs of a set, in which each source stands once.
func (a *labelImportAnswer) add(packs []*labels.Pack, reports []labels.FileReport) error {
	set, err := labels.NewSet(packs...)
	if err != nil {
		return err
	}
	for i, p := range packs {
		r := reports[i].Report
		r.Labels, r.Actors = p.Len(), len(p.Actors())
		a.count(fileAnswer(p, r, set))
	}
	return nil
}
