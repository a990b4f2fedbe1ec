//! Stores to test with: SQLite always, Postgres where `KARAT_PEERS_POSTGRES` says where one is.

use crate::{
    config::Reader,
    secrets::Secrets,
    store::{Store, StoreSettings},
};
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

/// An empty store of its own, gone with this value and the processes that keep its folder (a Postgres database with its server).
#[derive(Debug)]
pub struct TestDatabase {
    /// `sqlite` or `postgres`.
    pub name: &'static str,
    /// `DATABASE` and `SECRETS_DIR` for a process.
    pub environment: Vec<(String, String)>,
    /// The folder of the file, or of the secret.
    pub folder: Arc<TempDir>,
}

impl TestDatabase {
    /// Settings and secrets, for a test that opens the store itself.
    #[must_use]
    pub fn settings(&self) -> (StoreSettings, Secrets) {
        let mut env = Reader::new(self.environment.iter().cloned().collect());
        (StoreSettings::read(&mut env), Secrets::new(Some(self.folder.path().to_owned())))
    }
}

/// One of each kind that there is.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite()];
    match std::env::var("KARAT_PEERS_POSTGRES") {
        Ok(address) => databases.push(postgres(&address).await),
        #[allow(clippy::print_stdout, reason = "a test says what it does not test")]
        Err(_) => println!("skipped: Postgres: KARAT_PEERS_POSTGRES is not set"),
    }
    databases
}

fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.sqlite");
    let environment = vec![("DATABASE".to_owned(), format!("sqlite:{}", file.display()))];
    TestDatabase { name: "sqlite", environment, folder: Arc::new(folder) }
}

/// A new database on the server at `host=... port=... user=... dbname=...`.
async fn postgres(address: &str) -> TestDatabase {
    let folder = tempfile::tempdir().expect("a folder");
    let value = |name: &str| {
        let pair = address.split_whitespace().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.unwrap_or_default().to_owned()
    };
    let write = |folder: &TempDir, dbname: &str| {
        let port: u16 = value("port").parse().expect("a port");
        let secret = json!({
            "engine": "postgres", "host": value("host"), "port": port, "username": value("user"),
            "password": value("password"), "dbname": dbname, "sslmode": "disable",
        });
        std::fs::write(folder.path().join("database.json"), secret.to_string()).expect("writes");
    };
    write(&folder, &value("dbname"));
    let environment = vec![("SECRETS_DIR".to_owned(), folder.path().display().to_string())];
    let name = format!("test_{}", Uuid::now_v7().simple());
    let database = TestDatabase { name: "postgres", environment, folder: Arc::new(folder) };
    let (settings, secrets) = database.settings();
    let store = Store::open(&settings, &secrets).await.expect("Postgres answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(store.pool()).await.expect("a new database");
    store.pool().close().await;
    write(&database.folder, &name);
    database
}
