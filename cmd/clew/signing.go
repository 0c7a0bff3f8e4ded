package main

import (
	"fmt"
	"os"

	"aead.dev/minisign"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// signer signs with a secret key of minisign.
type signer struct {
	key  minisign.PrivateKey
	name string // the id of the key, as minisign prints it
}

// signingKey reads the key that --sign names; nil where it was not given.
func signingKey(w *world, c *cli.Context) (*signer, error) {
	file := c.String("sign")
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, withHint(fmt.Errorf("--sign: %w", err), "minisign -G makes a pair of keys; --sign names the secret one")
	}
	s := &signer{}
	if !minisign.IsEncrypted(text) {
		if err := s.key.UnmarshalText(text); err != nil {
			return nil, withHint(fmt.Errorf("--sign %s: %w", file, err), "it is no secret key of minisign: minisign -G makes a pair, and --sign names the secret one")
		}
	} else {
		password, err := passwordOf(w, c, file)
		if err != nil {
			return nil, err
		}
		if s.key, err = minisign.DecryptKey(password, text); err != nil {
			return nil, withHint(fmt.Errorf("--sign %s: %w", file, err), "is it the password of this key?")
		}
	}
	s.name = fmt.Sprintf("%016X", s.key.ID())
	return s, nil
}

// passwordOf returns the password of a key: from a file or a variable, else it is asked.
func passwordOf(w *world, c *cli.Context, file string) (string, error) {
	password, err := secret(w, c, "sign-password")
	if err != nil || password != "" {
		return password, err
	}
	in, ok := w.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", &usageError{"--sign: the key has a password, and there is no terminal to ask for it", "give it in CLEW_SIGN_PASSWORD or --sign-password-file"}
	}
	w.say("Password of %s: ", file)
	text, err := term.ReadPassword(int(in.Fd()))
	w.say("\n")
	if err != nil {
		return "", fmt.Errorf("--sign: read the password: %w", err)
	}
	return string(text), nil
}

// sign signs the manifest of a bundle. The comments carry no clock: the same bundle has the same signature.
func (s *signer) sign(manifest []byte) ([]byte, error) {
	return minisign.SignWithComments(s.key, manifest, "clew.bundle/1 manifest.json", "signature from minisign secret key "+s.name), nil
}
