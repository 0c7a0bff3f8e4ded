package exhibit

import "clew/tracer"

// versioned reports whether a trace says of which build the program was that made it.
func versioned(t *tracer.Tool) bool { return known(t.Version) || known(t.Commit) }

// known is false for what a build did not record.
func known(text string) bool { return text != "" && text != "unknown" }

// ToolWords names the program that made a trace: "clew v1.2, commit 4f…"; where its build recorded
// neither, it says so.
func ToolWords(t *tracer.Tool) string {
	switch {
	case !versioned(t):
		return "clew (version not recorded at build)"
	case !known(t.Commit):
		return "clew " + visible(t.Version)
	case !known(t.Version):
		return "clew, commit " + visible(t.Commit)
	}
	return "clew " + visible(t.Version) + ", commit " + visible(t.Commit)
}
