package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
)

//go:embed readme.txt
var readmeText string

// readme returns README.txt, which tells whoever finds the bundle what it is.
func readme(m *Manifest) ([]byte, error) {
	page, err := template.New("README").Parse(readmeText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ReadmeFile, err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, m); err != nil {
		return nil, fmt.Errorf("%s: %w", ReadmeFile, err)
	}
	return out.Bytes(), nil
}
