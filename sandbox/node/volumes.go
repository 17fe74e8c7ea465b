package node

import (
	"context"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"devbox-sandbox-shared/volumes"
)

// startVolumes makes volumes that are only names: no folder is made, because no container will mount it.
func startVolumes(ctx context.Context, client kubernetes.Interface, o options) error {
	kind := corev1.HostPathDirectoryOrCreate
	provisioner := volumes.Provisioner{
		Name:   provisionerName,
		Client: client,
		Make: func(name string) (corev1.PersistentVolumeSource, *corev1.VolumeNodeAffinity, error) {
			path := &corev1.HostPathVolumeSource{Path: filepath.Join(o.volumes, name), Type: &kind}
			return corev1.PersistentVolumeSource{HostPath: path}, nil, nil
		},
		Remove: func(string) error { return nil },
		Failed: func(err error) { klog.ErrorS(err, "volumes") },
	}
	return provisioner.Start(ctx)
}
