package slack

// historySize is how many entries of each record are kept; older ones are dropped, so that a
// simulator that runs for days does not grow without end.
const historySize = 20_000

// history is a numbered record of what happened. Numbers begin at 1 and never repeat.
type history[T any] struct {
	items []T
	first int // number of items[0], less one
}

func (h *history[T]) next() int { return h.first + len(h.items) + 1 }

func (h *history[T]) add(v T) {
	h.items = append(h.items, v)
	if len(h.items) > historySize {
		drop := historySize / 4
		h.items = append([]T(nil), h.items[drop:]...)
		h.first += drop
	}
}

// since returns a copy of all entries after number mark; whole is false if some of them have
// been dropped already.
func (h *history[T]) since(mark int) (items []T, whole bool) {
	at := max(mark-h.first, 0)
	if at > len(h.items) {
		at = len(h.items)
	}
	return append([]T(nil), h.items[at:]...), mark >= h.first
}
