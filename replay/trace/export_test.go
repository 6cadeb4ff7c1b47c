package trace

import (
	"maps"
	"slices"
)

// Moves lists the events that can stand behind an amount.
func Moves() []string { return slices.Sorted(maps.Keys(moves)) }
