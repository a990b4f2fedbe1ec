//! Connections: what the secret says, and what each new one is told.

use super::{Database, StoreError, System};
use crate::secrets::{Secret, Secrets};
use serde::Deserialize;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, any::AnyConnectOptions};
use std::str::FromStr as _;

/// How to connect now: the secret is read again.
pub(super) fn options(database: &Database, secrets: &Secrets) -> Result<AnyConnectOptions, StoreError> {
    let url = match database {
        Database::Sqlite(path) => format!("sqlite:{}?mode=rwc", encoded(&path.to_string_lossy())),
        Database::Secret(name) => {
            let secret: DatabaseSecret = secrets.read(name)?;
            let Engine::Postgres = secret.engine;
            let mut url = format!(
                "postgres://{}:{}@{}:{}/{}?sslmode={}&application_name={}",
                encoded(&secret.username),
                encoded(secret.password.expose()),
                if secret.host.contains(':') { format!("[{}]", secret.host) } else { secret.host },
                secret.port,
                encoded(&secret.dbname),
                secret.sslmode.word(),
                encoded(env!("CARGO_PKG_NAME")),
            );
            if let Some(certificate) = &secret.sslrootcert {
                url.push_str("&sslrootcert=");
                url.push_str(&encoded(certificate));
            }
            url
        }
    };
    // The driver's error would quote the address, and with it the password.
    let options = AnyConnectOptions::from_str(&url)
        .map_err(|_| StoreError::Sql(sqlx::Error::Configuration("the host cannot be used".into())))?;
    Ok(options.disable_statement_logging())
}

/// Settings of each new connection.
pub(super) async fn prepare(connection: &mut AnyConnection, system: System) -> Result<(), sqlx::Error> {
    let settings: &[&'static str] = match system {
        System::Postgres => &["SET statement_timeout = '10s'", "SET idle_in_transaction_session_timeout = '30s'"],
        // FULL: what was acknowledged survives a power cut too.
        System::Sqlite => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
    };
    for setting in settings {
        sqlx::raw_sql(*setting).execute(&mut *connection).await?;
    }
    connection.ping().await
}

/// The secret of a database, in the shape that AWS Secrets Manager gives for RDS.
#[derive(Deserialize)]
struct DatabaseSecret {
    engine: Engine,
    host: String,
    #[serde(default = "default_port")]
    port: u16,
    username: String,
    password: Secret,
    dbname: String,
    #[serde(default)]
    sslmode: SslMode,
    sslrootcert: Option<String>,
}

#[derive(Deserialize)]
enum Engine {
    #[serde(rename = "postgres")]
    Postgres,
}

fn default_port() -> u16 {
    5432
}

/// libpq's modes; the default is the only one that knows whom it talks to.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    #[default]
    VerifyFull,
}

impl SslMode {
    fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Percent-encodes all that is not unreserved.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}
