package commands

import "strconv"

// wholeNumber reads an option that may be left out.
func wholeNumber(e *entry, option string, value *string) (*int, error) {
	if value == nil {
		return nil, nil
	}
	n, err := strconv.Atoi(*value)
	if err != nil || n < 0 {
		return nil, e.misuse("%s: %s is no whole number from 0.", option, quote(clip(*value, 40)))
	}
	return &n, nil
}
