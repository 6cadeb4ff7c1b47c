package seal

import "caseledger/events"

// maxCached bounds the unwrapped keys in memory, in keys of one person and class;
// each takes about a kilobyte.
const maxCached = 16384

// A slot names the keys of one person and class.
type slot struct {
	person person
	class  events.KeyClass
}

// A cache forgets, in about the order of last use. Entries start in young; when
// young is half of the bound it becomes old, and what was old and not asked for
// since is dropped: two maps and no list to keep.
type cache struct {
	half       int
	young, old map[slot][]key
}

func newCache(bound int) cache {
	return cache{half: bound / 2, young: map[slot][]key{}}
}

func (c *cache) get(s slot) []key {
	if keys := c.young[s]; keys != nil {
		return keys
	}
	keys := c.old[s]
	if keys != nil {
		c.put(s, keys)
	}
	return keys
}

func (c *cache) put(s slot, keys []key) {
	if len(c.young) >= c.half {
		c.old, c.young = c.young, map[slot][]key{}
	}
	c.young[s] = keys
}

func (c *cache) drop(s slot) {
	delete(c.young, s)
	delete(c.old, s)
}
