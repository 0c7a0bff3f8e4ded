// Package lintcheck holds the check that `make lint` runs before the linter itself: that the
// configuration refuses a file for each of its rules. See lint_test.go.
package lintcheck
