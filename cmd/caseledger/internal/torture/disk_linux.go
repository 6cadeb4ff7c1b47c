package torture

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Of ext4: stop at once, without writing what is only in memory.
const (
	ext4Shutdown          = 0x8004587d // EXT4_IOC_SHUTDOWN
	shutdownWithoutSaving = 2          // EXT4_GOING_FLAGS_NOLOGFLUSH
)

// cannotMount says why no file system can be mounted here, "" when one can.
func cannotMount() string {
	if os.Geteuid() != 0 {
		return "it mounts file systems, which needs root"
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return err.Error()
		}
	}
	return ""
}

// A disk is a file system of its own, mounted at Dir.
type disk struct {
	Dir     string
	image   string // file that holds it; empty: it is in memory
	mounted bool
}

// newDisk makes an ext4 in a file and mounts it. Nothing is written out before it
// is synced, for as long as the kernel lets it wait.
func newDisk(image, dir string, megabytes int64) (*disk, error) {
	d := &disk{Dir: dir, image: image}
	f, err := os.Create(image)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Truncate(megabytes<<20), f.Close(), os.Mkdir(dir, 0o700)); err != nil {
		return nil, err
	}
	if err := tool("mkfs.ext4", "-q", "-F", image); err != nil {
		return nil, err
	}
	return d, d.mount()
}

// newMemoryDisk makes a file system in memory that holds so much and no more.
func newMemoryDisk(dir string, megabytes int) (*disk, error) {
	d := &disk{Dir: dir}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	d.mounted = err == nil
	return d, err
}

// enlarge makes room on a file system in memory.
func (d *disk) enlarge(megabytes int) error {
	return unix.Mount("tmpfs", d.Dir, "tmpfs", unix.MS_REMOUNT, fmt.Sprintf("size=%dm", megabytes))
}

// mount mounts through a loop device that goes away with the mount.
func (d *disk) mount() error {
	err := tool("mount", "-o", "loop,commit=300", d.image, d.Dir)
	d.mounted = err == nil
	return err
}

// cut stops the file system where it is: what was not synced is gone.
func (d *disk) cut() error {
	f, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, shutdownWithoutSaving)
}

// remount is the power coming back.
func (d *disk) remount() error { return errors.Join(d.unmount(), d.mount()) }

// unmount waits for a moment until nobody uses it, and then takes it away all the same.
func (d *disk) unmount() (err error) {
	for range 100 {
		if err = unix.Unmount(d.Dir, 0); !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if errors.Is(err, unix.EBUSY) {
		err = errors.Join(err, unix.Unmount(d.Dir, unix.MNT_DETACH))
	}
	d.mounted = err != nil
	return err
}

// close unmounts it, if it is mounted.
func (d *disk) close() error {
	if !d.mounted {
		return nil
	}
	return d.unmount()
}

func tool(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
