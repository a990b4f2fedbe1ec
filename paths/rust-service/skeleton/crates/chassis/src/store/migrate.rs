//! Migrations: numbered steps that only add, applied once by whichever replica comes first.

use super::{Store, StoreError, System, Writing};

/// Names the lock under which one replica migrates.
const MIGRATION_LOCK: i64 = 0x006b_6172_6174;

/// One step of the schema. Steps only add (expand); what nothing uses any more is removed by a later release (contract).
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// From 1, without gaps.
    pub version: i64,
    /// What it does.
    pub name: &'static str,
    /// Statements that both databases understand.
    pub sql: &'static str,
}

impl Store {
    /// Applies what is new, each step in a transaction of its own; replicas wait for each other. A schema that is already newer
    /// stays as it is: an older release works on it, which is what expand and contract is for.
    ///
    /// # Errors
    /// A step fails.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<(), StoreError> {
        let ledger = "CREATE TABLE IF NOT EXISTS schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
        let mut transaction = self.exclusive().await?;
        sqlx::query(ledger).execute(&mut *transaction).await?;
        transaction.commit().await?;
        for migration in migrations {
            self.apply(migration).await.map_err(|source| StoreError::Migration {
                version: migration.version,
                name: migration.name,
                source,
            })?;
        }
        Ok(())
    }

    async fn apply(&self, migration: &Migration) -> Result<(), sqlx::Error> {
        let mut transaction = self.exclusive().await?;
        let applied = sqlx::query("SELECT version FROM schema_migrations WHERE version = $1")
            .bind(migration.version)
            .fetch_optional(&mut *transaction)
            .await?;
        if applied.is_some() {
            return transaction.rollback().await;
        }
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(jiff::Timestamp::now().as_millisecond())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// A transaction that only one replica has at a time.
    async fn exclusive(&self) -> Result<Writing, sqlx::Error> {
        let mut transaction = self.begin_unobserved().await?;
        if self.system == System::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }
}
