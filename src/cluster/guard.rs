//! The verdict on a target, before anything is written. Pure: names, identity and pins in, verdict out.
//!
//! What looks like production is refused and nothing overrides that. A loopback server (the sandbox,
//! kind, k3d, minikube) is accepted. So is a cluster whose pin (server, CA, UID of `kube-system`)
//! matches. Everything else needs its context's name typed. [`Confirmed`] can only be had from here,
//! and nothing in `cluster/` writes without one.

mod names;
mod refusal;

use super::connect::{Identity, Verification};
use super::pins::Pins;
use crate::kubeconfig::Target;
use names::{host, is_loopback, production_word, without_live_domain};

pub use refusal::Refusal;

/// Namespaces that belong to the cluster itself.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// The names under which a target is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The kubeconfig context.
    pub context: String,
    /// The kubeconfig's cluster entry.
    pub cluster: String,
    /// The server's URL.
    pub server: String,
    /// The namespace that will be written to.
    pub namespace: String,
    /// `tls-server-name`: the name that the server's certificate is checked against instead.
    pub tls_server_name: Option<String>,
    /// `proxy-url`: the server is looked up by a proxy, whose loopback is another machine.
    pub proxied: bool,
}

impl Subject {
    /// The names of a target, for `namespace`.
    pub fn new(target: &Target, namespace: &str) -> Self {
        Self {
            context: target.context.clone(),
            cluster: target.cluster.clone(),
            server: target.server.clone(),
            namespace: namespace.into(),
            tls_server_name: target.tls_server_name(),
            proxied: target.has_proxy_of_its_own(),
        }
    }

    /// The server is this machine, as far as names can tell: neither behind a proxy nor a tunnel's end
    /// (which needs the far server's name to verify its certificate).
    fn is_local(&self) -> bool {
        let tunnel = self.tls_server_name.as_deref().is_some_and(|name| !is_loopback(name));
        is_loopback(host(&self.server)) && !self.proxied && !tunnel
    }
}

/// What the guard says about a target.
#[derive(Debug)]
pub enum Verdict {
    /// It may be written to.
    Accepted(Confirmed),
    /// A person must type the context's name.
    Ask(Question),
    /// It must not be written to.
    Refused(Refusal),
}

/// The permission to write to one namespace of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    identity: Identity,
    namespace: String,
}

impl Confirmed {
    /// The cluster that was confirmed.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The namespace that was confirmed.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// A target that needs its context's name typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The names of the target.
    pub subject: Subject,
    /// Why it is asked, one sentence.
    pub reason: String,
    identity: Identity,
}

impl Question {
    /// Takes what was typed.
    ///
    /// # Errors
    /// Where it is not exactly the context's name.
    pub fn answer(self, typed: &str) -> Result<Confirmed, Refusal> {
        if typed.trim() == self.subject.context {
            Ok(Confirmed { identity: self.identity, namespace: self.subject.namespace })
        } else {
            Err(Refusal::NotConfirmed { context: self.subject.context, reason: self.reason })
        }
    }

    /// The refusal where nobody can be asked.
    pub fn unanswered(self) -> Refusal {
        Refusal::NotConfirmed { context: self.subject.context, reason: self.reason }
    }
}

/// Looks at names alone, so that what looks like production is not even connected to.
///
/// # Errors
/// The refusal, where a name gives one.
pub fn check_names(subject: &Subject) -> Result<(), Refusal> {
    let host = host(&subject.server);
    let tls = subject.tls_server_name.as_deref().unwrap_or_default();
    let named = [
        ("context", subject.context.as_str(), production_word(&subject.context)),
        ("cluster", subject.cluster.as_str(), production_word(&subject.cluster)),
        ("namespace", subject.namespace.as_str(), production_word(&subject.namespace)),
        ("server", host, production_word(without_live_domain(host))),
        ("TLS server name", tls, production_word(without_live_domain(tls))),
    ];
    for (what, name, word) in named {
        if let Some(word) = word {
            return Err(Refusal::Production { what, name: name.into(), word });
        }
    }
    if SYSTEM.contains(&subject.namespace.as_str()) {
        return Err(Refusal::System { namespace: subject.namespace.clone() });
    }
    Ok(())
}

