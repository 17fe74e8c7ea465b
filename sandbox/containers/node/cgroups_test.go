package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// files writes what a kernel would have there.
func files(t *testing.T, folder string, texts map[string]string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAControlGroupIsOneFolderUnderTheRoot(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "/a", "../a"} {
		if found, err := findGroups(cgroupRoot, name); err == nil {
			t.Errorf("%q gives %v", name, found)
		}
	}
}

func TestEachVersionHasItsFolders(t *testing.T) {
	second, first := t.TempDir(), t.TempDir()
	files(t, second, map[string]string{controllersFile: "cpu memory\n", "cgroup.procs": ""})
	found, err := findGroups(second, "g")
	if err != nil || !found.unified || len(found.folders) != 1 || found.folders[0] != filepath.Join(second, "g") {
		t.Errorf("version 2 gives %v, %v", found, err)
	}
	// Both mounted: the controllers are version 1's, and version 2's root is one hierarchy of many.
	files(t, filepath.Join(first, "cpu"), map[string]string{"cgroup.procs": ""})
	files(t, filepath.Join(first, "unified"), map[string]string{controllersFile: "hugetlb\n", "cgroup.procs": ""})
	found, err = findGroups(first, "g")
	if err != nil || found.unified || len(found.folders) != 2 {
		t.Errorf("version 1 gives %v, %v", found, err)
	}
}

func TestAGroupOfVersion2GetsControllersAndGivesThemOn(t *testing.T) {
	root := t.TempDir()
	group := filepath.Join(root, "g")
	files(t, root, map[string]string{controllersFile: "cpuset cpu io memory pids rdma\n", subtreeFile: "memory pids\n"})
	files(t, group, map[string]string{controllersFile: "cpuset cpu memory pids\n", subtreeFile: "\n"})
	if err := (groups{folders: []string{group}, unified: true}).create(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(root, subtreeFile)); !strings.HasPrefix(got, "+cpu +cpuset") {
		t.Errorf("the root was told %q", got)
	}
	if got := read(t, filepath.Join(group, subtreeFile)); got != "+cpu +cpuset +memory +pids" {
		t.Errorf("the group was told %q", got)
	}
}

func TestAControllerThatAGroupDoesNotGetIsNamed(t *testing.T) {
	root := t.TempDir()
	group := filepath.Join(root, "g")
	files(t, root, map[string]string{controllersFile: "cpu memory pids\n", subtreeFile: "cpu memory pids\n"})
	files(t, group, map[string]string{controllersFile: "cpu\n", subtreeFile: "\n"})
	err := (groups{folders: []string{group}, unified: true}).create()
	if err == nil || !strings.Contains(err.Error(), "lacks memory, pids") {
		t.Errorf("got %v", err)
	}
}

func TestGroupsAreRemovedFromTheInsideAndNoneIsFine(t *testing.T) {
	root := filepath.Join(t.TempDir(), "group")
	if err := os.MkdirAll(filepath.Join(root, "kubepods", "pod"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := (groups{folders: []string{root}}).remove(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Fatalf("%s is still there: %v", root, err)
	}
}

// A hierarchy of version 2, which any kernel mounts beside version 1's; its controllers may be there.
func hierarchy(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := syscall.Mount("none", root, "cgroup2", 0, ""); err != nil {
		t.Skipf("control groups cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	// Not the root itself, whose settings are this machine's.
	below, err := os.MkdirTemp(root, "devbox-test-")
	if err != nil {
		t.Skipf("no control group can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Rmdir(below); err != nil {
			t.Error(err)
		}
	})
	return below
}

func TestRemovingAGroupOfTheKernelEndsWhatForksInIt(t *testing.T) {
	root := hierarchy(t)
	group := groups{folders: []string{filepath.Join(root, "devbox-sandbox-test")}, unified: true}
	if err := group.create(); err != nil {
		t.Fatal(err)
	}
	pod := filepath.Join(group.folders[0], "kubepods", "pod")
	if err := os.MkdirAll(pod, 0o755); err != nil {
		t.Fatal(err)
	}
	// One process is replaced by the next for as long as anybody lets it.
	script := `echo $$ >"$0/cgroup.procs"; echo here; f() { (sleep 0.01; f) & }; f; exec sleep 1000`
	command := exec.Command("sh", "-c", script, pod)
	said, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 5)); err != nil {
		t.Fatalf("no process could be put into a group: %v", err)
	}
	begun := time.Now()
	if err := group.remove(); err != nil {
		t.Fatalf("after %s: %v", time.Since(begun), err)
	}
	if err := command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process ended with %v", err)
	}
	if _, err := os.Stat(group.folders[0]); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", group.folders[0], err)
	}
}
