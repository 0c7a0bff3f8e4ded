// Package testdata holds recorded incidents that the program carries with it.
package testdata

import "embed"

// Demo holds a folder for each incident of the demonstration: incident.yaml, and a
// recording of what its trace touches (recording.json, objects.zip, declared.json), or a folder
// with one for each chain.
//
//go:embed demo/*/incident.yaml demo/*/recording.json demo/*/objects.zip demo/*/declared.json
//go:embed demo/*/*/recording.json demo/*/*/objects.zip demo/*/*/declared.json
var Demo embed.FS
