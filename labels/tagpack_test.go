package labels_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/labels"
)

const headerPack = `
%YAML 1.1
---
title: A pack
creator: Somebody
description: what it is about
label: &who An exchange
category: exchange
confidence: 80
is_cluster_definer: yes
currency: BTC
lastmod: 2021-11-09
source: https://example.org/list
actor: example
defaults: &other
  currency: ETH
  category: mixing_service
tags:
- address: ` + genesis + `
- address: ` + second + `
  label: 12345
  confidence: ownership
  is_cluster_definer: false
  concepts: [exchange, cold_wallet]
  context: '{"note": 1}'
  lastmod: 2022-01-02 03:04:05.678
- <<: *other
  address: '` + account + `'
  label: *who
- address: ` + tron + `
  currency: USDT
  network: TRX
  category: ~
  abuse: ransomware
`

func TestTagPack(t *testing.T) {
	p := read(t, strings.TrimSpace(headerPack), options("a.yaml", "2024-05-06"))
	s := set(t, p)
	e := p.Edition()
	require.Equal(t, "A pack", e.Title)
	require.Equal(t, day("2021-11-09"), e.Dated)
	require.Len(t, e.SHA256, 64)

	one := s.Lookup("bitcoin", key(t, "bitcoin", genesis), time.Time{})
	require.Len(t, one, 1)
	l := one[0]
	require.Equal(t, "An exchange", l.Text)
	require.Equal(t, []string{"example", "exchange", "80", "true", "BTC", "https://example.org/list"}, []string{l.Actor, l.Category, l.Confidence, l.ClusterDefiner, l.Asset, l.Source})
	require.Equal(t, labels.Service, l.Kind)
	require.Equal(t, day("2021-11-09"), l.LastMod)
	require.Equal(t, "address: "+genesis, l.Raw(families{}))
	require.Equal(t, "Somebody", l.Edition.Creator)

	l = s.Lookup("bitcoin", key(t, "bitcoin", second), time.Time{})[0]
	require.Equal(t, []string{"12345", "ownership", "false", `{"note": 1}`}, []string{l.Text, l.Confidence, l.ClusterDefiner, l.Context})
	require.Equal(t, []string{"exchange", "cold_wallet"}, l.Concepts)
	require.Equal(t, time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC), l.LastMod)
	require.Contains(t, l.Raw(families{}), "lastmod: 2022-01-02 03:04:05.678")
	require.NotContains(t, l.Raw(families{}), account)

	l = s.Lookup("ethereum", key(t, "ethereum", account), time.Time{})[0]
	require.Equal(t, labels.Mixer, l.Kind)
	require.Equal(t, "An exchange", l.Text)
	require.Equal(t, "ETH", l.Asset)

	// The network decides, not the token; a null takes the header's.
	elsewhere := s.Elsewhere(tron)
	require.Len(t, elsewhere, 1)
	require.Equal(t, "TRX", elsewhere[0].Foreign)
	require.Equal(t, []string{"exchange", "ransomware"}, []string{elsewhere[0].Category, elsewhere[0].Abuse})
	require.Equal(t, tron, elsewhere[0].Written(families{}))
	require.Equal(t, labels.Service, elsewhere[0].Kind, "what it is comes before what was done there")
}

func TestTagPackRefuses(t *testing.T) {
	p, r, err := labels.Read(strings.NewReader(`title: T
creator: C
tags:
- {address: `+genesis+`x, currency: BTC, label: mistyped}
- {address: `+genesis+`, label: nowhere}
- nothing
- {address: `+account+`, currency: BTC, label: elsewhere}
- {address: `+genesis+`, currency: BTC, lastmod: soon}
- {address: `+genesis+`, currency: BTC, is_cluster_definer: perhaps}
- {address: `+genesis+`, currency: BTC, label: good}
- {address: `+genesis+`, currency: BTC, label: good}
`), "", options("t.yaml", "2024-01-01"))
	require.NoError(t, err)
	require.Equal(t, 1, p.Len())
	require.Equal(t, 1, r.Repeated)
	var got []string
	for i, f := range r.Refused {
		require.Equal(t, 4+i, f.Line)
		got = append(got, f.Why)
	}
	for i, want := range []string{"not an address", "on which chain", "a mapping of fields", "not an address", `"soon" is no date`, "want true or false"} {
		require.Contains(t, got[i], want)
	}
	require.Len(t, got, 6)
}

func TestTagPackErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not YAML", "tags:\n\t- a", "line 2"},
		{"no list", "tags: 1\n", "list of tags"},
		{"a bad header", "lastmod: soon\ntags: []\n", "the header: line 1: lastmod"},
		{"a header elsewhere", "header: !include other.yaml\ntags: []\n", "cannot be read from here"},
		{"empty", "", "empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := labels.Read(strings.NewReader(c.text), labels.FormTagPack, options("t.yaml", "2024-01-01"))
			require.ErrorIs(t, err, labels.ErrForm)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTagPackIncludesItsHeader(t *testing.T) {
	o := options("t.yaml", "2024-01-01")
	o.Include = func(name string) ([]byte, error) {
		if name != "header.yaml" {
			return nil, errors.New("another file")
		}
		return []byte("title: T\ncreator: C\ncurrency: BTC\nlabel: from there\n"), nil
	}
	s := set(t, read(t, "header: !include header.yaml\ntags:\n- address: "+genesis+"\n", o))
	require.Equal(t, "from there", s.Lookup("bitcoin", key(t, "bitcoin", genesis), time.Time{})[0].Text)
}

func TestActorPack(t *testing.T) {
	actors := `title: Actors
creator: Somebody
actors:
- id: example
  label: Example Exchange
  uri: example.org
  categories: [exchange]
  jurisdictions: [AT, SC]
  context:
    twitter_handle: example
  aliases:
  - ex
- id: nameless
- id: example
  label: again
`
	p, r, err := labels.Read(strings.NewReader(actors), "", options("actors.yaml", "2024-05-06"))
	require.NoError(t, err)
	require.Len(t, r.Refused, 2)
	require.Equal(t, 1, r.Actors)
	s := set(t, p, read(t, "title: T\ncreator: C\ncurrency: BTC\ntags:\n- {address: "+genesis+", label: x, actor: example}\n- {address: "+second+", label: y, actor: unknown}\n", options("t.yaml", "2024-01-01")))
	a := s.Actor("example")
	require.Equal(t, []string{"AT", "SC"}, a.Jurisdictions)
	require.Equal(t, []string{"ex"}, a.Aliases)
	require.Contains(t, a.Raw, "twitter_handle: example")
	l := s.Lookup("bitcoin", key(t, "bitcoin", genesis), time.Time{})[0]
	require.Equal(t, "Example Exchange", l.ActorName)
	require.Equal(t, labels.Service, l.Kind, "from what the actor is, where the tag does not say")
	l = s.Lookup("bitcoin", key(t, "bitcoin", second), time.Time{})[0]
	require.Empty(t, l.ActorName)
	require.Equal(t, labels.Other, l.Kind)
}

// What is exported imports again as the same labels of the same edition, whatever its source was. The
// two largest sets take half a minute: they are tried with -shared.
func TestExportRoundTrip(t *testing.T) {
	packs, err := labels.BuiltIn()
	require.NoError(t, err)
	ofac, _, err := labels.Read(openFile(t, ofacFile), "", options("sdn_advanced.xml", "2024-10-01"))
	require.NoError(t, err)
	licensed := options("a.yaml", "2024-05-06")
	licensed.Edition.Licence, licensed.Edition.Source = "CC0", "a friend"
	packs = append([]*labels.Pack{ofac, read(t, strings.TrimSpace(headerPack), licensed)}, packs...)
	tried := 0
	for _, p := range packs {
		if p.Len() == 0 || p.Len() > 10_000 && *shared == "" {
			continue
		}
		tried++
		s := set(t, p)
		var out bytes.Buffer
		require.NoError(t, s.WriteTagPack(&out, p.SHA256(), families{}))
		o := options("again.yaml", "2024-05-06")
		o.Edition.Retrieved, o.Today = time.Time{}, day("2030-01-01")
		again := read(t, out.String(), o)
		want, got := p.Edition(), again.Edition()
		want.Form, want.File, want.SHA256 = got.Form, got.File, got.SHA256
		require.Equal(t, want, got)
		require.Equal(t, said(t, s, p.SHA256()), said(t, set(t, again), again.SHA256()), p.Edition().File)
	}
	require.Greater(t, tried, 50)
}

// said lists what the labels of a pack say and since when, without raw text and edition: entries of a
// source that differ in their raw text alone say the same.
func said(t *testing.T, s *labels.Set, pack string) []string {
	t.Helper()
	var out []string
	found, err := s.Labels(pack, func(l *labels.Label) error {
		c := *l.Claim
		c.Edition = nil
		out = append(out, fmt.Sprintf("%s %s %x %s %q %q %v %v %+v", l.Chain, l.Foreign, l.Address, l.Written(families{}), l.Text, l.Context, l.Since, l.Until, c))
		return nil
	})
	require.NoError(t, err)
	require.True(t, found)
	return slices.Compact(out)
}

func TestTagPackRemarks(t *testing.T) {
	p, r, err := labels.Read(strings.NewReader(`title: T
creator: C
mystery: 42
anchored: &here {currency: BTC}
label: {a: b}
tags:
- address: `+genesis+`
  <<: *here
  catgory: mixer
  category: [phishing, exchange, mixing_service]
  concepts: [first]
- {address: `+second+`, currency: BTC, category: xchange, abuse: scam, label: x}
- {address: `+second+`, currency: BTC, label: x, valid_from: 2022-01-01, valid_to: 2021-01-01}
- {address: `+second+`, currency: BTC, label: x, valid_from: 2022-01-01, valid_to: 2022-01-01}
`), "", options("t.yaml", "2024-01-01"))
	require.NoError(t, err)
	l := set(t, p).Lookup("bitcoin", key(t, "bitcoin", genesis), time.Time{})[0]
	require.Equal(t, "exchange", l.Category, "the first word that ends a trace")
	require.Equal(t, labels.Service, l.Kind)
	require.Equal(t, []string{"first", "phishing", "mixing_service"}, l.Concepts)
	require.Equal(t, "{a: b}", l.Text)

	var told []string
	for _, m := range r.Remarks {
		told = append(told, fmt.Sprintf("%d %s %s", m.Line, m.Word, m.What))
	}
	require.Equal(t, []string{
		"3 mystery mystery: the form has no such field; it counts for nothing",
		"9 catgory catgory: the form has no such field; it counts for nothing",
		`10  category: a list, where the form has one word: "exchange" counts, the others stand among the concepts`,
		"5  label: a mapping, where the form has a text; it is kept as it is written",
	}, told)
	require.Equal(t, genesis, r.Remarks[1].Address)
	require.Contains(t, r.Remarks[1].Known, "category")
	require.Equal(t, []labels.Word{{Word: "xchange", Labels: 1}}, r.Words)
	require.Len(t, r.Refused, 2)
	for _, f := range r.Refused {
		require.Contains(t, f.Why, "no time is left")
	}
}
