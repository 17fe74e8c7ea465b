// Package stages holds what the simulated node does to nodes and pods, as kwok Stage objects.
//
// One file per behaviour. A pod asks for a failure with the label `sandbox.devbox.internal/fail`;
// README.md lists the values. Every stage records what it did in the pod condition
// `sandbox.devbox.internal/Simulated`, whose reason keeps a stage from being played twice.
package stages

import (
	"embed"
	"fmt"
	"io/fs"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/config"
)

//go:embed *.yaml
var files embed.FS

// common is put in front of every status template of a Pod: kwok templates cannot include others.
//
//go:embed common.tpl
var common string

// Load returns every stage by the kind of object that it plays on.
func Load() (map[internalversion.StageResourceRef][]*internalversion.Stage, error) {
	documents := map[string]string{
		"kwok node/fast":                 nodefast.DefaultNodeInit,
		"kwok node/heartbeat-with-lease": heartbeat.DefaultNodeHeartbeatWithLease,
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		documents[name] = string(text)
	}

	byKind := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for name, text := range documents {
		stage, err := config.UnmarshalWithType[*internalversion.Stage](text)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", name, err)
		}
		for i := range stage.Spec.Steps {
			patch := stage.Spec.Steps[i].Patch
			if stage.Spec.ResourceRef.Kind == "Pod" && patch != nil {
				patch.Template = common + patch.Template
			}
		}
		byKind[stage.Spec.ResourceRef] = append(byKind[stage.Spec.ResourceRef], stage)
	}
	return byKind, nil
}
