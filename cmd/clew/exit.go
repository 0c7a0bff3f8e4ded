package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/store"
	"clew/store/journal"
)

// exitCode is the status with which the program ends. The numbers are part of the contract
// with scripts: they never change.
type exitCode int

const (
	codeOK          exitCode = 0
	codeError       exitCode = 1 // error or wrong usage
	codeGaps        exitCode = 3 // the result was written but has gaps
	codeMatch       exitCode = 4 // screen: a rule fired that asks for review or blocks
	codeCheck       exitCode = 5 // a check found something wrong
	codeNoStore     exitCode = 10
	codeStore       exitCode = 11 // the store is locked, or newer than the program
	codeUnreachable exitCode = 12
	codeInterrupted exitCode = 130
)

// meaning returns what a person is told about code in a command's help.
func (code exitCode) meaning() string {
	switch code {
	case codeOK:
		return "done"
	case codeError:
		return "error or wrong usage"
	case codeGaps:
		return "the result was written but is incomplete: it lists its gaps"
	case codeMatch:
		return "screen found a match: a rule fired that asks for review or blocks"
	case codeCheck:
		return "the check found something wrong"
	case codeNoStore:
		return "no store (--db)"
	case codeStore:
		return "the store is locked, or newer than this program"
	case codeUnreachable:
		return "the node did not answer"
	case codeInterrupted:
		return "interrupted"
	}
	return fmt.Sprintf("code %d", int(code))
}

// usageError is a command line that cannot be understood.
type usageError struct {
	msg  string
	hint string
}

func (e *usageError) Error() string { return e.msg }

// gapsError ends a command whose result was written but has gaps.
type gapsError struct{ gaps int }

func (e *gapsError) Error() string {
	if e.gaps == 1 {
		return "the result is written, but incomplete: 1 gap"
	}
	return fmt.Sprintf("the result is written, but incomplete: %d gaps", e.gaps)
}

// matchError ends a screening in which rules fired.
type matchError struct{ matches, of int }

func (e *matchError) Error() string {
	if e.of == 1 {
		return "a match: a rule fired"
	}
	return fmt.Sprintf("%s of %s", counted(int64(e.matches), "match"), counted(int64(e.of), "subject"))
}

// notCoveredError ends a screening that could not look where it had to.
type notCoveredError struct{ subjects, of int }

func (e *notCoveredError) Error() string {
	if e.of == 1 {
		return "not covered: what was asked lies outside of what was read"
	}
	return fmt.Sprintf("%s of %d not covered", counted(int64(e.subjects), "subject"), e.of)
}

// checkError ends a command whose check found something wrong.
type checkError struct{ msg string }

func (e *checkError) Error() string { return e.msg }

// damagedError is what was wrong with a recording.
type damagedError struct{ err error }

func (e *damagedError) Error() string { return e.err.Error() }
func (e *damagedError) Unwrap() error { return e.err }

// interruptedError is whatever a command returned after a signal had arrived.
type interruptedError struct{ err error }

func (e *interruptedError) Error() string {
	if errors.Is(e.err, context.Canceled) {
		return "interrupted"
	}
	return "interrupted: " + e.err.Error()
}

func (e *interruptedError) Unwrap() error { return e.err }

// hinted adds a way out to an error.
type hinted struct {
	err  error
	hint string
}

func (e *hinted) Error() string { return e.err.Error() }
func (e *hinted) Unwrap() error { return e.err }

// advised is an error of another package that brings a way out of its own.
type advised interface {
	error
	Advice() string
}

// withHint returns err with a way out for the person; nil stays nil.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// outcome is one line of the table from errors to exit codes.
type outcome struct {
	is   func(error) bool
	code exitCode
	hint string // "" where the error itself has to say what to do
}

