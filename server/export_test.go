package server

// Words returns the fields of the API's document without words, and the words that are of no field.
func (s *Server) Words() (wordless, unused []string) { return s.doc.wordless, s.doc.unused }

// ProblemNames are the kinds of problems.
func ProblemNames() (names []string) {
	for _, k := range problemKinds() {
		names = append(names, k.name)
	}
	return names
}
