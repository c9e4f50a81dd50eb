package memory

import "container/heap"

// lane is the records of one key that wait for a member, or one given-back record without a key. It belongs to the member
// that holds records of the key; nobody else gets any until that member is rid of them.
type lane struct {
	key   string // "" = a single record, in no map
	queue places // what waits, smallest place first
	owner *member
	held  int    // records of this lane in the owner's hands
	in    *lanes // the heap it lies in: the owner's or the group's; nil while the queue is empty
	index int    // where in that heap
}

// place is a record that waits: given n times so far.
type place struct {
	seq   uint64
	given int
}

// places is a heap by place: see container/heap.
type places []place

func (p places) Len() int           { return len(p) }
func (p places) Less(i, j int) bool { return p[i].seq < p[j].seq }
func (p places) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *places) Push(x any)        { *p = append(*p, x.(place)) }
func (p *places) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}

// lanes is a heap of lanes by the smallest place that waits in each: see container/heap.
type lanes []*lane

func (l lanes) Len() int           { return len(l) }
func (l lanes) Less(i, j int) bool { return l[i].queue[0].seq < l[j].queue[0].seq }
func (l lanes) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i, j
}
func (l *lanes) Push(x any) {
	x.(*lane).index = len(*l)
	*l = append(*l, x.(*lane))
}
func (l *lanes) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return x
}

// settle puts a lane whose queue or owner changed into the heap where it belongs, and says whether something waits in it
// that nobody owns.
func (g *group) settle(l *lane) (free bool) {
	home := &g.free
	if l.owner != nil {
		home = &l.owner.ready
	}
	if l.in != nil && (l.in != home || len(l.queue) == 0) {
		heap.Remove(l.in, l.index)
		l.in = nil
	}
	switch {
	case len(l.queue) == 0:
		if l.owner == nil && l.key != "" {
			delete(g.keys, l.key)
		}
	case l.in == nil:
		heap.Push(home, l)
		l.in = home
	default:
		heap.Fix(home, l.index)
	}
	return l.owner == nil && len(l.queue) > 0
}

// wait adds a record to a lane, and says whether anybody may take it.
func (g *group) wait(l *lane, p place) (free bool) {
	heap.Push(&l.queue, p)
	return g.settle(l)
}

// next removes the first record that waits in a lane.
func (g *group) next(l *lane) place {
	p := heap.Pop(&l.queue).(place)
	g.settle(l)
	return p
}
