package labels_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/labels"
)

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		name, category, abuse string
		concepts, actor       []string
		want                  labels.Kind
	}{
		{"a service", "exchange", "", nil, nil, labels.Service},
		{"a sanctioned mixer is a mixer", "mixing_service", "sanction", nil, nil, labels.Mixer},
		{"a sanctioned person is sanctioned", "user", "sanction", nil, nil, labels.Sanctioned},
		{"an abuse alone", "", "ransomware", nil, nil, labels.Ransomware},
		{"concepts where nothing else speaks", "", "", []string{"unheard", "defi_bridge"}, nil, labels.Bridge},
		{"an abuse before the concepts", "", "scam", []string{"exchange"}, nil, labels.Scam},
		{"the actor last", "", "", nil, []string{"organization", "exchange"}, labels.Service},
		{"not against what the tag says", "user", "", nil, []string{"exchange"}, labels.Person},
		{"an organisation may be anything", "organization", "", nil, nil, labels.Other},
		{"who took part in a CoinJoin is no mixer", "coinjoin", "", nil, nil, labels.Other},
		{"spelt by a person", "Mixing Service", "", nil, nil, labels.Mixer},
		{"unheard", "unheard", "unheard", nil, nil, labels.Other},
		{"nothing", "", "", nil, nil, labels.Other},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, labels.KindOf(c.category, c.abuse, c.concepts, c.actor))
		})
	}
}

func TestMeaningsHaveAReason(t *testing.T) {
	kinds := []labels.Kind{labels.Service, labels.Mixer, labels.Bridge, labels.Pool, labels.Contract, labels.Sanctioned, labels.Theft, labels.Scam, labels.Ransomware, labels.Person, labels.Other}
	seen := map[string]bool{}
	for _, m := range labels.Meanings() {
		require.False(t, seen[m.Word], m.Word)
		seen[m.Word] = true
		require.Contains(t, kinds, m.Kind, m.Word)
		require.NotEmpty(t, m.Why, m.Word)
	}
	require.True(t, slices.ContainsFunc(labels.Meanings(), func(m labels.Meaning) bool { return m.Word == "exchange" }))
}
