//! Secrets: files of `SECRETS_DIR`, written by the Secrets Store CSI driver and rewritten when they rotate.
//!
//! Nothing is cached: a secret is read when it is used, and [`Secrets::watch`] says when one has changed. A secret's value
//! has no `Debug`, no `Display`, and no part in any error.

use serde::Deserialize;
use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::watch;

/// The most that a secret file may hold, in bytes.
const MAX_SIZE: u64 = 64 * 1024;
/// How often a watched secret is looked at. The driver itself polls every two minutes.
const POLL: Duration = Duration::from_secs(1);

/// A secret cannot be used. Names the file and what to do, never the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Missing, unreadable.
    #[error("secret file {}: {source}; is it mounted, and is SECRETS_DIR right?", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Not the JSON object that is expected.
    #[error("secret file {}: {problem}, line {line}, column {column}", .path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// What kind of mistake, without the text that has it.
        problem: &'static str,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Secrets are needed, but the process was not told where they are.
    #[error("secret `{0}` is needed: set SECRETS_DIR to the folder of secret files")]
    NoFolder(String),
}

/// A text that does not show itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// The folder of secret files.
#[derive(Debug, Clone)]
pub struct Secrets {
    folder: Option<PathBuf>,
}

impl Secrets {
    /// Secrets of this folder; `None` where a service has none.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Reads `<name>.json` as it is now.
    ///
    /// # Errors
    /// The file is missing, too large, or not of this shape.
    pub fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, SecretError> {
        let path = self.path(name)?;
        let text = read_bounded(&path).map_err(|source| SecretError::Read { path: path.clone(), source })?;
        serde_json::from_slice(&text).map_err(|error| {
            // serde's own words quote the value.
            let problem = match error.classify() {
                serde_json::error::Category::Data => "a member is missing or has the wrong type",
                _ => "is not JSON",
            };
            SecretError::Shape { path, problem, line: error.line(), column: error.column() }
        })
    }

    /// A receiver that is marked changed each time the file's content is another than before.
    ///
    /// # Errors
    /// There is no folder.
    pub fn watch(&self, name: &str) -> Result<watch::Receiver<u64>, SecretError> {
        let path = self.path(name)?;
        let mut seen = read_bounded(&path).ok();
        let (changes, receiver) = watch::channel(0);
        tokio::spawn(async move {
            // Compared by content: the driver swaps a link, an editor may keep the time, and the files are small.
            while !changes.is_closed() {
                tokio::time::sleep(POLL).await;
                let now = read_bounded(&path).ok();
                if now.is_some() && now != seen {
                    seen = now;
                    changes.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(receiver)
    }

    fn path(&self, name: &str) -> Result<PathBuf, SecretError> {
        let folder = self.folder.as_ref().ok_or_else(|| SecretError::NoFolder(name.to_owned()))?;
        Ok(folder.join(format!("{name}.json")))
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 64 KiB"));
    }
    Ok(text)
}