func sentinel(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func anyOf(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func typed[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// outcomes is the one place where errors become exit codes. The first line that matches
// counts.
func outcomes() []outcome {
	return []outcome{
		{typed[*interruptedError], codeInterrupted, "what was written before stays valid; clew sync goes on from there, every other command begins again"},
		{typed[*matchError], codeMatch, "each path is a chain of transactions that can be checked; who was paid over one may be innocent"},
		{typed[*notCoveredError], codeGaps, "nothing was found where it was looked, which says nothing of the rest: read the blocks with clew sync, and screen again"},
		{typed[*gapsError], codeGaps, "each gap names what was not read, why, and what that does to the amounts"},
		{typed[*checkError], codeCheck, ""},
		{typed[*damagedError], codeCheck, "the recording contradicts itself: take it from its source again, and compare its SHA-256"},
		// The store's own words say what to do; so do most of the adapter's.
		{sentinel(store.ErrNoStore), codeNoStore, ""},
		{sentinel(store.ErrLocked), codeStore, ""},
		{sentinel(store.ErrNewer), codeStore, ""},
		{sentinel(store.ErrOlder), codeStore, ""},
		{anyOf(journal.ErrLocked, journal.ErrNewer, journal.ErrOlder), codeStore, ""},
		{sentinel(journal.ErrDamaged), codeCheck, "keep this file: what was decided is in it alone; a copy of before is the way back"},
		{sentinel(journal.ErrForeign), codeError, "name a journal of clew with --journal"},
		{sentinel(journal.ErrOpenToOthers), codeError, ""},
		{sentinel(store.ErrFull), codeError, ""},
		{sentinel(store.ErrDisk), codeError, ""},
		{sentinel(store.ErrDamaged), codeCheck, "blocks can be read again into a new store; traces and the log come back from a copy only"},
		{typed[*bitcoin.DamageError], codeError, "let the node read its files again (bitcoind -reindex), or copy them again from where they came"},
		{sentinel(store.ErrForeign), codeError, "name a store of clew with --db"},
		{anyOf(syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG), codeError, "free some space, or name another place with --out or --db"},
		{anyOf(fs.ErrPermission, syscall.EROFS), codeError, "name a place that you may write to, with --out or --db"},
		{sentinel(chains.ErrUnreachable), codeUnreachable, "start it, or correct --rpc"},
		{sentinel(chains.ErrUnauthorized), codeError, ""},
		{sentinel(chains.ErrWrongChain), codeError, "give the chain of this node with --chain, or the URL of the other node"},
		{sentinel(chains.ErrUnknownChain), codeError, ""},
		{sentinel(chains.ErrRateLimited), codeError, "the node asks for fewer requests: try again later, or use a node of your own"},
	}
}

// classify returns the exit code of err and the way out; codeOK for nil.
func classify(err error) (exitCode, string) {
	if err == nil {
		return codeOK, ""
	}
	code, hint := codeError, ""
	for _, o := range outcomes() {
		if o.is(err) {
			code, hint = o.code, o.hint
			break
		}
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		hint = u.hint
	}
	if a, ok := errors.AsType[advised](err); ok && code != codeInterrupted {
		hint = a.Advice()
	}
	if h, ok := errors.AsType[*hinted](err); ok && code != codeInterrupted {
		hint = h.hint
	}
	return code, hint
}

// exitMessage is the last line on standard error with --json.
type exitMessage struct {
	MessageType string   `json:"message_type"` // "exit_error"
	Code        exitCode `json:"code"`
	Message     string   `json:"message"`
	Hint        string   `json:"hint"`
}

// report tells the person, or the script, about err and returns the exit code.
func report(w *world, err error) int {
	code, hint := classify(err)
	if err == nil {
		return int(code)
	}
	if w.json {
		line, jsonErr := json.Marshal(exitMessage{"exit_error", code, err.Error(), hint})
		if jsonErr != nil {
			line = []byte(`{"message_type":"exit_error","code":1,"message":"the error cannot be written as JSON","hint":""}`)
		}
		w.say("%s\n", line)
		return int(code)
	}
	w.say("clew: %s\n", strings.TrimSpace(err.Error()))
	if hint != "" {
		w.say("      %s\n", fold(hint, 6))
	}
	return int(code)
}
