package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a delivery.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
	// Bytes of a secret, as the specification bounds them.
	leastSecret, mostSecret = 24, 64
	newSecret               = 32
)

// Errors of Verify.
var (
	ErrHeader    = errors.New("a header of the webhook is absent or has another form")
	ErrStale     = errors.New("the webhook's time is outside of the tolerance")
	ErrSignature = errors.New("no signature of the webhook is by this secret")
)

// Secret is the key of one endpoint. Printed or logged in any way it is "whsec_…": Reveal shows it.
type Secret []byte

// NewSecret returns a random secret of 256 bits.
func NewSecret() (Secret, error) {
	s := make(Secret, newSecret)
	if _, err := rand.Read(s); err != nil {
		return nil, fmt.Errorf("make a webhook secret: %w", err)
	}
	return s, nil
}

// ParseSecret reads "whsec_" and the base64 of 24 to 64 bytes. The error does not repeat the text.
func ParseSecret(text string) (Secret, error) {
	code, ok := strings.CutPrefix(text, secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(code)
	if !ok || err != nil || len(raw) < leastSecret || len(raw) > mostSecret {
		return nil, fmt.Errorf("webhook secret: want %s and the base64 of %d to %d bytes", secretPrefix, leastSecret, mostSecret)
	}
	return raw, nil
}

// Reveal returns the text that the receiver is given, and that ParseSecret reads.
func (s Secret) Reveal() string { return secretPrefix + base64.StdEncoding.EncodeToString(s) }

// Format writes "whsec_…" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(secretPrefix + "…")) } // a Formatter has no way to fail

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretPrefix + "…") }

// MarshalText hides the secret from JSON: what may be shown is shown by Reveal.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretPrefix + "…"), nil }

// Sign returns the signature of a body sent at a time, to the second.
func (s Secret) Sign(id string, at time.Time, body []byte) string {
	return s.signature(id, strconv.FormatInt(at.Unix(), 10), body)
}

func (s Secret) signature(id, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, s)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return version + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// DefaultTolerance is how far a receiver's clock may be from ours.
const DefaultTolerance = 5 * time.Minute

// Verify checks a webhook as its receiver: that one of its signatures is by secret, and that it was
// sent no longer ago than tolerance, nor later than that from now; 0 means DefaultTolerance. It
// returns the event's id, by which a receiver knows what it has had already: the same event may come
// twice. body is as it was received, byte for byte. Errors: ErrHeader, ErrStale, ErrSignature.
func Verify(secret Secret, header http.Header, body []byte, tolerance time.Duration) (id string, err error) {
	return VerifyAt(secret, header, body, tolerance, time.Now())
}

// VerifyAt is Verify at another time than now.
func VerifyAt(secret Secret, header http.Header, body []byte, tolerance time.Duration, now time.Time) (id string, err error) {
	if tolerance == 0 {
		tolerance = DefaultTolerance
	}
	if len(secret) < leastSecret { // else an endpoint without a secret would take what anybody signs
		return "", fmt.Errorf("the secret has %d bytes, want %d at least: %w", len(secret), leastSecret, ErrSignature)
	}
	id, stamp, signatures := header.Get(HeaderID), header.Get(HeaderTimestamp), header.Get(HeaderSignature)
	if id == "" || signatures == "" {
		return "", fmt.Errorf("%s, %s: %w", HeaderID, HeaderSignature, ErrHeader)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return "", fmt.Errorf("%s: %w", HeaderTimestamp, ErrHeader)
	}
	want, found := []byte(secret.signature(id, stamp, body)), false
	for _, text := range strings.Fields(signatures) {
		found = hmac.Equal([]byte(text), want) || found // in a time that tells nothing of where they differ
	}
	if !found {
		return "", ErrSignature
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > tolerance {
		return "", fmt.Errorf("%s from now: %w", apart.Round(time.Second), ErrStale)
	}
	return id, nil
}
