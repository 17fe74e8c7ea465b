package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// delegated are the controllers that the kubelet limits pods with; it refuses a group that lacks one
// which the kernel has (pkg/kubelet/cm/cgroup_v2_manager_linux.go in Kubernetes).
var delegated = []string{"cpu", "cpuset", "hugetlb", "memory", "pids"}

// delegate gives a group of version 2 its controllers, and lets it give them to those below. A group
// has what the one above it enables in `cgroup.subtree_control`, from the top down ("Enabling and
// Disabling" in the kernel's admin-guide/cgroup-v2.rst). What is enabled at the root stays enabled:
// others may have begun to use it.
func delegate(folder string) error {
	parent := filepath.Dir(folder)
	offered, err := controllers(parent)
	if err != nil {
		return err
	}
	var wanted []string
	for _, name := range delegated {
		if slices.Contains(offered, name) {
			wanted = append(wanted, name)
		}
	}
	if err := enable(parent, wanted); err != nil {
		return err
	}
	has, err := controllers(folder)
	if err != nil {
		return err
	}
	var lacking []string
	for _, name := range wanted {
		if !slices.Contains(has, name) {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) > 0 {
		return fmt.Errorf("control group %s lacks %s: enable them in %s",
			folder, strings.Join(lacking, ", "), filepath.Join(parent, subtreeFile))
	}
	return enable(folder, wanted)
}

// subtreeFile lists the controllers that the groups below one have.
const subtreeFile = "cgroup.subtree_control"

// enable gives the groups below one the controllers that they lack.
func enable(folder string, names []string) error {
	enabled, err := list(filepath.Join(folder, subtreeFile))
	if err != nil {
		return err
	}
	var words []string
	for _, name := range names {
		if !slices.Contains(enabled, name) {
			words = append(words, "+"+name)
		}
	}
	if len(words) == 0 {
		return nil
	}
	file := filepath.Join(folder, subtreeFile)
	// All or none is what one write does.
	if err := writeControl(file, strings.Join(words, " ")); err != nil {
		if errors.Is(err, syscall.EBUSY) {
			err = fmt.Errorf("%w: a group with processes of its own gives none to groups below; move them into one", err)
		}
		return fmt.Errorf("give %q to the control groups below %s: %w", strings.Join(words, " "), folder, err)
	}
	return nil
}

func controllers(folder string) ([]string, error) {
	return list(filepath.Join(folder, controllersFile))
}

func list(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	return strings.Fields(string(text)), err
}

// writeControl writes to a file of the kernel's, which is there or is not; it is never made.
func writeControl(file, text string) error {
	opened, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = opened.WriteString(text)
	return errors.Join(err, opened.Close())
}
