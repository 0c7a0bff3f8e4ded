package main

import (
	"clew/labels"
)

func labelCommand() *command {
	return &command{
		path: "label", short: "what others say of addresses: import, list, show, export, update",
		long: "A label is somebody's claim about an address on one chain: who is behind it, or what was done there. Each keeps its source, its date, its confidence, its licence and its own words; labels that contradict each other stand side by side. A label moves no value. It ends a trace where it says service, mixer or bridge.\n\n" +
			"The program carries a set of published labels; what is imported into the store stands beside it.",
		subs: []*command{labelImportCommand(), labelListCommand(), labelShowCommand(), labelExportCommand(), labelUpdateCommand(), labelAddCommand(), labelRemoveCommand()},
	}
}

// labelOptions say what a label claims, and what a file of labels is.
func labelOptions() []option {
	var forms []string
	for _, f := range labels.Forms() {
		forms = append(forms, string(f))
	}
	return []option{
		{name: "kind", kind: isText, value: "FORM", choices: forms, usage: "what the files are; without it, they are looked at"},
		{name: "licence", kind: isText, value: "TEXT", usage: "under which licence the labels are passed on"},
		{name: "label", kind: isText, value: "TEXT", usage: "who or what the address is said to be"},
		{name: "category", kind: isText, value: "WORD", usage: "what it is, such as exchange or mixing_service"},
		{name: "abuse", kind: isText, value: "WORD", usage: "what was done there, such as scam or ransomware"},
		{name: "actor", kind: isText, value: "ID", usage: "who is behind it, by the id of an ActorPack"},
		{name: "confidence", kind: isText, value: "WORD", usage: "how sure it is, as a word or number"},
		{name: "columns", kind: isTexts, value: "ROLE=NAME", usage: "which column of a table is which; may be given again"},
		{name: "retrieved", kind: isText, value: "DATE", usage: "when the file was taken from its source (today without it)"},
		{name: "valid-from", kind: isText, value: "DATE", usage: "when what it claims began"},
		{name: "valid-to", kind: isText, value: "DATE", usage: "when what it claims ended"},
		{name: "folder", kind: isText, value: "DIR", usage: "where the files lie that a manifest names; without it, beside the manifest"},
		{name: "packed", kind: isBool, usage: "write all labels in the program's own packed form, which clew label update reads"},
	}
}
