package commands

import (
	"math"
	"strconv"
)

// rounded writes an amount with so many decimals. What would be shown as nothing, and is not, is told as less than
// the smallest amount that can be shown.
func rounded(x float64, decimals int) string {
	least := math.Pow10(-decimals)
	if 0 < x && x < least/2 {
		return "<" + strconv.FormatFloat(least, 'f', decimals, 64)
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

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
