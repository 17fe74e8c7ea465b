package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	cgroupRoot = "/sys/fs/cgroup"
	// controllersFile lists the controllers that a group of version 2 has.
	controllersFile = "cgroup.controllers"
	// patience is how long the kernel may take to be done with the last process of a group.
	patience = 5 * time.Second
)

// groups are the control groups of the machine's containers: one folder, in one hierarchy
// (version 2) or in each (version 1). They are the one thing that no namespace takes away.
type groups struct {
	folders []string
	// unified says that version 2 is all there is. Where both are mounted the controllers are version 1's.
	unified bool
}

func findGroups(root, name string) (groups, error) {
	if !filepath.IsLocal(name) || strings.ContainsRune(name, '/') || name == "." {
		return groups{}, fmt.Errorf("%q cannot be a control group's name", name)
	}
	if _, err := os.Stat(filepath.Join(root, controllersFile)); err == nil {
		return groups{folders: []string{filepath.Join(root, name)}, unified: true}, nil
	}
	var found groups
	hierarchies, err := os.ReadDir(root)
	if err != nil {
		return found, err
	}
	for _, hierarchy := range hierarchies {
		// Symlinks are other names of hierarchies that are mounted for two controllers.
		folder := filepath.Join(root, hierarchy.Name())
		if _, err := os.Stat(filepath.Join(folder, "cgroup.procs")); err == nil && hierarchy.IsDir() {
			found.folders = append(found.folders, filepath.Join(folder, name))
		}
	}
	if len(found.folders) == 0 {
		return found, fmt.Errorf("no control group hierarchy is mounted at %s", root)
	}
	return found, nil
}

func (g groups) create() error {
	for _, folder := range g.folders {
		if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if g.unified {
			if err := delegate(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// processes lists every process in the groups, as this process numbers them.
func (g groups) processes() []int {
	seen := map[int]bool{}
	for _, root := range g.folders {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil
			}
			text, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			for _, word := range strings.Fields(string(text)) {
				// 0 is a process that this process's namespace does not have.
				if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
					seen[pid] = true
				}
			}
			return nil
		})
	}
	var found []int
	for pid := range seen {
		found = append(found, pid)
	}
	return found
}

// kill ends every process in the groups.
func (g groups) kill() {
	for _, folder := range g.folders {
		// Version 2, since Linux 5.14, ends a whole tree at once: also what is being forked meanwhile,
		// and what this process's namespace does not have. Nothing else has the file.
		_ = writeControl(filepath.Join(folder, "cgroup.kill"), "1")
	}
	for _, pid := range g.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// remove ends what is left in the groups and removes them.
func (g groups) remove() error {
	deadline := time.Now().Add(patience)
	for {
		g.kill()
		var failed error
		for _, folder := range g.folders {
			if err := removeTree(folder); err != nil {
				failed = err
			}
		}
		if failed == nil || time.Now().After(deadline) {
			return failed
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// removeTree removes a control group and those below it. Only folders can be removed: the files in
// them are the kernel's.
func removeTree(folder string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := syscall.Rmdir(folder); err != nil && !errors.Is(err, syscall.ENOENT) {
		return &fs.PathError{Op: "rmdir", Path: folder, Err: err}
	}
	return nil
}
