//! Plain http through a proxy: requests go to the proxy itself and name the whole address (RFC 9112,
//! section 3.2.2), as curl and git send them. Many a proxy allows `CONNECT`, which ureq uses for everything, to
//! port 443 alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Agent, Error, Proxy, ProxyProtocol};

/// An agent for requests to one host by way of a proxy; `None` where the proxy is of another kind.
pub(super) fn agent(config: &Config, target: &Uri, proxy: &Proxy) -> Option<Agent> {
    if proxy.protocol() != ProxyProtocol::Http {
        return None;
    }
    let login = match (proxy.username(), proxy.password()) {
        (None, None) => String::new(),
        (user, password) => {
            let pair = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
            format!("proxy-authorization: Basic {}\r\n", STANDARD.encode(pair))
        }
    };
    let front = Front { origin: format!("http://{}", target.authority()?), login };
    let address = format!("http://{}:{}", proxy.host(), proxy.port()).parse().ok()?;
    Some(Agent::with_parts(config.clone(), TcpConnector::default().chain(front), To(address)))
}

/// Whatever is asked for, the proxy is called.
#[derive(Debug)]
struct To(Uri);

impl Resolver for To {
    fn resolve(&self, _: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default().resolve(&self.0, config, timeout)
    }
}

/// What a request begins with.
#[derive(Debug, Clone)]
struct Front {
    origin: String,
    login: String,
}

impl<In: Transport> Connector<In> for Front {
    type Out = Through<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Through { inner, front: Some(self.clone()) }))
    }
}

/// A connection that carries one request.
#[derive(Debug)]
struct Through<T> {
    inner: T,
    /// Until the head of the request is on its way.
    front: Option<Front>,
}

impl<T: Transport> Transport for Through<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(front) = self.front.take() else { return self.inner.transmit_output(amount, timeout) };
        let output = self.inner.buffers().output();
        let head = rewritten(&output[..amount], &front)
            .filter(|head| head.len() <= output.len())
            .ok_or_else(|| Error::Other("the request is too long for a proxy".into()))?;
        output[..head.len()].copy_from_slice(&head);
        self.inner.transmit_output(head.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // One request each: the next one has a head too.
        false
    }
}

/// `GET /path HTTP/1.1` with the whole address, and the login of the proxy below it.
fn rewritten(request: &[u8], front: &Front) -> Option<Vec<u8>> {
    let space = request.iter().position(|byte| *byte == b' ')? + 1;
    let end = request.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let (method, target) = request[..end].split_at(space);
    Some([method, front.origin.as_bytes(), target, front.login.as_bytes(), &request[end..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_whole_address() {
        let front = Front {
            origin: "http://git.test:8080".into(),
            login: "proxy-authorization: Basic eA==\r\n".into(),
        };
        let request = b"GET /a/b?c HTTP/1.1\r\nhost: git.test\r\n\r\nbody\r\n";
        let wanted = "GET http://git.test:8080/a/b?c HTTP/1.1\r\nproxy-authorization: Basic eA==\r\nhost: git.test\r\n\r\nbody\r\n";
        assert_eq!(String::from_utf8(rewritten(request, &front).unwrap()).unwrap(), wanted);
        assert_eq!(rewritten(b"half a line", &front), None);
    }
}
