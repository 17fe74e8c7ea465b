// Package volumes is the provisioner of both of the sandbox's nodes: a volume for each claim of its
// storage classes, removed with the claim. What a volume is made of is the node's affair.
package volumes

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
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

// Provisioner makes and removes volumes.
type Provisioner struct {
	// Name is what storage classes call it.
	Name   string
	Client kubernetes.Interface
	// Make makes a volume of that name and says where it is.
	Make func(name string) (corev1.PersistentVolumeSource, *corev1.VolumeNodeAffinity, error)
	// Remove removes one whose claim is gone, with what is in it.
	Remove func(name string) error
	// Failed is told what will be tried again.
	Failed func(error)

	classes func(name string) (*storagev1.StorageClass, error)
}

// Start works in the background until the context ends.
func (p *Provisioner) Start(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(p.Client, resync)
	p.classes = factory.Storage().V1().StorageClasses().Lister().Get
	err := handle(factory.Core().V1().PersistentVolumeClaims().Informer(), func(claim *corev1.PersistentVolumeClaim) {
		if err := p.provide(ctx, claim); err != nil {
			p.Failed(fmt.Errorf("make the volume of claim %s in %s: %w", claim.Name, claim.Namespace, err))
		}
	})
	if err != nil {
		return err
	}
	err = handle(factory.Core().V1().PersistentVolumes().Informer(), func(volume *corev1.PersistentVolume) {
		if err := p.reclaim(ctx, volume); err != nil {
			p.Failed(fmt.Errorf("remove volume %s: %w", volume.Name, err))
		}
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return nil
}

func handle[T any](informer cache.SharedInformer, act func(T)) error {
	changed := func(object any) {
		if typed, ok := object.(T); ok {
			act(typed)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    changed,
		UpdateFunc: func(_, object any) { changed(object) },
	})
	return err
}

// provide makes the volume of a claim that the volume controller asks for.
func (p *Provisioner) provide(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil ||
		claim.Annotations[provisionerAnnotation] != p.Name {
		return nil
	}
	class, err := p.classes(*claim.Spec.StorageClassName)
	if err != nil {
		return err
	}
	if waits(class) && claim.Annotations[selectedNodeAnnotation] == "" {
		return nil
	}
	name := "pvc-" + string(claim.UID)
	source, affinity, err := p.Make(name)
	if err != nil {
		return err
	}
	volume := volume(claim, class)
	volume.Name = name
	volume.Annotations = map[string]string{provisionedByAnnotation: p.Name}
	volume.Spec.PersistentVolumeSource = source
	volume.Spec.NodeAffinity = affinity
	_, err = p.Client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func waits(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

func volume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) *corev1.PersistentVolume {
	policy := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	return &corev1.PersistentVolume{
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests.DeepCopy(),
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: policy,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
		},
	}
}

// reclaim removes a volume of ours whose claim is gone.
func (p *Provisioner) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil ||
		volume.Annotations[provisionedByAnnotation] != p.Name ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	if err := p.Remove(volume.Name); err != nil {
		return err
	}
	err := p.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
