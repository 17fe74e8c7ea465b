package node

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnOptionThatIsMissingIsNamed(t *testing.T) {
	_, err := parse([]string{"--name=n"})
	if err == nil || !strings.Contains(err.Error(), "is needed") {
		t.Fatalf("got %v", err)
	}
	if _, err := parse([]string{"--host-port=0"}); err == nil {
		t.Fatal("0 is no port")
	}
}

func TestTheResolverKeepsSearchDomainsAndNothingElse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte("nameserver 127.0.0.53\nsearch corp.test\noptions edns0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := resolverFile(file), "nameserver "+resolverAddress+"\nsearch corp.test\n"; got != want {
		t.Fatalf("got %q", got)
	}
	if got := resolverFile("/nonexistent"); got != "nameserver "+resolverAddress+"\n" {
		t.Fatalf("got %q", got)
	}
}

// A server that answers what it is sent, in upper case, when its caller has nothing more to say.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			said, _ := io.ReadAll(connection)
			fmt.Fprint(connection, strings.ToUpper(string(said)))
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}

func TestARelayPassesBothWaysAndTheEndOfEach(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	if err := relay("unix", socket, "tcp", echo(t)); err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(connection, "hello")
	closeWrite(connection)
	if got, _ := io.ReadAll(connection); string(got) != "HELLO" {
		t.Fatalf("got %q", got)
	}
}

func TestTheWayInConnectsAndSaysWhyNot(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	if err := serveEgress(socket); err != nil {
		t.Fatal(err)
	}
	ask := func(method, address string) (*http.Response, *bufio.Reader, net.Conn) {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", method, address, address)
		reader := bufio.NewReader(connection)
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		return response, reader, connection
	}
	response, reader, connection := ask(http.MethodConnect, echo(t))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("got %s", response.Status)
	}
	fmt.Fprint(connection, "hello")
	closeWrite(connection)
	if got, _ := io.ReadAll(reader); string(got) != "HELLO" {
		t.Fatalf("got %q", got)
	}
	if response, _, _ := ask(http.MethodConnect, "127.0.0.1:1"); response.StatusCode != http.StatusBadGateway {
		t.Fatalf("got %s", response.Status)
	}
	if response, _, _ := ask(http.MethodGet, "/"); response.StatusCode != http.StatusMethodNotAllowed {
		t.Fatalf("got %s", response.Status)
	}
}

func TestARegistryOnThisMachineIsReachedByTheNameOfItsPort(t *testing.T) {
	folder, other := t.TempDir(), t.TempDir()
	for _, name := range []string{"localhost:5000", "registry.corp.test"} {
		files(t, filepath.Join(other, name), map[string]string{"hosts.toml": "its own"})
	}
	if err := writeRegistries(folder, ports{5000}, []string{other, "/nonexistent"}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(folder, "registry.corp.test", "hosts.toml")); got != "its own" {
		t.Errorf("what this machine says of a registry is %q", got)
	}
	text, err := os.ReadFile(filepath.Join(folder, "localhost:5000", "hosts.toml"))
	if want := "server = \"http://198.18.0.100:5000\"\nskip_verify = true\n"; err != nil || string(text) != want {
		t.Fatalf("got %q, %v", text, err)
	}
}

func TestNoProxyLeadsToTheMachineItself(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy:3128")
	t.Setenv("NO_PROXY", "corp.test")
	t.Setenv("no_proxy", "")
	got := strings.Join(proxies(), " ")
	if !strings.Contains(got, "HTTPS_PROXY=http://proxy:3128") || !strings.Contains(got, "NO_PROXY=corp.test,198.18.0.100") {
		t.Fatalf("got %s", got)
	}
}
