package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	provisioner = prefix + "volumes"
	// Annotations of the contract between the volume controller and a provisioner; see
	// pkg/controller/volume/persistentvolume/util in Kubernetes.
	provisionerAnnotation   = "volume.kubernetes.io/storage-provisioner"
	provisionedByAnnotation = "pv.kubernetes.io/provisioned-by"
	selectedNodeAnnotation  = "volume.kubernetes.io/selected-node"
	// resync tries again what failed, without a queue of our own.
	resync = 10 * time.Second
)

// volumes makes a folder and a volume for each claim that a pod waits for, and removes both with
// the claim. The folders outlive the machine: a database is there again after the next start.
type volumes struct {
	client kubernetes.Interface
	folder string
	node   string
}

func startVolumes(ctx context.Context, client kubernetes.Interface, o options, failed chan<- error) error {
	v := &volumes{client: client, folder: filepath.Join(o.folder, "volumes"), node: o.name}
	if err := os.MkdirAll(v.folder, 0o755); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, resync)
	claims := factory.Core().V1().PersistentVolumeClaims().Informer()
	err := handle(claims, func(claim *corev1.PersistentVolumeClaim) error { return v.provide(ctx, claim) })
	if err != nil {
		return err
	}
	all := factory.Core().V1().PersistentVolumes().Informer()
	err = handle(all, func(volume *corev1.PersistentVolume) error { return v.reclaim(ctx, volume) })
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return nil
}

func handle[T any](informer cache.SharedInformer, act func(T) error) error {
	changed := func(object any) {
		if typed, ok := object.(T); ok {
			if err := act(typed); err != nil {
				fmt.Fprintf(os.Stderr, "volumes: %v\n", err)
			}
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    changed,
		UpdateFunc: func(_, object any) { changed(object) },
	})
	return err
}

// provide makes the folder and the volume of a claim that the scheduler has chosen this node for.
func (v *volumes) provide(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil ||
		claim.Annotations[provisionerAnnotation] != provisioner || claim.Annotations[selectedNodeAnnotation] != v.node {
		return nil
	}
	volume := v.volume(claim)
	folder := volume.Spec.Local.Path
	if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Whatever user the container has may write, as on a fresh disk; the umask says otherwise.
	if err := os.Chmod(folder, 0o777); err != nil {
		return err
	}
	_, err := v.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if unexpected(err) {
		return err
	}
	return nil
}

func (v *volumes) volume(claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{provisionedByAnnotation: provisioner},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests.DeepCopy(),
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			StorageClassName:              *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			// `local` and not `hostPath`: the kubelet gives a local volume the pod's group.
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: filepath.Join(v.folder, name)},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{
					MatchExpressions: []corev1.NodeSelectorRequirement{{
						Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{v.node},
					}},
				}},
			}},
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
		},
	}
}

// reclaim removes a volume of ours whose claim is gone, and what was in it.
func (v *volumes) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil ||
		volume.Annotations[provisionedByAnnotation] != provisioner ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	// Only ever a folder that `provide` made, whatever the object says by now.
	if !strings.HasPrefix(volume.Name, "pvc-") || !filepath.IsLocal(volume.Name) {
		return fmt.Errorf("volume %q is not one that was made here", volume.Name)
	}
	if err := os.RemoveAll(filepath.Join(v.folder, volume.Name)); err != nil {
		return err
	}
	err := v.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
