package store

import (
	"fmt"
	"strings"
	"time"
)

// key joins the parts of a key. Parts may hold anything: the separator in them is escaped, so
// that different parts never make the same key, and no part can end early.
func key(parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('/')
		}
		escape.WriteString(&b, p)
	}
	return b.String()
}

var escape = strings.NewReplacer("%", "%25", "/", "%2F")

// under gives the bounds of the keys that begin with these parts and have more of them.
func under(parts ...string) (from, to string) {
	prefix := key(parts...)
	return prefix + "/", prefix + "0" // '0' follows '/'
}

// The order of these is the order of time, whatever the year.
const offset = 1 << 63

// rising makes a part of a key whose order is that of time.
func rising(t time.Time) string {
	return fmt.Sprintf("%016x%08x", uint64(t.Unix())^offset, t.Nanosecond())
}

// falling makes a part of a key that puts the newest first.
func falling(t time.Time) string {
	return fmt.Sprintf("%016x%08x", ^(uint64(t.Unix()) ^ offset), 999_999_999-t.Nanosecond())
}
