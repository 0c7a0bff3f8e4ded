package main

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/require"
)

// A bundle is signed when somebody asks for it, so that minisign checks it, and the same way twice. A
// password comes from a file or a variable, and a wrong one is an error.
func TestBundlesAreSigned(t *testing.T) {
	dir := t.TempDir()
	public, private, err := minisign.GenerateKey(rand.Reader)
	require.NoError(t, err)
	locked, err := minisign.EncryptKey("hidden", private)
	require.NoError(t, err)
	open, err := private.MarshalText()
	require.NoError(t, err)
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	lockedKey, openKey := file("locked.key", locked), file("open.key", open)
	password := file("password", []byte("hidden\n"))

	call := func(env map[string]string, args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), args, bytes.NewReader(nil), &out, &errs, func(name string) string { return env[name] })
		return code, out.String() + errs.String()
	}
	demo := filepath.Join(dir, "demo")
	code, said := call(nil, "demo", demo, "--quiet")
	require.Zero(t, code, said)
	bundle := func(env map[string]string, more ...string) (int, string) {
		return call(env, append([]string{"bundle", filepath.Join(demo, "split", "trace.json"), "--db", filepath.Join(demo, "demo.db"), "--no-log"}, more...)...)
	}

	target := filepath.Join(dir, "signed.zip")
	code, said = bundle(nil, "--out", target, "--sign", lockedKey, "--sign-password-file", password)
	require.Zero(t, code, said)
	require.Contains(t, said, "Signed   with the key")
	first, err := os.ReadFile(target)
	require.NoError(t, err)
	read := func(name string) []byte {
		z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
		require.NoError(t, err)
		f, err := z.Open(name)
		require.NoError(t, err)
		data, err := io.ReadAll(f)
		require.NoError(t, err)
		return data
	}
	manifest, signature := read("manifest.json"), read("manifest.json.minisig")
	require.True(t, minisign.Verify(public, manifest, signature))
	manifest[10] ^= 1
	require.False(t, minisign.Verify(public, manifest, signature))

	for name, ways := range map[string]func() (int, string){
		"again, by a variable": func() (int, string) {
			return bundle(map[string]string{"CLEW_SIGN_PASSWORD": "hidden"}, "--out", target, "--sign", lockedKey)
		},
		"again, by an open key": func() (int, string) { return bundle(nil, "--out", target, "--sign", openKey) },
	} {
		code, said := ways() // another file in its place would be refused
		require.Zero(t, code, name+": "+said)
	}
	for want, ways := range map[string]func() (int, string){
		"is it the password of this key": func() (int, string) {
			return bundle(map[string]string{"CLEW_SIGN_PASSWORD": "wrong"}, "--out", target, "--sign", lockedKey)
		},
		"no terminal to ask for it":       func() (int, string) { return bundle(nil, "--out", target, "--sign", lockedKey) },
		"it is no secret key of minisign": func() (int, string) { return bundle(nil, "--out", target, "--sign", password) },
	} {
		code, said := ways()
		require.Equal(t, 1, code)
		require.Contains(t, said, want)
	}
}
