//! Free ports on loopback: bound to be sure of them, released just before the components bind them.

use std::net::{Ipv4Addr, TcpListener};

use super::{Ports, SandboxError};

/// Ports that nobody else can take until this is dropped.
pub(super) struct Reserved {
    /// The ports.
    pub(super) ports: Ports,
    _listeners: Vec<TcpListener>,
}

/// Reserves ports. The API server keeps the port of the run before where it is free, so that a
/// kubeconfig that somebody copied goes on working.
pub(super) fn reserve(previous_api: Option<u16>) -> Result<Reserved, SandboxError> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let api = match previous_api.map(bind) {
        Some(Ok(listener)) => listener,
        _ => bind(0).map_err(SandboxError::Port)?,
    };
    let mut listeners = vec![api];
    for _ in 0..3 {
        listeners.push(bind(0).map_err(SandboxError::Port)?);
    }
    let port = |index: usize| listeners[index].local_addr().map(|address| address.port());
    let ports = (|| {
        std::io::Result::Ok(Ports {
            api: port(0)?,
            etcd_client: port(1)?,
            etcd_peer: port(2)?,
            node: port(3)?,
        })
    })();
    Ok(Reserved { ports: ports.map_err(SandboxError::Port)?, _listeners: listeners })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_are_held_and_the_api_servers_is_kept_if_free() {
        let first = reserve(None).unwrap();
        let api = first.ports.api;
        let taken = reserve(Some(api)).unwrap();
        assert_ne!(taken.ports.api, api, "a taken port is not waited for");
        drop(first);
        assert_eq!(reserve(Some(api)).unwrap().ports.api, api);
    }
}
