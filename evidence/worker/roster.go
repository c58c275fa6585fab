package worker

import "slices"

// take finds a place for a file: at a child that has nothing to do, else at a
// new one while there are too few, else behind another file. Slots are as many
// as places, so there is one.
func (p *Pool) take(weight int64, number uint64) (*seat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	c := p.pick()
	if c == nil {
		var err error
		if c, err = newChild(p.cfg); err != nil {
			return nil, err
		}
		p.children = append(p.children, c)
	}
	s := c.seat(weight, number)
	if c.files >= p.cfg.Recycle {
		p.unlist(c)
	}
	return s, nil
}

// pick returns the child with the least to do, or nil for a new one.
func (p *Pool) pick() (best *child) {
	for _, c := range slices.Clone(p.children) {
		switch {
		case !c.Alive():
			p.unlist(c)
			if c.load == 0 {
				c.close()
			}
		case c.full():
		case best == nil || c.load < best.load:
			best = c
		}
	}
	if best != nil && best.load > 0 && len(p.children) < p.cfg.Workers {
		return nil
	}
	return best
}

// unlist takes a child from those that are given files; p.mu is held.
func (p *Pool) unlist(c *child) {
	p.children = slices.DeleteFunc(p.children, func(other *child) bool { return other == c })
}

func (p *Pool) drop(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlist(c)
}

// leave gives up a place. A child that is not given files any more ends with
// its last one.
func (p *Pool) leave(s *seat, healthy bool) {
	p.mu.Lock()
	c := s.child
	c.give(s)
	if !healthy || p.closed {
		p.unlist(c)
	}
	over := c.load == 0 && !slices.Contains(p.children, c)
	p.mu.Unlock()
	if over {
		c.close()
	}
}
