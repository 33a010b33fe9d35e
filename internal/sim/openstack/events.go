package openstack

import (
	"container/heap"
	"time"
)

// event is something that happens by itself at a moment, such as the end of a build.
type event struct {
	due time.Time
	seq int
	do  func(at time.Time)
}

type eventQueue []event

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q eventQueue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].seq < q[j].seq
	}
	return q[i].due.Before(q[j].due)
}

func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

// at plans do for a moment. It runs when somebody next looks at the cloud after it, with the
// moment itself, so that a late look sees the same history.
func (c *Cloud) at(due time.Time, do func(at time.Time)) {
	heap.Push(&c.events, event{due, c.next(), do})
}

// settle lets everything happen that was due by now.
func (c *Cloud) settle(now time.Time) {
	for len(c.events) > 0 && !c.events[0].due.After(now) {
		e := heap.Pop(&c.events).(event)
		e.do(e.due)
	}
}

// next numbers what is made, in order.
func (c *Cloud) next() int {
	c.seq++
	return c.seq
}
