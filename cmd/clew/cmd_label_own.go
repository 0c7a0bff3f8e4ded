package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/custody"
	"clew/labels"
	"clew/store"
)

func labelAddCommand() *command {
	return &command{
		path: "label add", args: "ADDRESS --chain CHAIN --label TEXT", short: "label an address yourself",
		long:     "Adds a label of your own. It stands beside what others say, under the title \"" + labels.OwnTitle + "\", from today on. --category and --abuse say what it means for a trace, in the words of TagPacks (docs/labels.md lists them).",
		examples: []example{{"clew label add 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa --chain bitcoin --label 'Example Exchange' --category exchange --source 'letter of 3 May 2024'", "a trace ends there"}},
		codes:    []exitCode{codeStore},
		options:  []string{"chain", "label", "category", "abuse", "actor", "source", "confidence", "valid-from", "valid-to", "examiner", "purpose"},
		least:    1, most: 1,
		action: runLabelAdd,
	}
}

func labelRemoveCommand() *command {
	return &command{
		path: "label remove", args: "SOURCE | ADDRESS --chain CHAIN", short: "take back what was imported, or your own labels of an address",
		long:     "With a SOURCE (its title, or the first digits of its id, as clew label list prints them) every edition of it that was imported into the store is deleted. With an ADDRESS and --chain your own labels of it end today; --as-of still asks for them.",
		examples: []example{{"clew label remove 'Binance reserve wallets'", "every edition of that source"}, {"clew label remove 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa --chain bitcoin", "your own labels of it"}},
		codes:    []exitCode{codeStore},
		options:  []string{"chain", "examiner", "purpose"},
		least:    1, most: 1,
		action: runLabelRemove,
	}
}

func runLabelAdd(ctx context.Context, w *world, c *cli.Context) error {
	own := labels.OwnLabel{
		Address: c.Args().First(), Chain: c.String("chain"), Text: c.String("label"), Category: c.String("category"), Abuse: c.String("abuse"),
		Actor: c.String("actor"), Source: c.String("source"), Confidence: c.String("confidence"),
	}
	switch {
	case own.Chain == "":
		return &usageError{"--chain is needed: on which chain is it? A label on one says nothing about another", "such as --chain bitcoin"}
	case own.Text == "":
		return &usageError{"--label is needed: who or what is it?", "such as --label 'Example Exchange'"}
	}
	if _, err := addressOn(chains.Chain(own.Chain), own.Address); err != nil {
		return err
	}
	var err error
	if own.ValidFrom, err = labelDate("valid-from", c.String("valid-from")); err == nil {
		own.ValidTo, err = labelDate("valid-to", c.String("valid-to"))
	}
	if err == nil && !own.ValidTo.IsZero() && !own.ValidFrom.Before(own.ValidTo) {
		err = &usageError{"--valid-to is not behind --valid-from: no time is left", "the day of --valid-to is the first on which it does not hold any more"}
	}
	if err != nil {
		return err
	}
	return changeOwn(ctx, w, c, "label added", func(list []labels.OwnLabel, now time.Time) ([]labels.OwnLabel, error) {
		own.Made = now
		return append(list, own), nil
	})
}

func runLabelRemove(ctx context.Context, w *world, c *cli.Context) error {
	name, chain := c.Args().First(), chains.Chain(c.String("chain"))
	if chain == "" {
		return removeSource(ctx, w, c, name)
	}
	key, err := addressOn(chain, name)
	if err != nil {
		return err
	}
	return changeOwn(ctx, w, c, "label removed", func(list []labels.OwnLabel, _ time.Time) ([]labels.OwnLabel, error) {
		kept := slices.DeleteFunc(slices.Clone(list), func(l labels.OwnLabel) bool {
			other, err := codec().ParseAddress(chain, l.Address)
			return err == nil && other == key && l.Chain == string(chain)
		})
		if len(kept) == len(list) {
			return nil, withHint(fmt.Errorf("you have not labelled %s on %s", name, chain), "what others say of it goes with its source: clew label remove SOURCE")
		}
		return kept, nil
	})
}

