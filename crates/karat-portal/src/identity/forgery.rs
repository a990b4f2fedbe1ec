//! Against forged requests: a form sends back a token that only pages of ours for this very browser hold.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::fill;

/// The key, new with each start.
pub(super) struct Forgery([u8; 32]);

impl Forgery {
    pub(super) fn new() -> Self {
        let mut key = [0; 32];
        fill(&mut key);
        Self(key)
    }

    /// The token for a browser, which is known by its cookie.
    pub(super) fn token(&self, visit: &str) -> String {
        self.mac(visit)
            .map(|mac| data_encoding::BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Whether that is the token for that browser; the time it takes does not say how much of it is right.
    pub(super) fn fits(&self, visit: &str, token: &str) -> bool {
        let Ok(bytes) = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()) else { return false };
        !visit.is_empty() && self.mac(visit).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
    }

    fn mac(&self, visit: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(visit.as_bytes());
        Some(mac)
    }
}
