package node

import (
	"context"
	"runtime"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/version"
)

// provisionerName is how storage classes name the volumes of this package.
const provisionerName = Prefix + "volumes"

// register creates the node and the storage classes, unless an earlier run did.
func register(ctx context.Context, client kubernetes.Interface, o options) error {
	if err := registerNode(ctx, client, o); err != nil {
		return err
	}
	classes := []*storagev1.StorageClass{
		storageClass("standard", storagev1.VolumeBindingImmediate, true),
		storageClass("wait-for-first-consumer", storagev1.VolumeBindingWaitForFirstConsumer, false),
	}
	for _, class := range classes {
		_, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

func registerNode(ctx context.Context, client kubernetes.Interface, o options) error {
	nodes := client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, newNode(o), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = nodes.Get(ctx, o.name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	// The port is another one after every start. An update says so before kwok sees the node,
	// whose stages leave the status of a node alone that is ready already.
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(o.port)
	_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

func newNode(o options) *corev1.Node {
	resources := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("32"),
		corev1.ResourceMemory:           resource.MustParse("128Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
		corev1.ResourcePods:             resource.MustParse("1000"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        o.name,
			Annotations: map[string]string{simulatedAnnotation: simulatedValue},
			Labels: map[string]string{
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: runtime.GOARCH,
				corev1.LabelHostname:   o.name,
				Prefix + "node":        "simulated",
			},
		},
		Status: corev1.NodeStatus{
			Capacity:    resources,
			Allocatable: resources,
			NodeInfo: corev1.NodeSystemInfo{
				Architecture:    runtime.GOARCH,
				OperatingSystem: "linux",
				// kwok's stage copies these into YAML unquoted: no colon followed by a blank.
				OSImage:                 "simulated (pulls and runs nothing)",
				KubeletVersion:          version.Get().GitVersion,
				ContainerRuntimeVersion: "simulated",
			},
		},
	}
}

func storageClass(name string, mode storagev1.VolumeBindingMode, isDefault bool) *storagev1.StorageClass {
	class := &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: name},
		Provisioner:       provisionerName,
		VolumeBindingMode: &mode,
	}
	if isDefault {
		class.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	}
	return class
}
