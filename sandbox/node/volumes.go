package node

import (
	"context"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	// Annotations of the contract between the volume controller and a provisioner; see
	// pkg/controller/volume/persistentvolume/util in Kubernetes.
	provisionerAnnotation   = "volume.kubernetes.io/storage-provisioner"
	provisionedByAnnotation = "pv.kubernetes.io/provisioned-by"
	selectedNodeAnnotation  = "volume.kubernetes.io/selected-node"
	// resync tries again what failed, without a queue of our own.
	resync = 10 * time.Second
)

// volumes makes a volume for each claim of our classes, and removes it with the claim.
//
// A volume is only a name: no folder is made, because no container will mount it.
type volumes struct {
	client  kubernetes.Interface
	classes func(name string) (*storagev1.StorageClass, error)
	folder  string
}

func startVolumes(ctx context.Context, client kubernetes.Interface, o options) {
	factory := informers.NewSharedInformerFactory(client, resync)
	classes := factory.Storage().V1().StorageClasses().Lister()
	v := &volumes{client: client, classes: classes.Get, folder: o.volumes}

	handle(factory.Core().V1().PersistentVolumeClaims().Informer(), func(claim *corev1.PersistentVolumeClaim) {
		if err := v.provide(ctx, claim); err != nil {
			klog.ErrorS(err, "make a volume", "namespace", claim.Namespace, "claim", claim.Name)
		}
	})
	handle(factory.Core().V1().PersistentVolumes().Informer(), func(volume *corev1.PersistentVolume) {
		if err := v.reclaim(ctx, volume); err != nil {
			klog.ErrorS(err, "delete a volume", "volume", volume.Name)
		}
	})
	factory.Start(ctx.Done())
}

func handle[T any](informer cache.SharedInformer, act func(T)) {
	changed := func(object any) {
		if typed, ok := object.(T); ok {
			act(typed)
		}
	}
	// A handler can only fail to be added to an informer that has stopped.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    changed,
		UpdateFunc: func(_, object any) { changed(object) },
	})
}

// provide creates the volume of a claim that the volume controller asks us for.
func (v *volumes) provide(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil ||
		claim.Annotations[provisionerAnnotation] != provisionerName {
		return nil
	}
	class, err := v.classes(*claim.Spec.StorageClassName)
	if err != nil {
		return err
	}
	if *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer &&
		claim.Annotations[selectedNodeAnnotation] == "" {
		return nil
	}
	_, err = v.client.CoreV1().PersistentVolumes().Create(ctx, v.volume(claim, class), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (v *volumes) volume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	kind := corev1.HostPathDirectoryOrCreate
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{provisionedByAnnotation: provisionerName},
		},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests.DeepCopy(),
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: *class.ReclaimPolicy,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: filepath.Join(v.folder, name), Type: &kind},
			},
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
		},
	}
}

// reclaim deletes a volume of ours whose claim is gone.
func (v *volumes) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil ||
		volume.Annotations[provisionedByAnnotation] != provisionerName ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	err := v.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
