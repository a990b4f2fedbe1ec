//! What is different in every run of Go's functions is a constant here, so that a render can be compared with another:
//! random texts, keys, certificates, hashes with a random salt, and the time.

use crate::{CallError, Interpreter};

use super::limits::check_text;
use super::times::Time;

/// The functions whose results are placeholders.
pub(super) const NAMES: &[&str] = &[
    "ago",
    "bcrypt",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "htpasswd",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
];

/// Notes that a function has given a placeholder.
pub(super) fn note(interpreter: &mut Interpreter<'_>, function: &'static str) {
    interpreter.nondeterministic(function);
}

/// The time of the render.
pub(super) fn now(interpreter: &mut Interpreter<'_>, function: &'static str) -> Time {
    note(interpreter, function);
    Time::unix(interpreter.now())
}

/// `pattern` over and over, `count` bytes of it; nothing for a negative count.
pub(super) fn cycled(pattern: &str, count: i64) -> Result<String, CallError> {
    let count = check_text(Some(usize::try_from(count).unwrap_or(0)))?;
    Ok(pattern.chars().cycle().take(count).collect())
}
