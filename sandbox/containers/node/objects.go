package node

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// prefix is what every label, annotation and name that is ours begins with.
const prefix = "sandbox.devbox.internal/"

func connect(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.UserAgent = "devbox-sandbox-node"
	config.QPS = -1 // The API server's own fairness bounds us.
	return kubernetes.NewForConfig(config)
}

// createObjects creates what the machine adds to the cluster, unless an earlier run did: the name
// service, the API server's own service for pods, and the storage class.
func createObjects(ctx context.Context, client kubernetes.Interface, o options) error {
	services := client.CoreV1().Services(metav1.NamespaceSystem)
	// Asked for first: its address is taken, so creating it again would be refused for that reason.
	_, err := services.Get(ctx, nameService().Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = services.Create(ctx, nameService(), metav1.CreateOptions{})
	}
	if err != nil {
		return err
	}
	for _, slice := range []*discoveryv1.EndpointSlice{
		endpoint(metav1.NamespaceSystem, "kube-dns", map[string]corev1.Protocol{"dns": "UDP", "dns-tcp": "TCP"}, 53),
		endpoint(metav1.NamespaceDefault, "kubernetes", map[string]corev1.Protocol{"https": "TCP"}, apiPort),
	} {
		slices := client.DiscoveryV1().EndpointSlices(slice.Namespace)
		if _, err := slices.Create(ctx, slice, metav1.CreateOptions{}); unexpected(err) {
			return err
		}
	}
	classes := client.StorageV1().StorageClasses()
	_, err = classes.Create(ctx, storageClass(), metav1.CreateOptions{})
	if unexpected(err) {
		return err
	}
	return nil
}

func unexpected(err error) bool {
	return err != nil && !apierrors.IsAlreadyExists(err)
}

func nameService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-dns"},
		Spec: corev1.ServiceSpec{
			ClusterIP: dnsAddress,
			Ports: []corev1.ServicePort{
				{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
				{Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP},
			},
		},
	}
}

// endpoint says that a service without pods is served by the node itself.
func endpoint(namespace, service string, protocols map[string]corev1.Protocol, port int32) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: service,
			Labels: map[string]string{
				discoveryv1.LabelServiceName: service,
				discoveryv1.LabelManagedBy:   "devbox-sandbox",
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{nodeAddress}}},
	}
	for name, protocol := range protocols {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &name, Port: &port, Protocol: &protocol})
	}
	return slice
}

func storageClass() *storagev1.StorageClass {
	mode := storagev1.VolumeBindingWaitForFirstConsumer
	return &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "standard",
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner:       provisioner,
		VolumeBindingMode: &mode,
	}
}
