package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"clew/custody"
)

func compareCommand() *command {
	return &command{
		path: "compare", args: "TRACE TRACE", short: "what differs between two traces, or one trace under two dates of labels",
		long: "Each TRACE is a trace.json, or the id that clew trace printed (its first characters are enough). Things are the same that have the same id: a hop by its transaction and position, an endpoint by where it lies, a finding by what it is of. So what one kind of evidence does shows by taking it away: trace once more with --without, and compare.\n\n" +
			"For people it prints what was asked otherwise, what is claimed otherwise of addresses, sums before and after by reason, the endpoints that differ under the rule that each trace declares with the largest difference first, under every rule how many do, and seeds, findings and gaps that one alone has; long lists are cut, and say so. --json has every field that differs. Numbers of hops, which only count, and the version of the program are not compared; the version is printed. The exit status is 0 whether or not they differ: `equal` tells.",
		examples: []example{
			{"clew compare 3f2a9c1e 77b0d1aa", "two traces of the store"},
			{"clew compare report/trace.json without/trace.json --json", "every field, from files"},
		},
		codes:   []exitCode{codeNoStore, codeStore},
		options: logFlags(),
		least:   2, most: 2,
		action: runCompare,
	}
}

func runCompare(ctx context.Context, w *world, c *cli.Context) error {
	a, err := loadTrace(ctx, c, c.Args().Get(0))
	if err != nil {
		return err
	}
	b, err := loadTrace(ctx, c, c.Args().Get(1))
	if err != nil {
		return err
	}
	found, err := compareTraces(a, b)
	if err != nil {
		return err
	}
	result, err := resultOf(found)
	if err != nil {
		return err
	}
	if err := w.custodyOf(ctx, c, custody.Compared, result, a); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, found)
	}
	return found.write(newPage(w.stdout), a, b)
}
