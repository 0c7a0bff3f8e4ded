package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/tracer"
)

// checkChoices refuses unknown names before anything is read.
func checkChoices(c *cli.Context) error {
	if _, err := labelDate("label-as-of", c.String("label-as-of")); err != nil {
		return err
	}
	err := tracer.Options{Without: c.StringSlice("without"), Through: c.StringSlice("through")}.Check()
	if err != nil {
		return &usageError{"--" + err.Error(), "see: clew help trace"}
	}
	return nil
}

// choose sets what the command line says of heuristics, and the labels of the program and the
// store.
func (j *traceJob) choose(ctx context.Context, opt tracer.Options) (tracer.Options, error) {
	opt.Without, opt.Through = j.c.StringSlice("without"), j.c.StringSlice("through")
	asOf, err := labelDate("label-as-of", j.c.String("label-as-of"))
	if err != nil {
		return opt, err
	}
	known, err := labelsOf(ctx, j.st)
	if err != nil {
		return opt, fmt.Errorf("labels of the trace: %w", err)
	}
	opt.Labels = labelled(known.set, asOf)
	return opt, nil
}
