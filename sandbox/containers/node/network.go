package node

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
)

// Addresses of the machine. They exist inside its network namespace alone, so they clash with
// nothing that this machine is connected to; 198.18.0.0/15 is reserved for tests (RFC 2544).
const (
	networkCIDR = "198.18.0.0/24"
	// nodeAddress is what slirp4netns gives the machine: the 100th of the network.
	nodeAddress = "198.18.0.100"
	// resolverAddress is where slirp4netns answers for this machine's name server.
	resolverAddress = "198.18.0.3"
	// podCIDR and serviceCIDR are the control plane's.
	podCIDR     = "10.244.0.0/16"
	serviceCIDR = "10.96.0.0/16"
	dnsAddress  = "10.96.0.10"
	// tap is the machine's one way out.
	tap = "tap0"
	// mtu is the largest packet: nothing here has a wire.
	mtu = 65520
)

// network is the process that carries the machine's packets, as sockets of an ordinary process:
// no interface, no route and no packet filter rule of this machine is touched.
type network struct {
	command *exec.Cmd
	exit    io.Closer
	ended   chan error
}

func startNetwork(pid int) (*network, error) {
	readyReader, ready, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer readyReader.Close()
	// slirp4netns ends when the other end of this pipe closes: it cannot outlive the keeper.
	exit, exitWriter, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command := exec.Command("slirp4netns", "--configure", "--mtu="+strconv.Itoa(mtu), "--cidr="+networkCIDR,
		"--disable-host-loopback", "--ready-fd=3", "--exit-fd=4", strconv.Itoa(pid), tap)
	var said bytes.Buffer
	command.Stdout, command.Stderr = io.Discard, &said
	command.ExtraFiles = []*os.File{ready, exit}
	err = command.Start()
	_, _ = ready.Close(), exit.Close()
	if err != nil {
		return nil, fmt.Errorf("start the machine's network: %w", err)
	}
	n := &network{command: command, exit: exitWriter, ended: make(chan error, 1)}
	go func() { n.ended <- command.Wait() }()
	if _, err := io.ReadFull(readyReader, make([]byte, 1)); err != nil {
		n.end()
		return nil, fmt.Errorf("slirp4netns could not make the machine's network: %s", strings.TrimSpace(said.String()))
	}
	return n, nil
}

func (n *network) end() {
	_ = n.exit.Close()
	_ = n.command.Process.Kill()
}

// configureNetwork does inside what slirp4netns leaves to do. The settings belong to the machine's
// network namespace.
func configureNetwork(run func(program string, args ...string) error) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	return run("iptables", "-w", "-t", "nat", "-A", "POSTROUTING", "-s", podCIDR, "-o", tap, "-j", "MASQUERADE")
}
