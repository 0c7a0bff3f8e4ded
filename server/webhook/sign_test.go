package webhook_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/server/webhook"
)

// The example that the libraries of Standard Webhooks are tested with.
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleBody      = `{"test": 2432232314}`
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var exampleTime = time.Unix(1614265330, 0)

func example(t *testing.T) (webhook.Secret, http.Header) {
	t.Helper()
	secret, err := webhook.ParseSecret(exampleSecret)
	require.NoError(t, err)
	return secret, http.Header{"Webhook-Id": {exampleID}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {exampleSignature}}
}

func TestSignExample(t *testing.T) {
	secret, header := example(t)
	require.Equal(t, exampleSignature, secret.Sign(exampleID, exampleTime, []byte(exampleBody)))
	id, err := webhook.VerifyAt(secret, header, []byte(exampleBody), 0, exampleTime)
	require.NoError(t, err)
	require.Equal(t, exampleID, id)
	require.Equal(t, exampleSecret, secret.Reveal())
}

func TestVerify(t *testing.T) {
	other, err := webhook.NewSecret()
	require.NoError(t, err)
	cases := []struct {
		name   string
		change func(h http.Header)
		body   string
		secret webhook.Secret
		at     time.Time
		want   error
	}{
		{name: "as it was sent"},
		{name: "one of several signatures is ours", change: set("Webhook-Signature", "v1,AAAA v1a,xx "+exampleSignature)},
		{name: "early within the tolerance", at: exampleTime.Add(-5 * time.Minute)},
		{name: "late within the tolerance", at: exampleTime.Add(5 * time.Minute)},
		{name: "too early", at: exampleTime.Add(-5*time.Minute - time.Second), want: webhook.ErrStale},
		{name: "too late", at: exampleTime.Add(5*time.Minute + time.Second), want: webhook.ErrStale},
		{name: "another body", body: exampleBody + " ", want: webhook.ErrSignature},
		{name: "another id", change: set("Webhook-Id", "msg_x"), want: webhook.ErrSignature},
		{name: "another time", change: set("Webhook-Timestamp", "1614265331"), want: webhook.ErrSignature},
		{name: "another secret", secret: other, want: webhook.ErrSignature},
		{name: "a secret of no bytes", secret: webhook.Secret{}, want: webhook.ErrSignature},
		{name: "a signature cut short", change: set("Webhook-Signature", exampleSignature[:20]), want: webhook.ErrSignature},
		{name: "a signature without its version", change: set("Webhook-Signature", exampleSignature[3:]), want: webhook.ErrSignature},
		{name: "no id", change: set("Webhook-Id", ""), want: webhook.ErrHeader},
		{name: "no signature", change: set("Webhook-Signature", ""), want: webhook.ErrHeader},
		{name: "no time", change: set("Webhook-Timestamp", ""), want: webhook.ErrHeader},
		{name: "a time with a plus", change: set("Webhook-Timestamp", "+1614265330"), want: webhook.ErrHeader},
		{name: "a time of words", change: set("Webhook-Timestamp", "now"), want: webhook.ErrHeader},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			secret, header := example(t)
			body, at := exampleBody, exampleTime
			if c.change != nil {
				c.change(header)
			}
			if c.body != "" {
				body = c.body
			}
			if c.secret != nil {
				secret = c.secret
			}
			if !c.at.IsZero() {
				at = c.at
			}
			_, err := webhook.VerifyAt(secret, header, []byte(body), webhook.DefaultTolerance, at)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func set(name, value string) func(http.Header) {
	return func(h http.Header) { h.Set(name, value) }
}

// Whoever forgot to set a secret takes nothing, not even what is signed with none.
func TestVerifyWithoutSecret(t *testing.T) {
	_, header := example(t)
	header.Set(webhook.HeaderSignature, webhook.Secret{}.Sign(exampleID, exampleTime, []byte(exampleBody)))
	_, err := webhook.VerifyAt(webhook.Secret{}, header, []byte(exampleBody), 0, exampleTime)
	require.ErrorIs(t, err, webhook.ErrSignature)
}

func TestVerifyLooksAtTheClock(t *testing.T) {
	secret, header := example(t)
	_, err := webhook.Verify(secret, header, []byte(exampleBody), 0)
	require.ErrorIs(t, err, webhook.ErrStale, "it was sent in 2021")
}

func TestParseSecret(t *testing.T) {
	for n, ok := range map[int]bool{23: false, 24: true, 64: true, 65: false} {
		_, err := webhook.ParseSecret("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)))
		require.Equal(t, ok, err == nil, "%d bytes", n)
	}
	for _, text := range []string{"", exampleSecret[6:], "whsec_!" + exampleSecret[7:]} {
		_, err := webhook.ParseSecret(text)
		require.Error(t, err)
		if text != "" {
			require.NotContains(t, err.Error(), text, "an error ends in a log")
		}
	}
}

// Whatever a secret is printed with, it does not show.
func TestSecretIsNotPrinted(t *testing.T) {
	secret, _ := example(t)
	holder := struct {
		Name   string
		Secret webhook.Secret
	}{"x", secret}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, err := fmt.Fprintf(&b, verb+verb, secret, holder)
		require.NoError(t, err)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "secret", secret, "holder", holder)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "secret", secret, "holder", holder)
	text, err := json.Marshal(holder)
	require.NoError(t, err)
	b.Write(text)
	raw := []byte(secret)
	for _, shown := range []string{
		exampleSecret[6:], string(raw[:8]), fmt.Sprintf("%x", raw[:8]), fmt.Sprintf("%X", raw[:8]),
		strings.Trim(fmt.Sprintf("%d", raw[:8]), "[]"), base64.StdEncoding.EncodeToString(raw[:9]),
	} {
		require.NotContains(t, b.String(), shown)
	}
	require.Contains(t, b.String(), "whsec_…")
}
