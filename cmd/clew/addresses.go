package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// addressOn reads an address of a chain. Where text is one of other chains instead, the error says of
// which.
func addressOn(chain chains.Chain, text string) (chains.Address, error) {
	a, err := codec().ParseAddress(chain, text)
	if err == nil {
		return a, nil
	}
	if others := addressChains(text); len(others) > 0 {
		return "", withHint(fmt.Errorf("%s is no address of %s, but one of %s", text, chain, strings.Join(others, ", ")), "correct --chain, or the address")
	}
	return "", withHint(err, "copy the address again")
}

// addressChains returns the names of the chains on which text is an address. Those of accounts count
// as one, since an account looks the same on each.
func addressChains(text string) []string {
	const accounts = "ethereum and the other chains of accounts"
	var out []string
	for _, in := range chains.Known() {
		if _, err := codec().ParseAddress(in.Name, text); err != nil {
			continue
		}
		name := string(in.Name)
		if in.Family == chains.FamilyEVM {
			name = accounts
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
