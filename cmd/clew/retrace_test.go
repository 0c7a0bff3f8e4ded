package main

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/bundle"
	"clew/tracer"
)

// Whatever bears on a trace has to stand in a bundle. Who adds an option of the tracer or a flag of
// clew trace says here where it stands; until then this fails.
func TestSettingsMissNothing(t *testing.T) {
	options := map[string]string{
		"Tool":        "taken over from the bundle's trace",
		"FirstLogged": "taken over",
		"Earlier":     "taken over",
		"Inputs":      "the tracer and the command fill it in from what is read",
		"TouchedOnly": "follows from the recording: set by every follow, never for imported files",
		"Labels":      "labels/, as of label_as_of",
		"Without":     "settings",
		"Through":     "settings",
		"Sink":        "no command sets it",
		"Progress":    "tells, and changes nothing",
		"Sweeping":    "tells, and changes nothing",
	}
	for field := range reflect.TypeFor[tracer.Options]().Fields() {
		require.Contains(t, options, field.Name, "where does this option stand in a bundle?")
	}
	set := bundle.Settings{From: "7", AsOf: []string{"bitcoin=9:00"}, Without: []string{"peel"}, Through: []string{"coinjoin"}, LabelAsOf: "2022-03-29"}
	given := givenBy(&set)
	elsewhere := map[string]string{
		"seed": "incident.yaml", "rule": "incident.yaml", "rule-reason": "incident.yaml", "accounts": "incident.yaml", "title": "incident.yaml",
		"hops": "incident.yaml", "until": "incident.yaml", "dust": "incident.yaml", "touched": "incident.yaml",
		"rpc": "recording/", "blocks": "recording/", "out": "no part in a result",
		"state-rpc": "a trace over blocks of a store, which is not sealed",
		"examiner":  "log.json", "purpose": "log.json", "no-log": "log.json",
	}
	for _, name := range traceCommand().options {
		if len(name) > 4 && name[:4] == "rpc-" {
			continue // how a node is reached
		}
		require.True(t, len(given[name]) > 0 || elsewhere[name] != "", "where does --%s stand in a bundle?", name)
	}

	// What the flags say comes back out of them.
	c, err := (&sealedTrace{set: set}).context()
	require.NoError(t, err)
	require.Equal(t, set, settingsOf(c))
	for field, value := range reflect.ValueOf(set).Fields() {
		if !slices.Contains([]string{"Schema", "Imports"}, field.Name) {
			require.False(t, value.IsZero(), "the test has no value for %s", field.Name)
		}
	}
}
