package torture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A damage is what was done to one file.
type damage struct {
	part string // stream, looks, views, archive, promise or keys
	file string // within the ledger
	what string
}

func (d damage) String() string { return fmt.Sprintf("%s: %s", d.file, d.what) }

// parts says which files belong to what, by how their paths begin.
var parts = []struct{ name, prefix string }{
	{"looks", "stream/jetstream/$G/streams/ACCESS"},
	{"looks", "looks"},
	{"stream", "stream"},
	{"views", "views.db"},
	{"archive", "archive"},
	{"promise", "checkpoint"},
	{"keys", "keys.db"},
	{"keys", "master.key"},
	{"keys", "signing.key"},
}

func partOf(file string) string {
	for _, p := range parts {
		if strings.HasPrefix(file, p.prefix) {
			return p.name
		}
	}
	return ""
}

// weights say how often which part is damaged, of 20.
var weights = []struct {
	part   string
	weight int
}{{"stream", 5}, {"views", 6}, {"archive", 4}, {"keys", 3}, {"looks", 1}, {"promise", 1}}

// spoil damages a random file of a ledger.
func spoil(dir string, rng *rand.Rand) (damage, error) {
	files := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if part := partOf(name); part != "" {
			files[part] = append(files[part], name)
		}
		return err
	})
	if err != nil {
		return damage{}, err
	}
	pick := rng.IntN(20)
	for _, w := range weights {
		if pick -= w.weight; pick < 0 {
			all := files[w.part]
			d := damage{part: w.part, file: all[rng.IntN(len(all))]}
			d.what, err = spoilFile(dir, d.file, all, rng)
			return d, err
		}
	}
	return damage{}, errors.New("the weights do not add up")
}

// spoilFile damages one file, or exchanges it with another one of the same part.
func spoilFile(dir, name string, all []string, rng *rand.Rand) (what string, err error) {
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	used := len(bytes.TrimRight(b, "\x00")) // a file may end with room
	if used == 0 {
		return "it was deleted", os.Remove(path)
	}
	at := rng.IntN(used)
	switch pick := rng.IntN(10); {
	case pick < 4:
		bit := rng.IntN(8)
		b[at] ^= 1 << bit
		what = fmt.Sprintf("bit %d of byte %d of %d flipped", bit, at, len(b))
	case pick < 6:
		n := min(1+rng.IntN(4096), len(b)-at)
		clear(b[at : at+n])
		what = fmt.Sprintf("%d bytes from %d of %d made zero", n, at, len(b))
	case pick < 8:
		b = b[:at]
		what = fmt.Sprintf("cut off after %d bytes", at)
	case pick < 9 && len(all) > 1:
		other := all[rng.IntN(len(all))]
		return "exchanged with " + other, exchange2(path, filepath.Join(dir, other))
	default:
		return "deleted", os.Remove(path)
	}
	return what, os.WriteFile(path, b, 0o600)
}

func exchange2(a, b string) error {
	if a == b {
		return os.Remove(a)
	}
	return errors.Join(os.Rename(a, a+"~"), os.Rename(b, a), os.Rename(a+"~", b))
}

// copyTree copies a directory, and leaves holes where files are empty.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, name); {
		case e.IsDir():
			return os.MkdirAll(target, 0o700)
		case e.Type().IsRegular():
			return copyFile(path, target)
		}
		return nil // a socket that was left
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	block, size := make([]byte, 1<<16), int64(0)
	for {
		n, err := io.ReadFull(in, block)
		if n > 0 && !slices.Equal(block[:n], nothing[:n]) {
			if _, err := out.WriteAt(block[:n], size); err != nil {
				return err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return out.Truncate(size)
		}
		if err != nil {
			return err
		}
	}
}

var nothing [1 << 16]byte
