// Package atlanta plays the worked example: a theft whose amounts, order and means are public,
// on two local chains with contracts and signed transactions of its own, and writes down who
// did what.
//
// What happens stands in script.txt; the acts of other people are made by dice (crowd.go).
// Everything behind the theft, and all accounts, are invented; what is written says so.
//
// Start at Run.
package atlanta
