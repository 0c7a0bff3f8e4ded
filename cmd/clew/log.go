package main

import "log/slog"

// newLogger returns a logger to standard error: text for people, JSON lines with --json.
// level is one of the choices of --log-level.
func newLogger(w *world, level string) *slog.Logger {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	opts := &slog.HandlerOptions{Level: levels[level]}
	if w.json {
		return slog.New(slog.NewJSONHandler(w.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(w.stderr, opts))
}
