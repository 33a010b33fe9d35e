package commands

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

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
