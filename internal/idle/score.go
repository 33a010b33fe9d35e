package idle

import (
	"math"
	"time"

	"github.com/stackhand/stackhand"
)

// Score is how busy a server was in an hour or a day. What is not known is below zero.
type Score struct {
	At   time.Time // when the hour or day began
	CPU  float64   // percent of all its processors
	Net  float64   // bytes a second
	Disk float64   // bytes a second
}

// Known tells whether there is a number.
func (s Score) Known() bool { return s.CPU >= 0 }

// A score takes four bytes: the processors in 1/100 %, network and disk by their logarithm, to within a tenth.
const (
	scoreSize = 4
	maxHours  = 7 * 24
	maxDays   = 28
	noCPU     = math.MaxUint16
	noRate    = math.MaxUint8
	day       = 24 * time.Hour
)

func pack(s Score) []byte {
	cpu := uint16(noCPU)
	if s.CPU >= 0 {
		cpu = uint16(math.Round(min(s.CPU, 400) * 100))
	}
	return []byte{byte(cpu >> 8), byte(cpu), packRate(s.Net), packRate(s.Disk)}
}

func packRate(v float64) byte {
	if v < 0 {
		return noRate
	}
	return byte(min(math.Round(8*math.Log2(1+v)), noRate-1))
}

func unpack(at time.Time, b []byte) Score {
	s := Score{At: at, CPU: -1, Net: unpackRate(b[2]), Disk: unpackRate(b[3])}
	if cpu := uint16(b[0])<<8 | uint16(b[1]); cpu != noCPU {
		s.CPU = float64(cpu) / 100
	}
	return s
}

func unpackRate(b byte) float64 {
	if b == noRate {
		return -1
	}
	return math.Exp2(float64(b)/8) - 1
}

var none = Score{CPU: -1, Net: -1, Disk: -1}

// scores reads a ring that ends with the hour or day last.
func scores(b []byte, last time.Time, step time.Duration) []Score {
	n := len(b) / scoreSize
	out := make([]Score, n)
	for i := range out {
		out[i] = unpack(last.Add(-time.Duration(n-1-i)*step), b[i*scoreSize:(i+1)*scoreSize])
	}
	return out
}

// Hours are the scores of the last week by the hour, Days those of the last four weeks by the day (of UTC), the oldest first.
func Hours(a stackhand.Activity) []Score { return scores(a.Hours, a.Hour, time.Hour) }

// Days are the scores by the day.
func Days(a stackhand.Activity) []Score { return scores(a.Days, a.Day, day) }

// put raises the score of a slot to at least s; slots before the ring are past, those in between stay gaps.
func put(ring []byte, last *time.Time, at time.Time, step time.Duration, most int, s Score) []byte {
	if last.IsZero() {
		*last = at.Add(-step)
	}
	for last.Before(at) {
		*last = last.Add(step)
		ring = append(ring, pack(none)...)
		if len(ring) > most*scoreSize {
			ring = ring[scoreSize:]
		}
	}
	i := len(ring) - scoreSize*(1+int(last.Sub(at)/step))
	if i < 0 {
		return ring
	}
	slot := ring[i : i+scoreSize]
	copy(slot, pack(higher(unpack(at, slot), s)))
	return ring
}

// higher takes the higher of each: an hour is as busy as its busiest part that is known.
func higher(a, b Score) Score {
	return Score{At: a.At, CPU: max(a.CPU, b.CPU), Net: max(a.Net, b.Net), Disk: max(a.Disk, b.Disk)}
}

// maxSpan is how long a span may be that one number stands for. What is longer is a gap: a peak in it would not be seen.
const maxSpan = 6 * time.Hour

// add notes a load in each hour that it touches, and in its days.
func add(a *stackhand.Activity, l stackhand.Load) {
	if l.To.Sub(l.From) > maxSpan || !l.To.After(l.From) || a.Hour.Sub(l.To) > maxHours*time.Hour {
		return
	}
	s := Score{CPU: l.CPU, Net: l.Net, Disk: l.Disk}
	for at := l.From.UTC().Truncate(time.Hour); at.Before(l.To); at = at.Add(time.Hour) {
		a.Hours = put(a.Hours, &a.Hour, at, time.Hour, maxHours, s)
		a.Days = put(a.Days, &a.Day, at.Truncate(day), day, maxDays, s)
	}
}

// between is the load between two readings of counters. It is not known where they began anew: after a start, a migration,
// another number of processors, or when one of them went back. Interfaces and disks that come and go make only their part unknown.
func between(a, b stackhand.Counters) (stackhand.Load, bool) {
	l := stackhand.Load{From: a.At, To: b.At, Net: -1, Disk: -1}
	d := b.At.Sub(a.At)
	anew := b.Uptime > 0 && (b.Uptime < a.Uptime || b.Uptime+time.Minute < d)
	if a.At.IsZero() || d <= 0 || a.CPUs == 0 || a.CPUs != b.CPUs || b.CPU < a.CPU || anew {
		return l, false
	}
	l.CPU = float64(b.CPU-a.CPU) / float64(d) / float64(b.CPUs) * 100
	if a.NICs > 0 && a.NICs == b.NICs && b.Net >= a.Net {
		l.Net = float64(b.Net-a.Net) / d.Seconds()
	}
	if a.Disks > 0 && a.Disks == b.Disks && b.Disk >= a.Disk {
		l.Disk = float64(b.Disk-a.Disk) / d.Seconds()
	}
	return l, true
}
