package main

import (
	"crypto/rand"
	"strings"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/require"

	"clew/bundle"
)

// TestSignedBundles: a signature is checked against the key that is given, and never stands for
// anything without one.
func TestSignedBundles(t *testing.T) {
	public, private, err := minisign.GenerateKey(rand.Reader)
	require.NoError(t, err)
	other, _, err := minisign.GenerateKey(rand.Reader)
	require.NoError(t, err)
	with := func(key *minisign.PublicKey) func(*bundle.Options) { return func(o *bundle.Options) { o.Key = key } }

	f := forge(t, "merge")
	f.members[bundle.SignatureFile] = minisign.Sign(private, f.members[bundle.ManifestFile])
	signed := f.seal()
	v := verified(t, signed)
	require.True(t, v.OK, v.Problems)
	require.False(t, v.Signed.Checked)
	require.Equal(t, bundle.NotChecked, v.Signed.State)
	require.Contains(t, signedWords(v.Signed), "by nobody that is known: it carries a signature that names key ")
	require.Contains(t, strings.Join(v.Notes, "\n"), "not checked: --key")
	v = verified(t, signed, with(&public))
	require.True(t, v.OK, v.Problems)
	require.True(t, v.Signed.Checked)
	require.Contains(t, signedWords(v.Signed), ": the signature holds")

	requireProblem(t, verified(t, signed, with(&other)), bundle.SignatureFile, "it is by key")
	requireProblem(t, verified(t, sealed(t, "merge"), with(&public)), bundle.SignatureFile, "the bundle is not signed")
	f.replace(bundle.SettingsFile, `"label_as_of": ""`, `"label_as_of": "2020-01-01"`)
	v = verified(t, f.seal(), with(&public))
	requireProblem(t, v, bundle.SignatureFile, "does not hold for this manifest")
	require.Contains(t, signedWords(v.Signed), "it does NOT hold")
	require.NotContains(t, strings.Join(v.Notes, "\n"), "not checked")
	f.members[bundle.SignatureFile] = []byte("signed: me")
	requireProblem(t, verified(t, f.seal()), bundle.SignatureFile, "it is no signature of minisign")
}

// TestGenuineBundles: every recorded incident is verified, and nothing but headers is missing.
func TestGenuineBundles(t *testing.T) {
	for _, name := range []string{"peel", "merge", "mix", "split", "atlanta-replica"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := sealed(t, name)
			v := verified(t, data)
			require.Empty(t, v.Problems)
			require.False(t, v.Complete)
			for _, lack := range v.Lacks {
				require.Regexp(t, "^nobody (vouches for|looked on)", lack)
			}
			trust := trustAll(t, data)
			v = verified(t, data, func(o *bundle.Options) { o.Trust = trust })
			require.NotContains(t, strings.Join(v.Lacks, " "), "vouches")
			v = verified(t, data, over(t, data, false))
			require.True(t, v.Complete, "%v %v", v.Lacks, v.Problems)
			require.NotEmpty(t, v.Proven)
		})
	}
}
