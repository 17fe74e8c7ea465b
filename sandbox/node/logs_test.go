package node

import (
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLogsAreCutAsAsked(t *testing.T) {
	run := containerRun{started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	lines := []string{"one", "two", "three"}
	for query, want := range map[string]string{
		"":                               "one\ntwo\nthree\n",
		"tailLines=2":                    "two\nthree\n",
		"tailLines=0":                    "",
		"limitBytes=5":                   "one\nt",
		"tailLines=1&timestamps=true":    "2026-01-02T03:04:05Z three\n",
		"sinceTime=2026-01-02T03:04:06Z": "",
	} {
		values, _ := url.ParseQuery(query)
		options, err := parseLogOptions(values)
		if err != nil {
			t.Fatal(err)
		}
		if got := options.render(lines, run); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestLogsComeFromTheMostParticularAnnotation(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{
		logsAnnotation: "all\n", logsPrefix + "app": "app",
	}}}
	if got := logLines(pod, "app"); len(got) != 1 || got[0] != "app" {
		t.Errorf("got %q", got)
	}
	if got := logLines(pod, "other"); len(got) != 1 || got[0] != "all" {
		t.Errorf("got %q", got)
	}
}

func TestAPortIsForwardedToLoopbackOnly(t *testing.T) {
	if target, told, err := forwardTarget("80=1, 8080=43121", 8080); target != "43121" || !told || err != nil {
		t.Error(target, told, err)
	}
	if _, told, err := forwardTarget("80=1", 81); told || err != nil {
		t.Error(told, err)
	}
	if _, _, err := forwardTarget("80=10.0.0.1:22", 80); err == nil {
		t.Error("an address was taken for a port")
	}
}
