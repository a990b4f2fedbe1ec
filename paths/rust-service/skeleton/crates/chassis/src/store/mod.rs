//! The store: Postgres by a secret, or one SQLite file for all replicas on one machine. The same SQL for both.
//!
//! Statements use `$1` placeholders and the types TEXT, BIGINT, BOOLEAN; ids are UUIDv7 text, times epoch milliseconds.

mod connect;
mod migrate;
mod turns;
mod writing;

use crate::{
    config::Reader,
    secrets::{SecretError, Secrets},
    telemetry::{self, FutureExt as _, metrics},
};
use opentelemetry::{
    Context, KeyValue,
    metrics::Histogram,
    trace::{SpanKind, TraceContextExt as _},
};
use sqlx::{AnyPool, any::AnyPoolOptions};
use std::{
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant},
};

pub use migrate::Migration;
pub use writing::Writing;

static DURATION: LazyLock<Histogram<f64>> = LazyLock::new(|| metrics::duration("db.client.operation.duration"));

/// How long a request waits for a connection, and for its turn.
const ACQUIRE: Duration = Duration::from_secs(3);

/// `DATABASE`: where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// `secret:<name>`: Postgres, as the secret file `<name>.json` says.
    Secret(String),
    /// `sqlite:<path>`: a file, made if it is not there.
    Sqlite(PathBuf),
}

/// What the environment says of the store.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    database: Database,
    connections: u32,
}

impl StoreSettings {
    /// Reads `DATABASE` and `DATABASE_CONNECTIONS`.
    pub fn read(env: &mut Reader) -> Self {
        let parse = |text: &str| match text.split_once(':')? {
            ("secret", name) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                Some(Database::Secret(name.to_owned()))
            }
            ("sqlite", path) if !path.is_empty() => Some(Database::Sqlite(path.into())),
            _ => None,
        };
        let database = env.optional("DATABASE", "secret:<name of a secret> or sqlite:<path of a file>", parse);
        let connections = env.number("DATABASE_CONNECTIONS", 1..=1000, 10);
        Self {
            database: database.unwrap_or_else(|| Database::Secret("database".to_owned())),
            connections: connections.try_into().unwrap_or(10),
        }
    }
}

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It does not answer, or refuses. The text is the driver's, which may quote data: for the console, not for logs.
    #[error("the store: {0}")]
    Sql(#[from] sqlx::Error),
    /// A migration failed; those before it stay applied.
    #[error("migration {version:04} ({name}): {source}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What the database says.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Its `error.type`.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Secret(_) => "secret".to_owned(),
            Self::Sql(error) | Self::Migration { source: error, .. } => error_type(error),
        }
    }
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl System {
    /// Its name in the conventions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Sqlite => "sqlite",
        }
    }

    fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN",
            Self::Sqlite => "BEGIN IMMEDIATE", // a transaction that reads first and then writes would fail as stale
        }
    }
}

/// A pool of connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    system: System,
    turns: turns::Turns,
}

impl Store {
    /// Connects, and keeps connecting with the secret as it is at that time.
    ///
    /// # Errors
    /// The secret or the database cannot be used.
    pub async fn open(settings: &StoreSettings, secrets: &Secrets) -> Result<Self, StoreError> {
        sqlx::any::install_drivers(&[sqlx::postgres::any::DRIVER, sqlx::sqlite::any::DRIVER]).ok(); // the second time is an error
        let system = match &settings.database {
            Database::Secret(_) => System::Postgres,
            Database::Sqlite(_) => System::Sqlite,
        };
        let changes = match &settings.database {
            Database::Secret(name) => Some(secrets.watch(name)?),
            Database::Sqlite(_) => None,
        };
        let turns = turns::Turns::of(&settings.database).map_err(sqlx::Error::Io)?;
        let options = AnyPoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(ACQUIRE)
            .after_connect(move |connection, _| Box::pin(connect::prepare(connection, system)));
        let pool = options.connect_with(connect::options(&settings.database, secrets)?).await?;
        if let Some(mut changes) = changes {
            let (pool, database, secrets) = (pool.clone(), settings.database.clone(), secrets.clone());
            tokio::spawn(async move {
                while changes.changed().await.is_ok() && !pool.is_closed() {
                    match connect::options(&database, &secrets) {
                        Ok(options) => pool.set_connect_options(options),
                        Err(error) => tracing::error!(
                            { "error.type" = error.kind() },
                            "the changed secret of the store cannot be used"
                        ),
                    }
                }
            });
        }
        let measured = pool.clone();
        metrics::observe_pool(system.name(), settings.connections, move || (measured.size(), measured.num_idle()));
        Ok(Self { pool, system, turns })
    }

    /// For statements outside a transaction; what writes is run by [`write`](Self::write).
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Which database it is, for the few statements that differ.
    #[must_use]
    pub fn system(&self) -> System {
        self.system
    }

    /// Runs one statement as a client span `{operation} {table}` with its duration. Without a span around it, as when a task
    /// looks whether there is work, it is only measured: a trace of one look says nothing.
    ///
    /// # Errors
    /// The statement's.
    pub async fn observe<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let mut attributes =
            vec![KeyValue::new("db.system.name", self.system.name()), KeyValue::new("db.operation.name", operation)];
        let name = if table.is_empty() {
            operation.to_owned()
        } else {
            attributes.push(KeyValue::new("db.collection.name", table));
            format!("{operation} {table}")
        };
        let parent = Context::current();
        let context = match parent.has_active_span() {
            true => telemetry::span(&parent, SpanKind::Client, name, attributes.clone()),
            false => parent,
        };
        let started = Instant::now();
        let result = statement.with_context(context.clone()).await;
        let error = result.as_ref().err().map(error_type);
        attributes.extend(error.clone().map(|error| KeyValue::new("error.type", error)));
        DURATION.record(started.elapsed().as_secs_f64(), &attributes);
        telemetry::finish(&context, error.as_deref());
        result
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }
}

/// `error.type` of a statement: the database's code, else the kind of failure. Never its text, which may quote data.
#[must_use]
pub fn error_type(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => {
            error.code().map_or_else(|| "database".to_owned(), std::borrow::Cow::into_owned)
        }
        sqlx::Error::PoolTimedOut => "pool_timeout".to_owned(),
        sqlx::Error::PoolClosed => "pool_closed".to_owned(),
        sqlx::Error::RowNotFound => "row_not_found".to_owned(),
        sqlx::Error::Io(_) => "io".to_owned(),
        sqlx::Error::Tls(_) => "tls".to_owned(),
        sqlx::Error::Configuration(_) => "configuration".to_owned(),
        sqlx::Error::Protocol(_) => "protocol".to_owned(),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "decode".to_owned(),
        _ => "_OTHER".to_owned(),
    }
}

/// Whether a statement failed because a unique constraint stood against it.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
