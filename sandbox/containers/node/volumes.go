package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"devbox-sandbox-shared/volumes"
)

const provisioner = prefix + "volumes"

// startVolumes makes a folder for each claim that a pod waits for, and removes it with the claim. The
// folders outlive the machine: a database is there again after the next start.
func startVolumes(ctx context.Context, client kubernetes.Interface, o options) error {
	folder := filepath.Join(o.folder, "volumes")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	here := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
		Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{o.name},
	}}}
	affinity := &corev1.VolumeNodeAffinity{
		Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{here}},
	}
	made := volumes.Provisioner{
		Name:   provisioner,
		Client: client,
		Make: func(name string) (corev1.PersistentVolumeSource, *corev1.VolumeNodeAffinity, error) {
			// `local` and not `hostPath`: the kubelet gives a local volume the pod's group.
			local := &corev1.LocalVolumeSource{Path: filepath.Join(folder, name)}
			return corev1.PersistentVolumeSource{Local: local}, affinity, makeFolder(local.Path)
		},
		Remove: func(name string) error { return removeFolder(folder, name) },
		Failed: func(err error) { fmt.Fprintf(os.Stderr, "volumes: %v\n", err) },
	}
	return made.Start(ctx)
}

func makeFolder(path string) error {
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Whatever user the container has may write, as on a fresh disk; the umask says otherwise.
	return os.Chmod(path, 0o777)
}

// removeFolder removes a folder that `makeFolder` made, and no other, whatever the object says by now.
func removeFolder(folder, name string) error {
	if !strings.HasPrefix(name, "pvc-") || !filepath.IsLocal(name) {
		return fmt.Errorf("%q is not one that was made here", name)
	}
	return os.RemoveAll(filepath.Join(folder, name))
}
