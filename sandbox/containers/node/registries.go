package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// registries says how registries on this machine are reached: a folder for each name, as containerd's
// docs/hosts.md describes.
const registries = configFolder + "/certs.d"

// others are where this machine's own mirrors and certificate authorities of registries may be named.
var others = []string{"/etc/containerd/certs.d", "/etc/docker/certs.d"}

// writeRegistries lets images be pulled from the ports of this machine that pods may reach, by the
// names that they were pushed by: inside, `localhost` is another. With `skip_verify` HTTPS is tried
// first and then HTTP, and no certificate is asked for: the way leads through this machine's own sockets.
//
// containerd looks in one folder alone: what is in the others is linked into it.
func writeRegistries(folder string, hostPorts ports, others []string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, port := range hostPorts {
		text := fmt.Sprintf("server = \"http://%s:%d\"\nskip_verify = true\n", nodeAddress, port)
		for _, host := range []string{"localhost", "127.0.0.1", "host.devbox.internal"} {
			own := filepath.Join(folder, fmt.Sprintf("%s:%d", host, port))
			if err := os.MkdirAll(own, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(own, "hosts.toml"), []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	for _, other := range others {
		entries, _ := os.ReadDir(other)
		for _, entry := range entries {
			err := os.Symlink(filepath.Join(other, entry.Name()), filepath.Join(folder, entry.Name()))
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
	}
	return nil
}

// proxies is what pulling an image needs to know of the way to a registry. No proxy leads to the
// machine itself.
func proxies() []string {
	var found []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set {
			found = append(found, name+"="+value)
		}
	}
	var direct []string
	// Programs read one of the two.
	for _, value := range []string{os.Getenv("NO_PROXY"), os.Getenv("no_proxy"), nodeAddress} {
		if value != "" {
			direct = append(direct, value)
		}
	}
	return append(found, "NO_PROXY="+strings.Join(direct, ","))
}
