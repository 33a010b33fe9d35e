package schedule

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// areas are the first halves of the names of time zones.
var areas = strings.Fields("Europe America Asia Africa Australia Pacific Atlantic Indian")

// nearZone is a time zone by its city alone, written in small letters or with spaces, or with one letter wrong; "" where there is
// none. Nothing lists the zones that there are, so what somebody may have meant is tried.
func nearZone(name string) string {
	area, city, found := strings.Cut(name, "/")
	if !found {
		city = name
	}
	words := strings.FieldsFunc(city[strings.LastIndex(city, "/")+1:], func(r rune) bool { return r == ' ' || r == '_' })
	for i, word := range words {
		r := []rune(strings.ToLower(word))
		words[i] = string(unicode.ToUpper(r[0])) + string(r[1:])
	}
	city = strings.Join(words, "_")
	if city == "" || len(city) > 30 {
		return ""
	}
	for _, near := range append([]string{city}, misspelt(city)...) {
		for _, a := range theFirst(area, areas) {
			zone := a + "/" + near
			if _, err := time.LoadLocation(zone); err == nil {
				return zone
			}
		}
	}
	return ""
}

// theFirst puts one of some words before the others.
func theFirst(word string, all []string) []string {
	i := slices.IndexFunc(all, func(w string) bool { return strings.EqualFold(w, word) })
	if i < 0 {
		return all
	}
	return append([]string{all[i]}, slices.Delete(slices.Clone(all), i, i+1)...)
}

// misspelt are the words from which a word is one slip away: two letters changed places, or one is missing, another, or too much.
func misspelt(word string) (all []string) {
	r := []rune(word)
	put := func(i int, mid string, rest int) { all = append(all, string(r[:i])+mid+string(r[rest:])) }
	for i := range r {
		if i+1 < len(r) {
			put(i, string([]rune{r[i+1], r[i]}), i+2)
		}
		put(i, "", i+1)
	}
	for i := range len(r) + 1 {
		for c := 'a'; c <= 'z'; c++ {
			letter := string(c)
			if i == 0 || r[i-1] == '_' {
				letter = strings.ToUpper(letter)
			}
			if i < len(r) {
				put(i, letter, i+1)
			}
			put(i, letter, i)
		}
	}
	return all
}
