//! Who can sign in: a file beside the portal's state, which only its owner may read. Of passwords and tokens it holds digests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{Role, digest, random};

/// The file, in the folder of state.
const FILE: &str = "accounts.json";
/// What a token begins with, so that scanners know one where it should not be.
const PREFIX: &str = "karat_";
/// The most tokens of one person.
const TOKENS: usize = 20;

/// Why the accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file cannot be read or written.
    #[error("cannot keep accounts: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not as it was written.
    #[error("{file}: not a file of accounts: {source}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A name that is none.
    #[error("`{0}` is not a name: 1 to 63 lower-case letters, digits, dots and dashes")]
    Name(String),
    /// A person has enough tokens.
    #[error("{0} has {TOKENS} tokens: revoke one that is not used")]
    Tokens(String),
    /// The password could not be hashed.
    #[error("cannot hash the password: {0}")]
    Hash(String),
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The password's digest (argon2id, PHC).
    password: String,
}

/// A token of somebody's, for programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// What tells it from others.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// What it is for.
    pub title: String,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    digest: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    people: Vec<Account>,
    #[serde(default)]
    tokens: Vec<Token>,
}

/// The accounts of a portal.
#[derive(Debug)]
pub struct Accounts {
    file: PathBuf,
    /// What was read, and when the file had changed last: `karat account` may change it meanwhile.
    kept: Mutex<(Option<SystemTime>, Kept)>,
    /// What a password is checked against where there is no such name, so that both take as long.
    nobody: String,
}

impl Accounts {
    /// The accounts in a folder of state; none if there is no file yet.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn open(data: &Path) -> Result<Self, AccountsError> {
        let file = data.join(FILE);
        let kept = read(&file)?;
        Ok(Self { file, kept: Mutex::new(kept), nobody: hash(&random())? })
    }

    /// Whether somebody may do at least that.
    pub fn has(&self, role: Role) -> bool {
        self.now().people.iter().any(|account| account.role >= role)
    }

    /// The account of a name.
    pub fn find(&self, name: &str) -> Option<Account> {
        self.now().people.into_iter().find(|account| account.name == name)
    }

    /// Makes an account, or gives one that is there another role and password; gives the password, which is not kept.
    ///
    /// # Errors
    /// The name is none, or the file cannot be written.
    pub fn add(&self, name: &str, role: Role) -> Result<String, AccountsError> {
        let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if name.is_empty() || name.len() > 63 || !name.bytes().all(fine) {
            return Err(AccountsError::Name(name.to_owned()));
        }
        let secret = random();
        let account = Account { name: name.to_owned(), role, password: hash(&secret)? };
        self.change(|kept| {
            kept.people.retain(|known| known.name != name);
            kept.people.push(account);
            Ok(())
        })?;
        Ok(secret)
    }

    /// Whether that is the password of that name. Takes a while, on purpose.
    pub fn check(&self, name: &str, password: &str) -> bool {
        let account = self.find(name);
        let against = account.as_ref().map_or(self.nobody.as_str(), |account| account.password.as_str());
        let right = PasswordHash::new(against)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        right && account.is_some()
    }

    /// The tokens of somebody.
    pub fn tokens(&self, owner: &str) -> Vec<Token> {
        self.now().tokens.into_iter().filter(|token| token.owner == owner).collect()
    }

    /// Makes a token; gives its secret, which is not kept.
    ///
    /// # Errors
    /// There are too many, or the file cannot be written.
    pub fn make_token(&self, owner: &str, title: &str, made: i64) -> Result<String, AccountsError> {
        let secret = format!("{PREFIX}{}", random());
        let title = title.trim().chars().take(80).collect::<String>();
        let token =
            Token { id: random()[..10].to_owned(), owner: owner.to_owned(), title, made, digest: digest(&secret) };
        self.change(|kept| {
            if kept.tokens.iter().filter(|known| known.owner == owner).count() >= TOKENS {
                return Err(AccountsError::Tokens(owner.to_owned()));
            }
            kept.tokens.push(token);
            Ok(())
        })?;
        Ok(secret)
    }

    /// Takes a token of somebody's back.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn revoke(&self, owner: &str, id: &str) -> Result<(), AccountsError> {
        self.change(|kept| {
            kept.tokens.retain(|token| !(token.owner == owner && token.id == id));
            Ok(())
        })
    }

    /// Whose token that is. A digest is compared and not the secret, so that time tells nothing.
    pub fn of_token(&self, secret: &str) -> Option<Account> {
        let digest = digest(secret);
        let kept = self.now();
        let token = kept.tokens.iter().find(|token| token.digest == digest)?;
        kept.people.iter().find(|account| account.name == token.owner).cloned()
    }

    fn now(&self) -> Kept {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if changed(&self.file) != kept.0
            // A file that cannot be read just now leaves what was read.
            && let Ok(new) = read(&self.file)
        {
            *kept = new;
        }
        kept.1.clone()
    }

    fn change(&self, change: impl FnOnce(&mut Kept) -> Result<(), AccountsError>) -> Result<(), AccountsError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // `karat account` and the portal may change it at once: one after the other, or a change would be lost.
        let _turn = turn(&self.file)?;
        let mut new = read(&self.file)?.1;
        change(&mut new)?;
        write(&self.file, &new)?;
        *kept = (changed(&self.file), new);
        Ok(())
    }
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

fn read(file: &Path) -> Result<(Option<SystemTime>, Kept), AccountsError> {
    let at = changed(file);
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((at, Kept::default())),
        Err(error) => return Err(error.into()),
    };
    let kept = serde_json::from_slice(&bytes)
        .map_err(|source| AccountsError::Damaged { file: file.display().to_string(), source })?;
    Ok((at, kept))
}

/// Waits until no other process changes the file, and has it to oneself until what is given goes.
fn turn(file: &Path) -> Result<std::fs::File, AccountsError> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("lock");
    let lock = fs::OpenOptions::new().write(true).create(true).truncate(false).open(beside)?.into_file();
    lock.lock()?;
    Ok(lock)
}

/// Writes beside first, then renames: whoever reads meanwhile reads the old file or the new one.
fn write(file: &Path, kept: &Kept) -> Result<(), AccountsError> {
    let beside = file.with_extension(format!("new-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use fs::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut out = options.open(&beside)?;
    let text = serde_json::to_vec_pretty(kept).map_err(std::io::Error::other)?;
    out.write_all(&text)?;
    out.sync_all()?;
    fs::rename(&beside, file)?;
    Ok(())
}

fn hash(secret: &str) -> Result<String, AccountsError> {
    let hash = Argon2::default().hash_password(secret.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| AccountsError::Hash(error.to_string()))
}
