package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand/store"
)

func testGet(t *testing.T, d store.Driver) {
	missing(t, d, "k")
	rev := commit(t, d, put("k", "v"))
	expect(t, d, "k", "v", rev)
	missing(t, d, "K")
	missing(t, d, "k\x00")
	missing(t, d, "kk")
}

func testValues(t *testing.T, d store.Driver) {
	values := map[string]string{
		"empty":          "",
		"zeros":          "\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"not utf-8 \xfe": "\xff\xfe\x00",
		"large":          strings.Repeat("0123456789abcdef", 1<<14), // 256 KiB
		"a/b c%2F\n":     "key with separators",
	}
	for k, v := range values {
		commit(t, d, put(k, v))
	}
	for k, v := range values {
		got, err := d.Get(t.Context(), k)
		if err != nil || string(got.Value) != v {
			t.Errorf("Get(%q) gave %d bytes, %v; want %d", k, len(got.Value), err, len(v))
		}
	}
	if got := scan(t, d, "", "\xff", 0); len(got) != len(values) {
		t.Errorf("Scan gave %d keys, want %d: %q", len(got), len(values), got)
	}
}

// testOwnMemory: what is handed in or out belongs to the caller, who may write to it.
func testOwnMemory(t *testing.T, d store.Driver) {
	commit(t, d, put("pad", strings.Repeat("x", 64<<10))) // an empty database may behave otherwise
	value := []byte("first")
	rev := commit(t, d, store.Op{Key: "k", Value: value})
	copy(value, "XXXXX")
	got, err := d.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	copy(got.Value, "YYYYY")
	items, err := d.Scan(t.Context(), "k", "l", 0)
	if err != nil || len(items) != 1 {
		t.Fatalf("Scan: %v, %v", items, err)
	}
	copy(items[0].Value, "ZZZZZ")
	expect(t, d, "k", "first", rev)
}

func testRevisions(t *testing.T, d store.Driver) {
	first := commit(t, d, put("a", "1"), put("b", "1"))
	expect(t, d, "a", "1", first)
	expect(t, d, "b", "1", first)
	second := commit(t, d, put("b", "2"))
	if second <= first {
		t.Errorf("revision %d after %d", second, first)
	}
	expect(t, d, "a", "1", first)
	expect(t, d, "b", "2", second)
	// The same value again is a write all the same.
	third := commit(t, d, put("b", "2"))
	if third <= second {
		t.Errorf("revision %d after %d", third, second)
	}
	// A key that went and came back must not look like the old one.
	commit(t, d, del("b"))
	if again := commit(t, d, putIf("b", "2", 0)); again <= third {
		t.Errorf("revision %d after %d", again, third)
	}
	conflict(t, d, putIf("b", "x", third))
}

func testCompareAndSet(t *testing.T, d store.Driver) {
	conflict(t, d, putIf("k", "v", 7))
	first := commit(t, d, putIf("k", "1", 0))
	conflict(t, d, putIf("k", "x", 0))
	second := commit(t, d, putIf("k", "2", first))
	conflict(t, d, putIf("k", "x", first))
	conflict(t, d, putIf("k", "x", second+1))
	expect(t, d, "k", "2", second)
	conflict(t, d, delIf("k", first))
	commit(t, d, delIf("k", second))
	missing(t, d, "k")
	commit(t, d, delIf("k", 0)) // "it must not be there" can be said with a delete
	commit(t, d, put("k", "3")) // and without Check nothing is asked
	commit(t, d, put("k", "4"))
}

func testAllOrNone(t *testing.T, d store.Driver) {
	rev := commit(t, d, put("guard", "g"), put("old", "o"))
	writes := []store.Op{put("a", "1"), del("old"), put("z", "1")}
	for at := range len(writes) + 1 {
		conflict(t, d, slices.Insert(slices.Clone(writes), at, putIf("guard", "x", rev+100))...)
		missing(t, d, "a")
		missing(t, d, "z")
		expect(t, d, "old", "o", rev)
		expect(t, d, "guard", "g", rev)
	}
	now := commit(t, d, append(writes, putIf("guard", "x", rev))...)
	for _, k := range []string{"a", "z"} {
		expect(t, d, k, "1", now)
	}
	expect(t, d, "guard", "x", now)
	missing(t, d, "old")
}

func testDelete(t *testing.T, d store.Driver) {
	commit(t, d, del("never"))
	commit(t, d, put("a", "1"), put("b", "2"))
	commit(t, d, del("a"), put("c", "3"))
	missing(t, d, "a")
	if diff := cmp.Diff([]string{"b", "c"}, scan(t, d, "", "\xff", 0)); diff != "" {
		t.Error(diff)
	}
}

func testOrder(t *testing.T, d store.Driver) {
	keys := []string{"a", "a\x00", "a!", "a/", "a/0", "a/1", "a/10", "a/2", "a0", "aa", "b", "ä", "\xfe"}
	for i := range keys {
		commit(t, d, put(keys[(i*5)%len(keys)], "v"))
	}
	want := slices.Sorted(slices.Values(keys)) // by bytes
	if diff := cmp.Diff(want, scan(t, d, "", "\xff", 0)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func testScanBounds(t *testing.T, d store.Driver) {
	for _, k := range []string{"a", "b", "b/1", "b/2", "b0", "c"} {
		commit(t, d, put(k, "v"))
	}
	tests := []struct {
		from, to string
		limit    int
		want     []string
	}{
		{"b/", "b0", 0, []string{"b/1", "b/2"}},
		{"a", "c", 0, []string{"a", "b", "b/1", "b/2", "b0"}},
		{"a\x00", "b", 0, []string{}},
		{"b", "b", 0, []string{}},
		{"c", "a", 0, []string{}},
		{"", "", 0, []string{}},
		{"d", "\xff", 0, []string{}},
		{"a", "\xff", 1, []string{"a"}},
		{"a", "\xff", 3, []string{"a", "b", "b/1"}},
		{"a", "\xff", 100, []string{"a", "b", "b/1", "b/2", "b0", "c"}},
		{"b/2", "\xff", 2, []string{"b/2", "b0"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, scan(t, d, tt.from, tt.to, tt.limit)); diff != "" {
			t.Errorf("Scan(%q, %q, %d) (-want +got):\n%s", tt.from, tt.to, tt.limit, diff)
		}
	}
}

func testLimits(t *testing.T, d store.Driver) {
	var ops []store.Op
	for i := range MaxOps {
		ops = append(ops, put(fmt.Sprintf("k%03d", i), "v"))
	}
	refused := map[string][]store.Op{
		"no op":            nil,
		"one too many":     append(slices.Clone(ops), put("more", "v")),
		"an empty key":     {put("", "v")},
		"a key twice":      {put("k", "1"), put("other", "1"), put("k", "2")},
		"put and delete":   {put("k", "1"), del("k")},
		"checked and set":  {putIf("k", "1", 0), put("k", "1")},
		"delete of no key": {del("")},
	}
	for name, ops := range refused {
		if _, err := d.Commit(t.Context(), ops...); err == nil {
			t.Errorf("a commit with %s succeeded", name)
		}
	}
	if got := scan(t, d, "", "\xff", 0); len(got) != 0 {
		t.Errorf("refused commits wrote %q", got)
	}
	commit(t, d, ops...)
	if got := scan(t, d, "", "\xff", 0); len(got) != MaxOps {
		t.Errorf("%d keys, want %d", len(got), MaxOps)
	}
}
