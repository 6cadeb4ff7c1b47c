package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// entries stands for the level of a tile that holds records.
const entries = -1

// tilePath returns where a tile lies, in C2SP's form. tlog's own form differs: it
// names the height.
func tilePath(level int, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < tileWidth {
		name = fmt.Sprintf("%s.p/%d", name, width)
	}
	if level == entries {
		return "tile/entries/" + name
	}
	return fmt.Sprintf("tile/%d/%s", level, name)
}

// reader returns hashes that are proven to be part of a tree.
func (a *Archive) reader(tree tlog.Tree) tlog.HashReader {
	proven := tlog.TileHashReader(tree, tiles{a})
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		if len(indexes) == 0 {
			return nil, nil
		}
		hashes, err := proven.ReadHashes(indexes)
		if err != nil {
			if damaged := (*DamageError)(nil); !errors.As(err, &damaged) {
				err = &DamageError{filepath.Join(a.dir, "tile"), "hashes do not add up to the root: " + err.Error()}
			}
			return nil, err
		}
		return hashes, nil
	})
}

// tiles is the files as a [tlog.TileReader]. What it reads is checked by its
// caller.
type tiles struct{ a *Archive }

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	for i, tile := range list {
		if data[i] = t.a.cache.get(tile); data[i] != nil {
			continue
		}
		b, err := t.a.readTile(tile.L, tile.N, tile.W)
		if err != nil {
			return nil, err
		}
		data[i] = b
	}
	return data, nil
}

func (t tiles) SaveTiles(list []tlog.Tile, data [][]byte) {
	for i, tile := range list {
		t.a.cache.put(tile, data[i])
	}
}

// readTile reads a tile of hashes, unchecked but for its length.
func (a *Archive) readTile(level int, n int64, width int) ([]byte, error) {
	path := filepath.Join(a.dir, tilePath(level, n, width))
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, damage(path, err)
	}
	if len(b) != width*tlog.HashSize {
		return nil, &DamageError{path, fmt.Sprintf("it has %d bytes instead of %d", len(b), width*tlog.HashSize)}
	}
	return b, nil
}

// damage says that a file that belongs to the archive cannot be read. That it is
// there is part of what the archive promises.
func damage(path string, err error) error {
	if os.IsNotExist(err) {
		return &DamageError{path, "it is missing"}
	}
	return &DamageError{path, err.Error()}
}

// A tileCache keeps tiles that were proven. A tile never changes.
type tileCache struct {
	mu    sync.Mutex
	tiles map[tlog.Tile][]byte
}

// cachedTiles bounds the cache: 4 MB.
const cachedTiles = 512

func (c *tileCache) get(t tlog.Tile) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tiles[t]
}

func (c *tileCache) put(t tlog.Tile, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tiles) >= cachedTiles {
		clear(c.tiles)
	}
	if c.tiles == nil {
		c.tiles = map[tlog.Tile][]byte{}
	}
	c.tiles[t] = data
}

func (c *tileCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tiles)
}
