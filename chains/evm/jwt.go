package evm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"clew/chains/rpc"
)

// newLogin takes what was given: a secret, or user and password of the options, else of the URL.
// It is nil where nothing was.
func newLogin(u *url.URL, o Options) (rpc.Login, error) {
	given := rpc.Given(u, o.Options)
	switch {
	case o.JWTFile == "" && given == nil:
		return nil, nil
	case o.JWTFile == "":
		return given, nil
	case given != nil:
		return nil, errors.New("a node takes a user with a password or a JWT, not both: both go into the same header")
	}
	return readSecret(o.JWTFile)
}

// jwt is the Login by a token that is signed with a secret which both sides know. Safe for
// concurrent use: nothing changes.
type jwt struct{ secret []byte }

// secretBytes is the length of the secret after the Engine API's authentication.
const secretBytes = 32

// readSecret reads 64 hex digits, with 0x or without, as nodes write them (jwtsecret, jwt.hex).
func readSecret(file string) (*jwt, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("secret of the JWT: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("secret of the JWT: %s: want %d hex digits, as the node writes them", file, 2*secretBytes)
	}
	return &jwt{secret}, nil
}

// Authorization is a JSON Web Token (RFC 7519) signed by HMAC-SHA256, whose one claim is when it
// was made: nodes take it for a minute.
func (j *jwt) Authorization(now time.Time) string {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		enc.EncodeToString([]byte(`{"iat":`+strconv.FormatInt(now.Unix(), 10)+`}`))
	mac := hmac.New(sha256.New, j.secret)
	mac.Write([]byte(text))
	return "Bearer " + text + "." + enc.EncodeToString(mac.Sum(nil))
}

// Renewed is false: a token made later says the same.
func (j *jwt) Renewed(string) bool { return false }

// Advice says what may be wrong with it.
func (j *jwt) Advice() string {
	return "the JWT's secret is not the node's, or the clocks differ by more than a minute"
}
