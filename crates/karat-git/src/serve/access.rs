//! Who may do what: asked of whoever mounts the server.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use axum::http::{HeaderMap, header};

use crate::Name;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Clone, fetch.
    Read,
    /// Push.
    Write,
}

/// What a request shows of who sent it. Its secret is not printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    None,
    /// `Authorization: Bearer`, as `git -c http.extraHeader=...` sends it.
    Bearer(String),
    /// `Authorization: Basic`, as git asks its credential helper for: a token is the password, whatever the user.
    Basic {
        /// The user's name.
        user: String,
        /// The password or token.
        secret: String,
    },
}

/// What is asked of [`Access`].
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub credential: &'a Credential,
    /// Of which repository, whether or not there is one.
    pub repository: &'a Name,
    /// For what.
    pub right: Right,
    /// The `Host` that was asked for, with its port.
    pub host: Option<&'a str>,
}

/// What [`Access`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes; who that is, as push events and protections name them.
    Allowed(String),
    /// Perhaps, with a credential (401): git asks its user for one.
    Unknown,
    /// No (403), with a sentence that the client prints.
    Forbidden(String),
}

/// A branch that not everybody may change: never deleted, never thrown back to what does not hold its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The branch without `refs/heads/`; a `*` at its end stands for anything.
    pub branch: String,
    /// Who may push to it; `None` for all who may write to the repository.
    pub pushers: Option<BTreeSet<String>>,
}

impl Protection {
    /// All who may write may push to `branch`.
    pub fn of(branch: &str) -> Self {
        Self { branch: branch.to_owned(), pushers: None }
    }

    /// Whether a ref's full name is such a branch.
    pub(crate) fn covers(&self, name: &str) -> bool {
        let Some(branch) = name.strip_prefix("refs/heads/") else { return false };
        match self.branch.strip_suffix('*') {
            Some(prefix) => branch.starts_with(prefix),
            None => branch == self.branch,
        }
    }
}

/// Decides about every request before anything of a repository is looked at, so that nobody learns which there are. Called
/// on the runtime's threads: it must not block.
pub trait Access: Send + Sync + 'static {
    /// Whether a request goes on, and as whom.
    fn decide(&self, asked: &Asked<'_>) -> Decision;

    /// The protected branches of a repository.
    fn protections(&self, repository: &Name) -> Vec<Protection> {
        let _ = repository;
        vec![Protection::of("main")]
    }
}

/// Everybody on this machine may do everything.
#[derive(Clone, Debug)]
pub struct Loopback {
    user: String,
}

impl Loopback {
    /// For a server that listens at `address`: `None` if others than this machine reach that. All are `user` then.
    pub fn at(address: SocketAddr, user: &str) -> Option<Self> {
        address.ip().is_loopback().then(|| Self { user: user.to_owned() })
    }
}

impl Access for Loopback {
    fn decide(&self, asked: &Asked<'_>) -> Decision {
        // A page of another site can have its own name lead here (DNS rebinding); that name is in the request.
        if asked.host.is_some_and(is_local) {
            return Decision::Allowed(self.user.clone());
        }
        Decision::Forbidden("this server is for this machine: use http://localhost in the URL".to_owned())
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

impl Credential {
    /// What the `Authorization` header says; `Err` if it cannot be understood.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ()> {
        let mut all = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = all.next() else { return Ok(Self::None) };
        if all.next().is_some() {
            return Err(());
        }
        let (scheme, rest) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(())?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
            return Ok(Self::Bearer(rest.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(());
        }
        let pair = data_encoding::BASE64.decode(rest.as_bytes()).map_err(drop)?;
        let pair = String::from_utf8(pair).map_err(drop)?;
        let (user, secret) = pair.split_once(':').ok_or(())?;
        Ok(Self::Basic { user: user.to_owned(), secret: secret.to_owned() })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bearer(_) => f.write_str("Bearer"),
            Self::Basic { user, .. } => write!(f, "Basic({user:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<Credential, ()> {
        Credential::of(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]))
    }

    #[test]
    fn credentials_are_read_and_not_printed() {
        assert_eq!(Credential::of(&HeaderMap::new()), Ok(Credential::None));
        assert_eq!(of("bearer t0k"), Ok(Credential::Bearer("t0k".to_owned())));
        let basic = of("Basic YW5uYTpzOmVjcmV0").unwrap();
        assert_eq!(basic, Credential::Basic { user: "anna".to_owned(), secret: "s:ecret".to_owned() });
        assert_eq!(format!("{basic:?} {:?}", of("Bearer t0k").unwrap()), "Basic(\"anna\") Bearer");
        for bad in ["Basic", "Basic ???", "Basic YW5uYQ==", "Bearer ", "Digest x", ""] {
            assert_eq!(of(bad), Err(()), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_let_in_without_a_token() {
        for good in ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.8.8", "[::1]:8080", "git.localhost:1"] {
            assert!(is_local(good), "{good}");
        }
        for bad in ["example.org", "localhost.example.org:80", "10.0.0.1", "[fe80::1]:1", "", "127.0.0.1.example.org"] {
            assert!(!is_local(bad), "{bad}");
        }
        assert!(Loopback::at("0.0.0.0:80".parse().unwrap(), "you").is_none());
        assert!(Loopback::at("127.0.0.1:80".parse().unwrap(), "you").is_some());
    }

    #[test]
    fn protections_cover_branches_only() {
        let release = Protection::of("release/*");
        assert!(release.covers("refs/heads/release/1") && !release.covers("refs/heads/releases"));
        assert!(
            !Protection::of("main").covers("refs/tags/main") && !Protection::of("main").covers("refs/heads/mainly")
        );
    }
}
