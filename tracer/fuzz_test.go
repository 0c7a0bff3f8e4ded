package tracer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// formatSeed writes a seed in the form of the command line.
func formatSeed(s *tracer.Seed) string {
	switch {
	case s.Out != nil:
		return fmt.Sprintf("%s:%s", s.Chain, s.Out)
	case s.Tx != nil:
		return fmt.Sprintf("%s:%s:%s:%s", s.Chain, s.Tx, s.Address, s.Asset)
	}
	return fmt.Sprintf("%s:%s:%s@%s..%s", s.Chain, s.Address, s.Asset, s.From, s.To)
}

func FuzzParseSeed(f *testing.F) {
	for _, text := range []string{
		"bitcoin:TXID:0", "bitcoin-regtest:TXID:4294967295", "bitcoin:TXID:A", "bitcoin:TXID:A:native",
		"bitcoin:A@5..6", "bitcoin:A:native@20220329T111950Z..2022-03-29T13:19:51+02:00", "bitcoin:A@2022-03-29..7",
		"bitcoin:A@0..", "bitcoin::@", "bitcoin:A@2022-03-29T11:19:50.5Z..9", "bitcoin:A@0000-01-01T00:00:00+05:00..5",
	} {
		f.Add(strings.ReplaceAll(text, "TXID", txid))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tracer.ParseSeed("V1", text, plain{})
		if err != nil {
			require.ErrorContains(t, err, "seed ")
			return
		}
		forms := 0
		for _, is := range []bool{s.Out != nil, s.Tx != nil, s.Out == nil && s.Tx == nil} {
			if is {
				forms++
			}
		}
		require.Equal(t, 1, forms, "one of the three forms")
		require.NotEmpty(t, s.Chain.CAIP2())
		again, err := tracer.ParseSeed("V1", formatSeed(&s), plain{})
		require.NoError(t, err, formatSeed(&s))
		require.Equal(t, s.Out, again.Out)
		require.Equal(t, s.Tx, again.Tx)
		require.Equal(t, s.Address, again.Address)
		require.Equal(t, [2]string{s.From.String(), s.To.String()}, [2]string{again.From.String(), again.To.String()})
		require.True(t, s.From.Time.Equal(again.From.Time) && s.To.Time.Equal(again.To.Time), "to the last digit")
	})
}

func FuzzParseIncident(f *testing.F) {
	seeds := "seeds:\n  - {id: V1, output: \"CHAIN:TXID:7\", height: 12}\n  - {id: V2, chain: CHAIN, tx: TXID, to: A, amount: \"11\", take: last}\n" +
		"  - {chain: CHAIN, address: B, from: 2022-03-29T11:19:50Z, to: 20220330T000000Z, amount: 5, take: first}\n"
	for _, text := range []string{
		head + seeds, head + seeds + "stop: {hops: 100, until: 2022-12-31T00:00:00Z, dust: {native: \"546\"}, touched: 9}\n",
		head + "accounts: address\nopenings:\n  - {chain: CHAIN, address: A, amount: \"50\", source: the bank}\n" + seeds,
		head + "title: &a x\nnotes: *a\n" + seeds, head + "<<: {title: x}\n" + seeds, "- a\n- {b: [c]}\n", "a: b: c\n", "\x00", "!!binary x\n",
		"clew: incident/1\n? [a]\n: b\n", head + "seeds: [~]\n", head + "stop: {dust: ~, hops: ~}\nopenings: ~\n" + seeds,
	} {
		f.Add(strings.NewReplacer("TXID", txid, "CHAIN", string(chain)).Replace(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		inc, err := tracer.ParseIncident("fuzz.yaml", []byte(text), plain{})
		if err != nil {
			require.ErrorContains(t, err, "fuzz.yaml")
			var at *tracer.FieldError
			if errors.As(err, &at) {
				require.Positive(t, at.Line)
				require.LessOrEqual(t, at.Line, strings.Count(text, "\n")+1+strings.Count(text, "\r"))
			}
			return
		}
		require.NotEmpty(t, inc.ID)
		require.NotEmpty(t, inc.Seeds)
		require.True(t, inc.Rule.Conserves())
		require.Positive(t, inc.Stop.Touched)
		ids := map[string]bool{}
		for i := range inc.Seeds {
			s := &inc.Seeds[i]
			require.False(t, ids[s.ID], "ids are unique")
			ids[s.ID] = true
			require.Equal(t, chains.Native, s.Asset)
			require.True(t, s.Amount == nil || !s.Amount.IsZero())
			_, err := tracer.ParseSeed(s.ID, formatSeed(s), plain{})
			require.NoError(t, err, "what a file may say, the command line may")
		}
	})
}