/// Judges a target whose identity was read.
pub fn judge(subject: &Subject, identity: &Identity, pins: &Pins) -> Verdict {
    if let Err(refusal) = check_names(subject) {
        return Verdict::Refused(refusal);
    }
    let confirmed = Confirmed { identity: identity.clone(), namespace: subject.namespace.clone() };
    if subject.is_local() {
        return Verdict::Accepted(confirmed);
    }
    let ask = |reason: String| {
        Verdict::Ask(Question { subject: subject.clone(), reason, identity: identity.clone() })
    };
    if identity.verification == Verification::Off {
        return ask("its certificate is not verified, so it cannot be told from another".into());
    }
    match pins.of_server(&identity.server) {
        None => ask("it is used for the first time".into()),
        Some(pin) if !pin.matches_authority(identity) => {
            ask("its certificate authority is another one than last time".into())
        }
        Some(pin) if pin.uid != identity.uid => {
            ask("it is another cluster than last time, behind the same address".into())
        }
        Some(_) if identity.uid.is_none() => {
            ask("`kube-system` cannot be read, so it cannot be told from another".into())
        }
        Some(_) => Verdict::Accepted(confirmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::pins::Pin;
    use crate::error::{Exit, Explain};

    fn subject(server: &str) -> Subject {
        Subject {
            context: "dev".into(),
            cluster: "dev".into(),
            server: server.into(),
            namespace: "dev-me-shop".into(),
            tls_server_name: None,
            proxied: false,
        }
    }

    fn identity(server: &str, ca: &str, uid: Option<&str>) -> Identity {
        Identity {
            server: server.into(),
            verification: Verification::Authority(ca.into()),
            uid: uid.map(Into::into),
        }
    }

    const SERVER: &str = "https://k8s.example.com:6443";

    #[test]
    fn every_name_of_a_target_is_looked_at_and_the_refusal_exits_5() {
        for (what, change) in [
            ("context", Subject { context: "prod".into(), ..subject(SERVER) }),
            ("cluster", Subject { cluster: "gke_x_prod".into(), ..subject(SERVER) }),
            ("namespace", Subject { namespace: "live".into(), ..subject(SERVER) }),
            ("server", subject("https://api.prod.example.com:6443")),
            // A tunnel or a local name does not make production a toy.
            ("context", Subject { context: "prod".into(), ..subject("https://127.0.0.1:6443") }),
        ] {
            let Verdict::Refused(refusal) =
                judge(&change, &identity(SERVER, "a", Some("u")), &Pins::default())
            else {
                panic!("{what} accepted")
            };
            assert!(
                matches!(&refusal, Refusal::Production { what: found, .. } if *found == what),
                "{refusal}"
            );
            assert_eq!(refusal.exit(), Exit::Refused);
        }
        assert!(check_names(&subject("https://shop.live:6443")).is_ok());
        assert!(check_names(&Subject { namespace: "kube-system".into(), ..subject(SERVER) }).is_err());
    }

    #[test]
    fn loopback_is_accepted() {
        for server in [
            "https://127.0.0.1:6443",
            "https://localhost:1",
            "https://[::1]:6443/x",
            "https://k3d.localhost",
            "http://127.8.8.8",
        ] {
            let verdict = judge(&subject(server), &identity(server, "a", Some("u")), &Pins::default());
            assert!(matches!(verdict, Verdict::Accepted(_)), "{server}");
        }
        for server in
            ["https://127.0.0.1.example.com", "https://localhost.example.com", "https://user@k8s.example.com"]
        {
            let verdict = judge(&subject(server), &identity(server, "a", Some("u")), &Pins::default());
            assert!(matches!(verdict, Verdict::Ask(_)), "{server}");
        }
    }

    #[test]
    fn loopback_at_the_end_of_a_tunnel_or_behind_a_proxy_is_not_this_machine() {
        let here = "https://127.0.0.1:6443";
        let verdict = |subject: Subject| judge(&subject, &identity(here, "a", Some("u")), &Pins::default());
        let proxied = Subject { proxied: true, ..subject(here) };
        assert!(matches!(verdict(proxied), Verdict::Ask(_)));
        let named = |name: &str| Subject { tls_server_name: Some(name.into()), ..subject(here) };
        assert!(matches!(verdict(named("api.dev.example.com")), Verdict::Ask(_)));
        assert!(matches!(verdict(named("localhost")), Verdict::Accepted(_)));
        assert!(matches!(verdict(named("api.prod.example.com")), Verdict::Refused(_)));
    }

    #[test]
    fn a_pinned_cluster_is_accepted_and_any_change_asks_again() {
        let mut pins = Pins::default();
        pins.put(Pin::new(&identity(SERVER, "a", Some("u")), "dev"));
        let verdict = |identity: Identity| judge(&subject(SERVER), &identity, &pins);
        assert!(matches!(verdict(identity(SERVER, "a", Some("u"))), Verdict::Accepted(_)));
        assert!(matches!(verdict(identity(SERVER, "b", Some("u"))), Verdict::Ask(_)));
        assert!(matches!(verdict(identity(SERVER, "a", Some("other"))), Verdict::Ask(_)));
        assert!(matches!(verdict(identity(SERVER, "a", None)), Verdict::Ask(_)));
        assert!(matches!(verdict(identity("https://other", "a", Some("u"))), Verdict::Ask(_)));
        let unverified = Identity { verification: Verification::Off, ..identity(SERVER, "a", Some("u")) };
        assert!(matches!(verdict(unverified), Verdict::Ask(_)));
    }

    #[test]
    fn a_question_takes_the_context_name_and_nothing_else() {
        let ask = || match judge(&subject(SERVER), &identity(SERVER, "a", Some("u")), &Pins::default()) {
            Verdict::Ask(question) => question,
            other => panic!("{other:?}"),
        };
        assert_eq!(ask().answer(" dev\n").unwrap().namespace(), "dev-me-shop");
        assert!(ask().answer("yes").is_err());
        assert!(ask().answer("").is_err());
        assert_eq!(
            ask().unanswered().to_string(),
            "refused: context `dev` was not confirmed: it is used for the first time"
        );
    }
}
