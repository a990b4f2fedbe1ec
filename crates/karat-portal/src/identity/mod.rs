//! Who asks, and what they may do.
//!
//! On the loopback interface whoever sits at the machine may do everything, and nobody signs in. Anywhere else a portal does not
//! start without somebody who could sign in, behind a proxy with TLS: see [`Identity::open`]. A session is begun by a password
//! ([`Identity::sign_in`]) and by nothing else today; single sign-on would begin one the same way ([`Identity::begin`]).

mod accounts;
mod audit;
mod door;
mod forgery;
mod routes;
mod sessions;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

pub use accounts::{Account, Accounts, AccountsError, Token};
pub use audit::{Audit, Entry};
pub(crate) use door::{door, needs, not_allowed};
pub(crate) use routes::router;

use crate::model::Clock;
use forgery::Forgery;
use sessions::Sessions;

/// What somebody may do: each may do what those before it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything.
    #[default]
    Viewer,
    /// Makes services, has things read again.
    Developer,
    /// Removes things, sees who did what.
    Platform,
}

impl Role {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Platform => "platform",
        }
    }

    /// The role of that word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Viewer, Self::Developer, Self::Platform].into_iter().find(|role| role.word() == word)
    }
}

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Their name; empty for who sits at the machine.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether a program asks in their name, with a token: it has no cookies that another site could use.
    pub by_token: bool,
}

impl Person {
    /// What is said if their role is not enough.
    pub fn lacks(&self, needed: Role) -> Option<String> {
        let says = || format!("this needs the role {}; {} has {}", needed.word(), self.name, self.role.word());
        (self.role < needed).then(says)
    }

    /// Whether they may change what somebody asked for: it is theirs, or they administer the portal.
    pub fn may_change_of(&self, owner: &str) -> bool {
        self.role == Role::Platform || self.name == owner
    }
}

/// Why a portal is not opened to others.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Passwords and sessions would go over the network in the clear.
    #[error(
        "{0} is not this machine alone, and there is no TLS: put a proxy with TLS before it, and name the address that people type \
         (`--public https://portal.example`)"
    )]
    NoTls(SocketAddr),
    /// The address that people type is none.
    #[error("`{0}` is not an address that begins with https:// and names a host")]
    NotAnAddress(String),
    /// Nobody could sign in.
    #[error("nobody could administer this portal: make somebody first (`karat account add NAME --role platform`)")]
    NoAdmin,
    /// The file of accounts cannot be used.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// Who may come in, and how it is known who it is.
pub struct Identity {
    /// The origin that people type, if they sign in; without it everybody is who sits at the machine.
    public: Option<String>,
    /// Who can sign in.
    pub accounts: Accounts,
    /// Who did what.
    pub audit: Audit,
    sessions: Sessions,
    forgery: Forgery,
    clock: Clock,
    /// A password costs memory and time to check, on purpose: only so many at once.
    hashing: Arc<Semaphore>,
}

impl Identity {
    /// Who may come in to a portal that listens on `address` and keeps its state in `data`; `public` is the address that people
    /// type, if there is a proxy with TLS.
    ///
    /// # Errors
    /// It would be open to others without TLS or without an administrator.
    pub fn open(address: SocketAddr, public: Option<&str>, data: &Path, clock: Clock) -> Result<Self, Refused> {
        let public = match public {
            Some(public) => Some(origin(public).ok_or_else(|| Refused::NotAnAddress(public.to_owned()))?),
            None if address.ip().is_loopback() => None,
            None => return Err(Refused::NoTls(address)),
        };
        let accounts = Accounts::open(data)?;
        if public.is_some() && !accounts.has(Role::Platform) {
            return Err(Refused::NoAdmin);
        }
        Ok(Self {
            public,
            accounts,
            audit: Audit::open(data),
            sessions: Sessions::default(),
            forgery: Forgery::new(),
            clock,
            hashing: Arc::new(Semaphore::new(2)),
        })
    }

    /// The host that people type, if they sign in.
    pub fn host(&self) -> Option<&str> {
        let host = self.public.as_deref()?.strip_prefix("https://")?;
        Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
    }

    /// Whether people sign in.
    pub(crate) fn is_guarded(&self) -> bool {
        self.public.is_some()
    }

    /// Begins a session for somebody who has proved who they are; gives what their cookie holds.
    pub(crate) fn begin(&self, name: &str) -> String {
        self.sessions.begin(name, self.now())
    }

    /// Checks a password, and begins a session.
    pub(crate) async fn sign_in(self: &Arc<Self>, name: &str, password: &str) -> Result<String, &'static str> {
        if !self.sessions.may_try(name, self.now()) {
            return Err("There were many wrong passwords for this name. Wait a quarter of an hour.");
        }
        let Ok(_turn) = Arc::clone(&self.hashing).try_acquire_owned() else {
            return Err("Many people are signing in just now. Try again in a moment.");
        };
        let (identity, who, password) = (Arc::clone(self), name.to_owned(), password.to_owned());
        let checked = tokio::task::spawn_blocking(move || identity.accounts.check(&who, &password)).await;
        if checked.unwrap_or(false) {
            self.sessions.forgive(name);
            return Ok(self.begin(name));
        }
        self.sessions.failed(name, self.now());
        // Which of the two is wrong is nobody's business.
        Err("The name or the password is wrong.")
    }

    fn now(&self) -> i64 {
        (self.clock)().as_second()
    }
}

/// An address as an origin: `https://host` or `https://host:port`.
fn origin(address: &str) -> Option<String> {
    let host = address.trim().strip_prefix("https://")?.trim_end_matches('/');
    let fine = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    fine.then(|| format!("https://{}", host.to_ascii_lowercase()))
}

/// Random bytes of the system, in letters and digits.
pub(crate) fn random() -> String {
    let mut bytes = [0_u8; 20];
    fill(&mut bytes);
    data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// Fills bytes from the system's source of randomness.
#[expect(
    clippy::expect_used,
    reason = "without randomness nothing here is safe, and no system that Karat runs on lacks it"
)]
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random bytes");
}

/// The digest under which a secret is kept.
fn digest(secret: &str) -> String {
    use sha2::Digest as _;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(secret))
}
