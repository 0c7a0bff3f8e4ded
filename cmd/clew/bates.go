package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"clew/custody"
	"clew/store"
	"clew/tracer"
)

// pagesOf is the file whose pages have Bates numbers.
const pagesOf = "exhibit.pdf"

// batesRange are the numbers of the pages of an exhibit. Entries of the log keep it in their details.
type batesRange struct {
	prefix      string
	first, last int // first 0: no page has a number
}

// details are the range as an entry of the log has it; nil for none.
func (b *batesRange) details() map[string]string {
	if b.first == 0 {
		return nil
	}
	return map[string]string{"bates_prefix": b.prefix, "bates_first": strconv.Itoa(b.first), "bates_last": strconv.Itoa(b.last)}
}

// batesOfDetails is the range that an entry has; of one without it the empty range.
func batesOfDetails(details map[string]string) batesRange {
	first, err := strconv.Atoi(details["bates_first"])
	last, err2 := strconv.Atoi(details["bates_last"])
	if err != nil || err2 != nil {
		return batesRange{}
	}
	return batesRange{details["bates_prefix"], first, last}
}

func (b *batesRange) overlaps(o *batesRange) bool {
	return b.first > 0 && o.first > 0 && b.prefix == o.prefix && b.first <= o.last && o.first <= b.last
}

func (b *batesRange) String() string {
	return fmt.Sprintf("%s%06d to %s%06d", b.prefix, b.first, b.prefix, b.last)
}

// batesOf returns the numbers of the pages that were written into dir: from what the case says of the
// first, and how many pages the file has.
func batesOf(dir string, files []string, of *tracer.Case) (batesRange, error) {
	if of.BatesStart == 0 || !slices.Contains(files, pagesOf) {
		return batesRange{}, nil
	}
	data, err := os.ReadFile(filepath.Join(dir, pagesOf))
	if err != nil {
		return batesRange{}, fmt.Errorf("count the pages of the exhibit: %w", err)
	}
	n, err := pageCount(data)
	if err != nil {
		return batesRange{}, fmt.Errorf("count the pages of %s: %w", pagesOf, err)
	}
	return batesRange{of.BatesPrefix, of.BatesStart, of.BatesStart + n - 1}, nil
}

// pageCount is what the tree of pages of a PDF says of their number.
func pageCount(pdf []byte) (int, error) {
	_, tree, _ := bytes.Cut(pdf, []byte("/Type /Pages"))
	_, count, _ := bytes.Cut(tree, []byte("/Count "))
	end := bytes.IndexFunc(count, func(r rune) bool { return r < '0' || r > '9' })
	return strconv.Atoi(string(count[:max(end, 0)]))
}

// warnOfBates says where pages have no numbers although a prefix is given, and where the log has an
// exhibit of another trace with the same numbers: two pages of one number are what the numbers are to
// rule out.
func (w *world) warnOfBates(ctx context.Context, c *cli.Context, t *loadedTrace, of *tracer.Case, b *batesRange) error {
	if of.BatesPrefix != "" && of.BatesStart == 0 {
		w.remark("warning: the case has bates_prefix %q and no bates_start: no page is numbered (bates_start: 1, or --bates %s000001)\n", of.BatesPrefix, of.BatesPrefix)
	}
	if b.first == 0 || c.Bool("no-log") {
		return nil
	}
	lines, err := logLines(ctx, c)
	if errors.Is(err, store.ErrNoStore) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for pages of the same numbers: %w", err)
	}
	for i := range lines {
		e, err := lines[i].Parse()
		if err != nil {
			return fmt.Errorf("look for pages of the same numbers: %w", err)
		}
		if o := batesOfDetails(e.Details); e.What == custody.Exhibited && e.Trace != t.id && b.overlaps(&o) {
			w.remark("warning: pages %s overlap with those of another exhibit, %s of trace %s (log entry %d): give this one other numbers with --bates\n",
				b.String(), o.String(), e.Trace, lines[i].Seq)
		}
	}
	return nil
}
