package node

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestShellAnswersWithOutputAndExitCode(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "app", Env: []corev1.EnvVar{{Name: "A", Value: "b"}}},
		}},
	}
	for _, c := range []struct {
		command []string
		in      string
		out     string
		code    int
	}{
		{[]string{"echo", "a", "b"}, "", "a b\n", 0},
		{[]string{"cat"}, "x", "x", 0},
		{[]string{"env"}, "", "A=b\n", 0},
		{[]string{"sh", "-c", "hostname; false && echo no; exit 3; echo no"}, "", "web\n", 3},
		{[]string{"sh"}, "echo one\nexit 2\necho two\n", "one\n", 2},
		{[]string{"tar", "x"}, "", "", notFound},
	} {
		var out, errOut bytes.Buffer
		s := &shell{ctx: t.Context(), pod: pod, container: "app", in: strings.NewReader(c.in), out: &out, errOut: &errOut}
		if code := s.run(c.command); code != c.code || out.String() != c.out {
			t.Errorf("%q: got %d %q, want %d %q", c.command, code, out.String(), c.code, c.out)
		}
	}
}
