package config

import (
	"cmp"
	"fmt"
	"time"
)

// Idle says when a server counts as unused, and how much may be asked of the clouds to find out. A length of time or number that is
// not set has a default; without the section no samples are taken and nobody is asked.
type Idle struct {
	Ask            *bool    `yaml:"ask"`              // false takes samples only: nobody is asked
	After          Duration `yaml:"after"`            // so long below all the bounds; 48h by default
	CPUBelow       float64  `yaml:"cpu_below"`        // percent of all processors of the server; 2 by default
	NetworkBelow   float64  `yaml:"network_below"`    // KiB a second, in and out; 10 by default
	DiskBelow      float64  `yaml:"disk_below"`       // KiB a second, read and written; 50 by default
	StoppedAfter   Duration `yaml:"stopped_after"`    // so long stopped, paused or shelved; 14d by default
	Answer         Duration `yaml:"answer"`           // how long an owner has to answer; 24h by default
	Quiet          Duration `yaml:"quiet"`            // so long nobody is asked again who said that a server is needed; 7d by default
	Every          Duration `yaml:"every"`            // between two samples of a server; 1h by default
	CallsPerMinute int      `yaml:"calls_per_minute"` // to all clouds together; 30 by default
}

// leastCalls is what one sample may take.
const leastCalls = 12

func (i *Idle) check() error {
	if i == nil {
		return nil
	}
	after, every := cmp.Or(time.Duration(i.After), 48*time.Hour), cmp.Or(time.Duration(i.Every), time.Hour)
	switch {
	case after < time.Hour:
		return fmt.Errorf("leases.idle.after is %s: scores are kept by the hour, so it is an hour at least", after)
	case every < time.Minute || every > 6*time.Hour || every > after:
		return fmt.Errorf("leases.idle.every is %s: it is from a minute to six hours, and not longer than leases.idle.after (%s)", every, after)
	case i.Answer != 0 && time.Duration(i.Answer) < leastGrace:
		return fmt.Errorf("leases.idle.answer is %s: it is %s at least, so that somebody can answer", time.Duration(i.Answer), leastGrace)
	case i.CPUBelow < 0 || i.CPUBelow > 100:
		return fmt.Errorf("leases.idle.cpu_below is %v: it is a part of a server's processors, from 0 to 100 percent", i.CPUBelow)
	case i.NetworkBelow < 0 || i.DiskBelow < 0:
		return fmt.Errorf("leases.idle: network_below and disk_below are KiB a second, and not below 0")
	case i.CallsPerMinute != 0 && i.CallsPerMinute < leastCalls:
		return fmt.Errorf("leases.idle.calls_per_minute is %d: one sample may take %d calls, so it is that at least; leave leases.idle out to take none", i.CallsPerMinute, leastCalls)
	}
	return nil
}
