//go:build !linux

package torture

import "errors"

var errNoDisk = errors.New("file systems are mounted on Linux only")

func cannotMount() string { return errNoDisk.Error() }

// A disk is a file system of its own, which there is on Linux only.
type disk struct{ Dir string }

func newDisk(string, string, int64) (*disk, error) { return nil, errNoDisk }
func newMemoryDisk(string, int) (*disk, error)     { return nil, errNoDisk }
func (d *disk) enlarge(int) error                  { return errNoDisk }
func (d *disk) cut() error                         { return errNoDisk }
func (d *disk) remount() error                     { return errNoDisk }
func (d *disk) close() error                       { return errNoDisk }
