//go:build !amd64

package events

const canHashTwo = false

func hashBlocks(state1, state2 *[8]uint32, blocks1, blocks2 *byte, n int) {
	panic("not on this processor")
}
