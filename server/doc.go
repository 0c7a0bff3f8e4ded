// Package server offers screening as an HTTP/JSON API: one subject or ten thousand, jobs for walks
// that take longer than somebody waits, incidents, watches, webhooks. It decides nothing: a
// screen.Screener gives the verdicts, store/journal keeps them, and what needs a node, a store or a
// trace is a function that whoever wires the program gives in Options.
//
// A request goes through Server.ServeHTTP, the mux, and the gate (gate.go), in this order: request id,
// deadline, key and scope, what the key may have in flight, rate, body, a place in flight, idempotency key;
// then its handler; then one entry of the log of calls, committed before the answer leaves. Handlers never write to the
// connection themselves, but for the stream of a batch.
//
// The document of the API (OpenAPI 3.1) is made by huma from the types in this package and in screen.
// Routes are huma's as well, but for those that are asked thousands of times a second (a screening)
// or stream (a batch): they are plain handlers behind the same gate, and a test holds their behaviour
// against the document.
//
// Start reading at Options, then routes.go.
package server
