//! Who may do what.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};

use crate::Name;

/// What a request wants to do with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read manifests, blobs, tags, referrers.
    Pull,
    /// Add blobs, manifests, tags.
    Push,
    /// Take them away.
    Delete,
}

/// Who sends a request, as far as the connection and its headers say.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The other end of the connection; `None` if the server did not say (axum's `ConnectInfo`).
    pub address: Option<SocketAddr>,
    /// The request's headers.
    pub headers: &'a HeaderMap,
}

/// An answer to who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Go on.
    Yes,
    /// Say first who you are: 401 with this `WWW-Authenticate`.
    Authenticate(String),
    /// No, whoever you are: 403.
    No,
}

/// Decides who may pull from, push to, or delete from which repository.
pub trait Access: Send + Sync + 'static {
    /// May the caller do that? `None` is the registry itself (`GET /v2/`), by which clients ask how to say who they are.
    ///
    /// It must not block: it is called on the async runtime, for each request, and once for each repository that a blob could be
    /// mounted from.
    fn permit(&self, caller: &Caller<'_>, action: Action, repository: Option<&Name>) -> Permit;
}

/// Everything for who is on this machine, nothing for others: for a registry on a loopback address.
///
/// A page in a browser on this machine is not who is meant: it reaches 127.0.0.1 by a name that its author lets point there (DNS
/// rebinding), or sends a form. So the host must be a loopback one, and there is no `Origin`, which browsers send and clients do not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loopback;

impl Access for Loopback {
    fn permit(&self, caller: &Caller<'_>, _: Action, _: Option<&Name>) -> Permit {
        let near = caller.address.is_some_and(|address| address.ip().to_canonical().is_loopback());
        let host = caller.headers.get(header::HOST).and_then(|value| value.to_str().ok()).is_some_and(is_loopback_host);
        let page = caller.headers.contains_key(header::ORIGIN) || caller.headers.contains_key("sec-fetch-site");
        if near && host && !page { Permit::Yes } else { Permit::No }
    }
}

fn is_loopback_host(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let bare = bare.to_ascii_lowercase();
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: &str, headers: &[(&'static str, &'static str)]) -> Permit {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let caller = Caller { address: address.parse().ok(), headers: &headers };
        Loopback.permit(&caller, Action::Push, None)
    }

    #[test]
    fn only_clients_on_this_machine() {
        for host in ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "registry.localhost"] {
            assert_eq!(ask("127.0.0.1:9", &[("host", host)]), Permit::Yes, "{host}");
        }
        assert_eq!(ask("[::ffff:127.0.0.1]:9", &[("host", "localhost")]), Permit::Yes);
        assert_eq!(ask("10.0.0.1:9", &[("host", "localhost")]), Permit::No);
        assert_eq!(ask("nobody knows", &[("host", "localhost")]), Permit::No);
        assert_eq!(ask("127.0.0.1:9", &[]), Permit::No);
        assert_eq!(ask("127.0.0.1:9", &[("host", "evil.example")]), Permit::No);
        assert_eq!(ask("127.0.0.1:9", &[("host", "127.0.0.1.evil.example")]), Permit::No);
        assert_eq!(ask("127.0.0.1:9", &[("host", "localhost"), ("origin", "https://evil.example")]), Permit::No);
    }
}
