package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityDoc sees that every test and every file that docs/security.md calls upon is there.
func TestSecurityDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, files := map[string]bool{}, map[string]bool{}
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[strings.TrimPrefix(filepath.ToSlash(path), "../../")], files[d.Name()] = true, true
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(src, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, m := range regexp.MustCompile("`(Test\\w+|[\\w/.-]+\\.(?:go|txtar))`|\\]\\(([^)]+)\\)").FindAllStringSubmatch(string(doc), -1) {
		word, link := m[1], m[2]
		switch {
		case link != "" && !files["docs/"+link]:
			t.Errorf("the link to %s leads nowhere", link)
		case strings.HasPrefix(word, "Test") && !tests[word]:
			t.Errorf("there is no %s", word)
		case strings.Contains(word, ".") && !files[word]:
			t.Errorf("there is no file %s", word)
		}
		named++
	}
	if named < 30 {
		t.Errorf("only %d claims are backed", named)
	}
}
