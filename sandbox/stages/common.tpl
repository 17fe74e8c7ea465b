{{/* Shared by the status templates of every Pod stage; Load puts it in front of each. */}}

{{/* What a pod's status always has. Takes: pod, simulates, phase, initialized, ready, detail. */}}
{{ define "pod" }}
{{ $now := Now | Quote }}
{{ $pod := .pod }}
observedGeneration: {{ or $pod.metadata.generation 0 }}
phase: {{ .phase }}
startTime: {{ or $pod.status.startTime Now | Quote }}
conditions:
- {type: PodReadyToStartContainers, status: "True", lastTransitionTime: {{ $now }}}
- {type: Initialized, status: {{ .initialized | Quote }}, lastTransitionTime: {{ $now }}, reason: {{ ternary "" "ContainersNotInitialized" (eq .initialized "True") | Quote }}, message: {{ ternary "" (or .detail "") (eq .initialized "True") | Quote }}}
{{ $reason := ternary "" "ContainersNotReady" (eq .ready "True") }}
{{ if eq .phase "Succeeded" }}{{ $reason = "PodCompleted" }}{{ else if eq .phase "Failed" }}{{ $reason = "PodFailed" }}{{ end }}
- {type: Ready, status: {{ .ready | Quote }}, lastTransitionTime: {{ $now }}, reason: {{ $reason | Quote }}, message: {{ or .detail "" | Quote }}}
- {type: ContainersReady, status: {{ .ready | Quote }}, lastTransitionTime: {{ $now }}, reason: {{ $reason | Quote }}, message: {{ or .detail "" | Quote }}}
- {type: sandbox.devbox.internal/Simulated, status: "True", lastTransitionTime: {{ $now }}, reason: {{ .simulates | Quote }}, message: "a simulated node pulls and runs nothing: this status is made up"}
{{ if eq .ready "True" }}
{{ range $pod.spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now }}}
{{ end }}
{{ end }}
{{ if not $pod.status.podIP }}{{/* An address stays: a pod may have one of each family only. */}}
{{ with NodeIPsWith $pod.spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith $pod.spec.nodeName (or $pod.spec.hostNetwork false) (or $pod.metadata.uid "") (or $pod.metadata.name "") (or $pod.metadata.namespace "") }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}
{{ end }}

{{/* Init containers that are through, sidecars among them running. Takes the pod. */}}
{{ define "init-done" }}
{{ $now := Now | Quote }}
initContainerStatuses:
{{ range .spec.initContainers }}
{{ if eq .restartPolicy "Always" }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: true, restartCount: 0, state: {running: {startedAt: {{ $now }}}}}
{{ else }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: false, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now }}, finishedAt: {{ $now }}}}}
{{ end }}
{{ end }}
{{ end }}

{{/* One running container. Takes: container, ready. */}}
{{ define "running" }}
- {name: {{ .container.name | Quote }}, image: {{ .container.image | Quote }}, imageID: "", ready: {{ .ready }}, started: true, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}

{{/* One container that waits. Takes: container, reason, message. */}}
{{ define "waiting" }}
- {name: {{ .container.name | Quote }}, image: {{ .container.image | Quote }}, imageID: "", ready: false, started: false, restartCount: 0, state: {waiting: {reason: {{ .reason | Quote }}, message: {{ or .message "" | Quote }}}}}
{{ end }}

{{/* One container that ended, and whether it waits to be restarted. Takes: container, pod, reason, exitCode, again. */}}
{{ define "ended" }}
{{ $now := Now | Quote }}
{{ $ended := printf "{terminated: {exitCode: %v, reason: %s, startedAt: %s, finishedAt: %s}}" .exitCode (Quote .reason) $now $now }}
{{ if .again }}
- {name: {{ .container.name | Quote }}, image: {{ .container.image | Quote }}, imageID: "", ready: false, started: false, restartCount: 3, lastState: {{ $ended }}, state: {waiting: {reason: CrashLoopBackOff, message: {{ printf "back-off 40s restarting failed container=%s pod=%s_%s(%s)" .container.name .pod.metadata.name .pod.metadata.namespace .pod.metadata.uid | Quote }}}}}
{{ else }}
- {name: {{ .container.name | Quote }}, image: {{ .container.image | Quote }}, imageID: "", ready: false, started: false, restartCount: 0, state: {{ $ended }}}
{{ end }}
{{ end }}
