// Package webhook sends events to those who asked for them, signed, and lets a receiver check that
// they are ours.
//
// The form is that of Standard Webhooks (standardwebhooks.com, version 1): three headers
//
//	webhook-id         the event's id, the same at each attempt
//	webhook-timestamp  Unix seconds of this attempt
//	webhook-signature  "v1," and the base64 of HMAC-SHA256(secret, id "." timestamp "." body)
//
// so that any of its libraries can be the receiver. Deliveries are at least once: what a receiver
// did not answer with 2xx is sent again with the same id, by which it knows it. What was tried as
// often as allowed is dead, and can be sent again by hand.
//
// A target is an address that somebody typed: nothing is sent to this machine or to a private
// network unless the operator allowed it (Guard). Redirects are not followed, bodies of answers are
// not kept, and neither secrets nor paths of targets stand in errors.
//
// It decides nothing: which event there is, is the business of those who add deliveries to the
// journal. Start reading at Sender.
package webhook
