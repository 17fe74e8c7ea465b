package node

import (
	"context"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	kwokclient "sigs.k8s.io/kwok/pkg/utils/client"

	"devbox-sandbox/stages"
)

// simulatedSelector selects the nodes to simulate: a real node may join the same control plane.
const (
	simulatedAnnotation = "kwok.x-k8s.io/node"
	simulatedValue      = "fake"
)

// simulate starts kwok's controllers for the annotated nodes and the pods on them.
//
// It goes round kwok's own command, which would read ~/.kwok/kwok.yaml and serve on every address.
func simulate(ctx context.Context, o options) error {
	byKind, err := stages.Load()
	if err != nil {
		return err
	}
	clients, err := kwokclient.NewClientset("", o.kubeconfig)
	if err != nil {
		return err
	}
	config, err := clients.ToRESTConfig()
	if err != nil {
		return err
	}
	rawClient, err := rest.RESTClientFor(config)
	if err != nil {
		return err
	}
	typedClient, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	dynamicClient, err := clients.ToDynamicClient()
	if err != nil {
		return err
	}
	mapper, err := clients.ToRESTMapper()
	if err != nil {
		return err
	}

	controller, err := controllers.NewController(controllers.Config{
		Clock:                             clock.RealClock{},
		DynamicClient:                     dynamicClient,
		RESTClient:                        rawClient,
		RESTMapper:                        mapper,
		ImpersonatingDynamicClient:        clients.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:          clients.ToImpersonatingTypedClient(),
		TypedClient:                       typedClient,
		ManageNodesWithAnnotationSelector: simulatedAnnotation + "=" + simulatedValue,
		CIDR:                              o.podCIDR,
		NodeIP:                            "127.0.0.1",
		NodeName:                          o.name,
		NodePort:                          o.port,
		LocalStages:                       byKind,
		PodPlayStageParallelism:           4,
		NodePlayStageParallelism:          1,
		NodeLeaseParallelism:              1,
		PodsOnNodeSyncParallelism:         1,
		NodeLeaseDurationSeconds:          40,
		// The same identity after a restart: another would wait for the old lease to run out.
		ID: o.name,
	})
	if err != nil {
		return err
	}
	return controller.Start(ctx)
}
