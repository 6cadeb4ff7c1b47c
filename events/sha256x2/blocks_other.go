//go:build !amd64

package sha256x2

const paired = false

func blocks(state1, state2 *[8]uint32, blocks1, blocks2 *byte, n int) { panic("not paired") }
