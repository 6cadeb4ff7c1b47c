package sha256x2

// paired reports whether the processor has the instructions that blocks needs.
var paired = supported()

func supported() bool

// blocks hashes n blocks of two texts into their states.
//
//go:noescape
func blocks(state1, state2 *[8]uint32, blocks1, blocks2 *byte, n int)
