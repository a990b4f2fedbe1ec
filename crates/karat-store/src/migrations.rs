//! The database's versions: numbered steps, each applied once, in a transaction with its number (`user_version`).

use rusqlite::Connection;

/// The steps; a step that was released is never changed.
const STEPS: [&str; 2] = [include_str!("migrations/0001-catalog.sql"), include_str!("migrations/0002-tasks.sql")];

/// The newest version.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// The version that a database has.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a database from its version to the newest.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    // Taken for writing at once, so that two processes cannot both find the old version.
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let from = usize::try_from(version(&transaction)?).unwrap_or(0);
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()
}
