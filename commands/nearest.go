package commands

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// either lists at most three words to choose from: "a, b or c".
func either(words []string) string {
	words = words[:min(len(words), 3)]
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " or " + words[n]
	}
	return strings.Join(words, "")
}

// nearest picks at most n of the words that look like the given one, the most alike first.
func nearest(word string, words []string, n int) []string {
	word = strings.ToLower(word)
	type near struct {
		word string
		far  int
	}
	var found []near
	for _, w := range words {
		l := strings.ToLower(w)
		far := levenshtein.ComputeDistance(word, l)
		if len(word) >= 3 && (strings.HasPrefix(l, word) || strings.HasPrefix(word, l) || strings.Contains(l, word)) {
			far = min(far, 1)
		}
		if far <= max(1, min(len(word), len(l))/2) {
			found = append(found, near{w, far})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.far - b.far })
	var out []string
	for _, f := range found {
		if len(out) < n && !slices.Contains(out, f.word) {
			out = append(out, f.word)
		}
	}
	return out
}
