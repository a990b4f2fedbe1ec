//! Versions of the database.

use karat_store::{Database, Error};
use rusqlite::Connection;

#[test]
fn a_newer_database_is_refused_with_a_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("karat.db");
    drop(Database::open(&path).unwrap());
    let newest: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert!(newest > 0);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", newest + 1).unwrap();
    let error = Database::open(&path).err().unwrap();
    assert!(matches!(error, Error::Newer { found, known, .. } if found == newest + 1 && known == newest));
    assert!(error.to_string().contains("another --data"), "{error}");
    // It is as it was.
    let found: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(found, newest + 1);
}

#[test]
fn what_is_no_database_is_said_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("karat.db");
    fs_err::write(&path, "a text, and no database. ".repeat(200)).unwrap();
    let error = Database::open(&path).err().unwrap();
    assert!(error.to_string().contains("move it away"), "{error}");
    assert!(fs_err::read_to_string(&path).unwrap().starts_with("a text"));
}
