package tracer

import (
	"fmt"
	"slices"
	"strings"

	"clew/heuristics"
)

// WithoutLabels leaves out what others claim of addresses, which is no heuristic.
const WithoutLabels = "labels"

// The heuristics that are no kind of transaction.
const (
	coSpend         = "co-spend"
	wraps           = "wraps"
	mapping         = "mapping"
	dusting         = "dust"
	depositAddress  = "deposit-address"
	gatheredDeposit = "deposit-address/consolidation" // on a chain of outputs
	mixerCandidates = "mixer-candidates"
	coinjoin        = "coinjoin" // every kind of it
	mixChange       = "mix-change"
	mixLink         = "mix-link" // counted, where mapping did not compute it
)

// WithoutNames returns what Options.Without may name, in the order in which help lists it. A name
// stands for those below it too: coinjoin for coinjoin/wasabi1.
func WithoutNames() []string {
	return []string{
		coinjoin, string(heuristics.KindWhirlpool), string(heuristics.KindWhirlpoolTx0), string(heuristics.KindWasabi1),
		string(heuristics.KindWasabi2), string(heuristics.KindJoinMarket), mapping, mixChange, string(heuristics.KindPeel), string(heuristics.KindChange),
		coSpend, wraps, dusting, depositAddress, mixerCandidates, WithoutLabels,
	}
}

// ThroughNames returns what Options.Through may name.
func ThroughNames() []string {
	return []string{
		coinjoin, string(heuristics.KindWhirlpool), string(heuristics.KindWasabi1), string(heuristics.KindWasabi2), string(heuristics.KindJoinMarket),
	}
}

// names checks that each of given is known and returns them sorted, each once, so that the same
// choice is the same trace.
func names(what string, given, known []string) ([]string, error) {
	for _, name := range given {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s %q: want one of %s", what, name, strings.Join(known, ", "))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(given))), nil
}

// checked returns opt with its choices of heuristics in one form, or an error that lists what may be
// chosen.
func (opt Options) checked() (Options, error) {
	var err error
	if opt.Without, err = names("without", opt.Without, WithoutNames()); err != nil {
		return opt, err
	}
	if opt.Through, err = names("through", opt.Through, ThroughNames()); err != nil {
		return opt, err
	}
	for _, name := range opt.Through {
		if covers(opt.Without, name) {
			return opt, fmt.Errorf("through %s: without names it too, and what is not recognised cannot be gone through", name)
		}
	}
	if covers(opt.Without, WithoutLabels) {
		opt.Labels = nil
	}
	return opt, nil
}

// Check is an error that lists what Without and Through may name, where they name something else.
func (opt Options) Check() error {
	_, err := opt.checked()
	return err
}

// covers reports whether a heuristic, or what it is a kind of, is among names.
func covers(names []string, heuristic string) bool {
	family, _, _ := strings.Cut(heuristic, "/")
	return slices.Contains(names, heuristic) || slices.Contains(names, family)
}

// uses reports whether the trace uses a heuristic.
func (opt *Options) uses(heuristic string) bool { return !covers(opt.Without, heuristic) }
