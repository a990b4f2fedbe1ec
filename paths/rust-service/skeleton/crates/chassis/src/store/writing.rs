//! What writes, in its turn.

use super::{Store, turns::Turn};
use sqlx::{Any, AnyConnection, Transaction};
use std::ops::{Deref, DerefMut};

/// A transaction that writes. Dropped without [`commit`](Self::commit) it changes nothing.
#[derive(Debug)]
pub struct Writing {
    // In this order: what was begun ends before the next one's turn comes.
    transaction: Transaction<'static, Any>,
    turn: Turn,
}

impl Writing {
    /// Makes its changes last.
    ///
    /// # Errors
    /// The database's; whether they last is then not known.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        let Self { transaction, turn } = self;
        let result = transaction.commit().await;
        drop(turn);
        result
    }

    /// Undoes its changes.
    ///
    /// # Errors
    /// The connection is gone, and the changes with it.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        let Self { transaction, turn } = self;
        let result = transaction.rollback().await;
        drop(turn);
        result
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

impl Store {
    /// A transaction that may write; on SQLite it is the only one.
    ///
    /// # Errors
    /// No turn or no connection within three seconds.
    pub async fn begin(&self) -> Result<Writing, sqlx::Error> {
        self.observe("BEGIN", "", self.begin_unobserved()).await
    }

    pub(super) async fn begin_unobserved(&self) -> Result<Writing, sqlx::Error> {
        let turn = self.turns.next().await?;
        Ok(Writing { transaction: self.pool.begin_with(self.system.begin()).await?, turn })
    }

    /// Runs one statement that writes, outside a transaction, when its turn has come; else as [`observe`](Self::observe).
    ///
    /// # Errors
    /// The statement's; no turn within three seconds.
    pub async fn write<T>(
        &self,
        operation: &'static str,
        table: &'static str,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let in_turn = async {
            let _turn = self.turns.next().await?;
            statement.await
        };
        self.observe(operation, table, in_turn).await
    }
}
