package schedule

import (
	"testing"
)

// A zone that is written a little wrong is found; what is like none is not.
func TestNearZone(t *testing.T) {
	for name, want := range map[string]string{
		"Europe/Istambul": "Europe/Istanbul", "Europe/Berln": "Europe/Berlin", "Europe/Parris": "Europe/Paris", "Asia/Toyko": "Asia/Tokyo",
		"America/New_Yrok": "America/New_York", "america/new york": "America/New_York", "istanbul": "Europe/Istanbul", "Istambul": "Europe/Istanbul",
		"Erope/Istanbul": "Europe/Istanbul", "Asia/Istambul": "Asia/Istanbul", "America/Argentina/buenos_aires": "America/Buenos_Aires",
		"Mars/Olympus": "", "": "", "/": "", "Europe/": "", "Europe/Äöü": "",
	} {
		if got := nearZone(name); got != want {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
}
