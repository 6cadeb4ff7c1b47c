package projections

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// TestSearchRun holds the search by estimate to a plain one, on hashes that are
// spread evenly and on such as no hash function makes.
func TestSearchRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		bits := rapid.IntRange(0, 64).Draw(t, "bits")
		offset := rapid.SampledFrom([]uint64{0, 1 << 40, math.MaxUint64}).Draw(t, "offset")
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = offset + random.Uint64()&(1<<bits-1)
			if i%2 == 1 && bits < 20 {
				hashes[i] = random.Uint64()
			}
		}
		slices.Sort(hashes)
		run := makeRun(hashes)
		wanted := []uint64{0, math.MaxUint64, random.Uint64(), offset, offset + 1}
		for range min(n, 50) {
			h := hashes[random.IntN(n)]
			wanted = append(wanted, h, h-1, h+1)
		}
		for _, hash := range wanted {
			want := sort.Search(n, func(i int) bool { return hashes[i] >= hash })
			if got := searchRun(run, hash); got != want {
				t.Fatalf("%#x is at %d of %d, want %d", hash, got, n, want)
			}
		}
	})
}

func makeRun(hashes []uint64) (run []byte) {
	for _, h := range hashes {
		run = append(binary.BigEndian.AppendUint64(run, h), 0, 0)
	}
	return run
}

func BenchmarkSearchRun(b *testing.B) {
	hashes := make([]uint64, commandRun)
	for i := range hashes {
		hashes[i] = rand.Uint64()
	}
	slices.Sort(hashes)
	run := makeRun(hashes)
	for b.Loop() {
		searchRun(run, rand.Uint64())
	}
}
