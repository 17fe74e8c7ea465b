package node

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The lines of a container come from the annotation of its name under logsPrefix, else from
// logsAnnotation, else from a line that says that nothing runs. `previous` works the same way.
const (
	logsAnnotation = Prefix + "logs"
	logsPrefix     = "logs." + Prefix
	// followInterval is how often a followed pod is looked at for new lines or its end.
	followInterval = 500 * time.Millisecond
)

// logs answers GET /containerLogs.
func (s *server) logs(w http.ResponseWriter, r *http.Request) {
	pod, status, err := s.container(r)
	if err != nil {
		refuse(w, err)
		return
	}
	query := r.URL.Query()
	run, err := runOf(pod, status, query.Get("previous") == "true")
	if err != nil {
		refuse(w, err)
		return
	}
	wanted, err := parseLogOptions(query)
	if err != nil {
		refuse(w, err)
		return
	}

	lines := logLines(pod, status.Name)
	output := wanted.render(lines, run)
	if _, err := io.WriteString(w, output); err != nil || !wanted.follow || run.ended {
		return
	}
	s.follow(r.Context(), w, pod, status.Name, wanted, len(lines))
}

// follow sends the lines that are appended to the annotation, until the container ends.
func (s *server) follow(ctx context.Context, w http.ResponseWriter, pod *corev1.Pod, container string, wanted logOptions, sent int) {
	flusher, _ := w.(http.Flusher)
	ticker := time.NewTicker(followInterval)
	defer ticker.Stop()
	for {
		if flusher != nil {
			flusher.Flush()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, err := s.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil || now.UID != pod.UID {
			return
		}
		status, err := statusOf(now, container)
		if err != nil {
			return
		}
		if lines := logLines(now, container); len(lines) > sent {
			fresh := logOptions{timestamps: wanted.timestamps, tail: -1}
			if _, err := io.WriteString(w, fresh.render(lines[sent:], containerRun{started: time.Now()})); err != nil {
				return
			}
			sent = len(lines)
		}
		if status.State.Running == nil {
			return
		}
	}
}

// containerRun is one run of a container: the present or the previous one.
type containerRun struct {
	started time.Time
	ended   bool
}

// runOf finds the run that has logs, or says why there is none, in the kubelet's words.
func runOf(pod *corev1.Pod, status *corev1.ContainerStatus, previous bool) (containerRun, error) {
	if previous || status.State.Waiting != nil {
		if last := status.LastTerminationState.Terminated; last != nil {
			return containerRun{started: last.StartedAt.Time, ended: true}, nil
		}
	}
	switch {
	case previous:
		return containerRun{}, fmt.Errorf("previous terminated container %q in pod %q not found", status.Name, pod.Name)
	case status.State.Running != nil:
		return containerRun{started: status.State.Running.StartedAt.Time}, nil
	case status.State.Terminated != nil:
		return containerRun{started: status.State.Terminated.StartedAt.Time, ended: true}, nil
	case status.State.Waiting != nil:
		return containerRun{}, fmt.Errorf("container %q in pod %q is waiting to start: %s", status.Name, pod.Name, status.State.Waiting.Reason)
	}
	return containerRun{}, fmt.Errorf("container %q in pod %q is not available", status.Name, pod.Name)
}

// logLines are what a container is made to have said.
func logLines(pod *corev1.Pod, container string) []string {
	text, told := pod.Annotations[logsPrefix+container]
	if !told {
		text, told = pod.Annotations[logsAnnotation]
	}
	if !told {
		text = fmt.Sprintf("simulated container %s: its image was not pulled and nothing runs", container)
	}
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// logOptions are the query parameters of PodLogOptions that change the output.
type logOptions struct {
	follow     bool
	timestamps bool
	tail       int // Negative: every line.
	limit      int // Bytes; zero: no limit.
	since      time.Time
}

func parseLogOptions(query url.Values) (logOptions, error) {
	o := logOptions{tail: -1, follow: query.Get("follow") == "true", timestamps: query.Get("timestamps") == "true"}
	var err error
	if text := query.Get("tailLines"); text != "" {
		if o.tail, err = strconv.Atoi(text); err != nil {
			return o, err
		}
	}
	if text := query.Get("limitBytes"); text != "" {
		if o.limit, err = strconv.Atoi(text); err != nil {
			return o, err
		}
	}
	if text := query.Get("sinceSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			return o, err
		}
		o.since = time.Now().Add(-time.Duration(seconds) * time.Second)
	}
	if text := query.Get("sinceTime"); text != "" {
		if o.since, err = time.Parse(time.RFC3339, text); err != nil {
			return o, err
		}
	}
	return o, nil
}

// render gives every line the time of the container's start, cut to what was asked for.
func (o logOptions) render(lines []string, run containerRun) string {
	if run.started.Before(o.since) {
		return ""
	}
	if o.tail >= 0 && o.tail < len(lines) {
		lines = lines[len(lines)-o.tail:]
	}
	var output strings.Builder
	for _, line := range lines {
		if o.timestamps {
			output.WriteString(run.started.UTC().Format(time.RFC3339Nano) + " ")
		}
		output.WriteString(line + "\n")
	}
	if o.limit > 0 && o.limit < output.Len() {
		return output.String()[:o.limit]
	}
	return output.String()
}
