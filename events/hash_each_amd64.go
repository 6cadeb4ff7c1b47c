package events

// canHashTwo reports whether the processor has the instructions that hashBlocks
// needs.
var canHashTwo = hasSHA()

func hasSHA() bool

// hashBlocks hashes n blocks of two texts into their states.
//
//go:noescape
func hashBlocks(state1, state2 *[8]uint32, blocks1, blocks2 *byte, n int)