// changeOwn makes the next edition of one's own labels.
func changeOwn(ctx context.Context, w *world, c *cli.Context, what string, change func([]labels.OwnLabel, time.Time) ([]labels.OwnLabel, error)) error {
	a := labelImportAnswer{Schema: "clew.label-import/1", DB: c.String("db"), Files: []labelFileAnswer{}}
	err := changeLabels(ctx, w, c, func(st *store.Store) ([]custody.Entry, error) {
		k, err := labelsOf(ctx, st)
		if err != nil {
			return nil, err
		}
		list, now, err := k.own(labelMoment(w))
		if err != nil {
			return nil, err
		}
		before := len(list)
		if list, err = change(list, now); err != nil {
			return nil, err
		}
		p, r, err := labels.Own(list, labels.Options{Codec: codec(), Edition: labels.Edition{Retrieved: now}})
		if err == nil && len(r.Refused) > 0 {
			err = errors.New(r.Refused[0].Why)
		}
		if err != nil {
			return nil, err
		}
		set, err := k.with(p)
		if err != nil {
			return nil, err
		}
		a.count(fileAnswer(p, r, set))
		if a.Removed = max(0, before-len(list)); len(list) > before {
			kind := kindOfOwn(set, &list[before])
			a.Added = &labelKindAnswer{kind, 1, nodeKind(kind) != ""}
		}
		_, err = st.AddLabels(ctx, []store.LabelPack{{Added: now, Content: p.Bytes()}})
		return []custody.Entry{{What: what, SHA256: p.SHA256(), Details: map[string]string{"address": c.Args().First(), "chain": c.String("chain"), "label": c.String("label")}}}, err
	})
	if err != nil {
		return err
	}
	return writeLabelImport(w, &a)
}

// kindOfOwn derives the kind of one's own label as a set does that has it.
func kindOfOwn(set *labels.Set, own *labels.OwnLabel) labels.Kind {
	var ofActor []string
	if a := set.Actor(own.Actor); a != nil {
		ofActor = a.Categories
	}
	return labels.KindOf(own.Category, own.Abuse, nil, ofActor)
}

// own returns one's own labels, and a time for their next edition: now, or if the latest is of this
// second already the next one, so that which is the later never depends on anything else.
func (k *knownLabels) own(now time.Time) (list []labels.OwnLabel, next time.Time, err error) {
	for _, e := range k.set.Editions() {
		if e.Form != labels.FormOwn || !e.Until.IsZero() {
			continue
		}
		if !e.Retrieved.Before(now) {
			now = e.Retrieved.Add(time.Second)
		}
		_, err = k.set.Labels(e.Pack, func(l *labels.Label) error {
			list = append(list, labels.AsOwn(l, codec()))
			return nil
		})
	}
	return list, now, err
}

// removeSource deletes every edition of a source that was imported.
func removeSource(ctx context.Context, w *world, c *cli.Context, name string) error {
	a := labelImportAnswer{Schema: "clew.label-import/1", DB: c.String("db"), Files: []labelFileAnswer{}}
	err := changeLabels(ctx, w, c, func(st *store.Store) ([]custody.Entry, error) {
		k, err := labelsOf(ctx, st)
		if err != nil {
			return nil, err
		}
		e, err := k.edition(name)
		if err != nil {
			return nil, err
		}
		var sums []string
		for _, other := range k.set.Editions() {
			if other.SameSource(&e.Edition) && k.from[other.Pack] == fromImport {
				sums = append(sums, other.Pack)
				a.Removed += other.Labels
			}
		}
		if len(sums) == 0 {
			return nil, withHint(fmt.Errorf("%q was not imported: it is of the set that the program carries, or that clew label update put in its place", e.Title), "clew label update replaces that set as a whole")
		}
		_, err = st.RemoveLabels(ctx, sums)
		return []custody.Entry{{What: "labels removed", SHA256: e.Pack, Details: map[string]string{"title": e.Title, "creator": e.Creator}}}, err
	})
	if err != nil {
		return err
	}
	return writeLabelImport(w, &a)
}
