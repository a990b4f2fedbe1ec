//! Entities, as files had them and as people see them.

use rusqlite::{Connection, Row, params};

use crate::{Database, Error};

/// What is kept of one entity. Texts are JSON but for the references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `kind:namespace/name`.
    pub reference: String,
    /// Which provider's it is.
    pub bucket: String,
    /// The file or URL that it is in, as `type:target`.
    pub location: String,
    /// The registered location that led there.
    pub origin: String,
    /// The line that it begins at; 0 where there is none.
    pub line: u32,
    /// The entity as it was last read.
    pub descriptor: String,
    /// The entity as it was last good, placeholders filled; none if it never was.
    pub good: Option<String>,
    /// The entity as people see it.
    pub body: String,
    /// The digest of what it says.
    pub hash: String,
}

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is now this. Without a good form it keeps the one that it has.
    Put(Box<Record>),
    /// People see it so from now on; it is as it was read.
    Show {
        /// Which.
        reference: String,
        /// See [`Record::body`].
        body: String,
        /// See [`Record::hash`].
        hash: String,
    },
    /// There is no such entity any more.
    Remove(String),
}

/// Keeps entities.
pub trait Entities: Send + Sync {
    /// The digests of all, by reference.
    ///
    /// # Errors
    /// They cannot be read.
    fn hashes(&self) -> Result<Vec<(String, String)>, Error>;

    /// One of them.
    ///
    /// # Errors
    /// It cannot be read.
    fn entity(&self, reference: &str) -> Result<Option<Record>, Error>;

    /// Those of one file or URL, by reference.
    ///
    /// # Errors
    /// They cannot be read.
    fn entities_of(&self, location: &str) -> Result<Vec<Record>, Error>;

    /// Makes changes, all of them or none.
    ///
    /// # Errors
    /// They cannot be made.
    fn change_entities(&self, changes: Vec<Change>) -> Result<(), Error>;
}

const COLUMNS: &str = "reference, bucket, location, origin, line, descriptor, good, body, hash";

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        reference: row.get(0)?,
        bucket: row.get(1)?,
        location: row.get(2)?,
        origin: row.get(3)?,
        line: row.get(4)?,
        descriptor: row.get(5)?,
        good: row.get(6)?,
        body: row.get(7)?,
        hash: row.get(8)?,
    })
}

fn select(connection: &Connection, which: &str, value: &str) -> rusqlite::Result<Vec<Record>> {
    let text = format!("SELECT {COLUMNS} FROM entities WHERE {which} = ?1 ORDER BY reference");
    let mut found = connection.prepare(&text)?;
    let rows = found.query_map(params![value], record)?;
    rows.collect()
}

impl Entities for Database {
    fn hashes(&self) -> Result<Vec<(String, String)>, Error> {
        self.read(|connection| {
            let mut all = connection.prepare("SELECT reference, hash FROM entities ORDER BY reference")?;
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    fn entity(&self, reference: &str) -> Result<Option<Record>, Error> {
        Ok(self.read(|connection| select(connection, "reference", reference))?.pop())
    }

    fn entities_of(&self, location: &str) -> Result<Vec<Record>, Error> {
        self.read(|connection| select(connection, "location", location))
    }

    fn change_entities(&self, changes: Vec<Change>) -> Result<(), Error> {
        self.write(move |transaction| {
            let put = format!(
                "INSERT INTO entities ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET
                 bucket = excluded.bucket, location = excluded.location, origin = excluded.origin, line = excluded.line,
                 descriptor = excluded.descriptor, good = COALESCE(excluded.good, good), body = excluded.body,
                 hash = excluded.hash"
            );
            let mut put = transaction.prepare(&put)?;
            let mut show = transaction.prepare("UPDATE entities SET body = ?2, hash = ?3 WHERE reference = ?1")?;
            let mut remove = transaction.prepare("DELETE FROM entities WHERE reference = ?1")?;
            for change in &changes {
                match change {
                    Change::Put(one) => put.execute(params![
                        one.reference,
                        one.bucket,
                        one.location,
                        one.origin,
                        one.line,
                        one.descriptor,
                        one.good,
                        one.body,
                        one.hash
                    ])?,
                    Change::Show { reference, body, hash } => show.execute(params![reference, body, hash])?,
                    Change::Remove(reference) => remove.execute(params![reference])?,
                };
            }
            Ok(())
        })
    }
}
