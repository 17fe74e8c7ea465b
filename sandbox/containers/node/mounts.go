package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// tunables are settings of the whole kernel that a kubelet insists on, and its values for them
// (k8s.io/component-helpers/node/util/sysctl). This machine's stay as they are: the kubelet is
// shown files that hold its values.
var tunables = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// configureMounts makes the machine's view of the file system: this machine's, but for what its
// components write to. It lasts as long as the mount namespace.
func configureMounts(o options) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	resolver, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil {
		resolver = ""
	}
	// Before /run, where it may be, is covered.
	resolverText := resolverFile(resolver)
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, folder := range []string{"lib", "log"} {
		kept := filepath.Join(o.folder, folder)
		if err := os.MkdirAll(kept, 0o755); err != nil {
			return err
		}
		if err := bind(kept, filepath.Join("/var", folder)); err != nil {
			return err
		}
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	// What names and addresses pods had ends with the network that they had.
	if err := os.RemoveAll("/var/lib/cni"); err != nil {
		return err
	}
	for _, folder := range []string{"/run/lock", "/run/devbox", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := cover(resolver, resolverText); err != nil {
		return err
	}
	return coverTunables()
}

func bind(source, target string) error {
	if err := syscall.Mount(source, target, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %s at %s: %w", source, target, err)
	}
	return nil
}

// cover puts another file over one, for this machine's processes; one that is not there is made
// only in /run, which is the machine's own.
func cover(file, text string) error {
	if file == "" {
		return nil
	}
	if strings.HasPrefix(file, "/run/") {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, []byte(text), 0o644)
	}
	own := filepath.Join("/run/devbox", strings.ReplaceAll(strings.Trim(file, "/"), "/", "-"))
	if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
		return err
	}
	return bind(own, file)
}

func coverTunables() error {
	for name, value := range tunables {
		file := filepath.Join("/proc/sys", name)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if err := cover(file, value+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// resolverFile is the machine's /etc/resolv.conf: the name server of its network, and the search
// domains of this machine.
func resolverFile(existing string) string {
	text := "nameserver " + resolverAddress + "\n"
	found, _ := os.ReadFile(existing)
	for line := range strings.Lines(string(found)) {
		if strings.HasPrefix(line, "search ") || strings.HasPrefix(line, "domain ") {
			text += strings.TrimSpace(line) + "\n"
		}
	}
	return text
}
