//! Versions of the database.

use karat_store::{Database, Error, Locations as _, Tasks as _};
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

#[test]
fn an_older_database_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("karat.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/migrations/0001-catalog.sql")).unwrap();
    old.execute("INSERT INTO locations VALUES ('1', 'url', 'https://a.example')", []).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = Database::open(&path).unwrap();
    store.add_task_line("1", "{}".to_owned()).unwrap();
    assert_eq!((store.locations().unwrap().len(), store.task_lines().unwrap().len()), (1, 1));
}
