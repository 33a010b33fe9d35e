package jobs

import "slices"

// queue holds the jobs that wait for a worker. Users take turns, so that nobody waits behind
// another's twenty. It is not safe for use by several goroutines.
type queue struct {
	urgent []string            // were at work before: they may hold what others wait for
	jobs   map[string][]string // by user, in order of arrival
	turn   []string            // users that have jobs waiting, the next one first
	in     map[string]bool
}

// add queues a job once.
func (q *queue) add(id, user string, urgent bool) {
	if q.in[id] {
		return
	}
	if q.in == nil {
		q.in, q.jobs = map[string]bool{}, map[string][]string{}
	}
	q.in[id] = true
	if urgent {
		q.urgent = append(q.urgent, id)
		return
	}
	if len(q.jobs[user]) == 0 {
		q.turn = append(q.turn, user)
	}
	q.jobs[user] = append(q.jobs[user], id)
}

// resumed takes a job that was at work before; ok is false if there is none.
func (q *queue) resumed() (id string, ok bool) {
	if len(q.urgent) == 0 {
		return "", false
	}
	id, q.urgent = q.urgent[0], q.urgent[1:]
	delete(q.in, id)
	return id, true
}

// next takes the first job of the first user in turn of whom may says that one more may run.
func (q *queue) next(may func(user string) bool) (id, user string, ok bool) {
	at := slices.IndexFunc(q.turn, may)
	if at < 0 {
		return "", "", false
	}
	user = q.turn[at]
	q.turn = slices.Delete(q.turn, at, at+1)
	id = q.jobs[user][0]
	if q.jobs[user] = q.jobs[user][1:]; len(q.jobs[user]) > 0 {
		q.turn = append(q.turn, user)
	} else {
		delete(q.jobs, user)
	}
	delete(q.in, id)
	return id, user, true
}
