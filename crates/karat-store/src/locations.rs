//! The places that people registered.

use rusqlite::params;

use crate::{Database, Error};

/// A registered place that the catalog is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// A UUID, derived from the place.
    pub id: String,
    /// `file` or `url`.
    pub kind: String,
    /// What is read, in words of the kind.
    pub target: String,
}

/// Keeps registered places.
pub trait Locations: Send + Sync {
    /// All of them, by kind and target.
    ///
    /// # Errors
    /// They cannot be read.
    fn locations(&self) -> Result<Vec<Location>, Error>;

    /// Keeps one; whether it is new.
    ///
    /// # Errors
    /// It cannot be kept.
    fn add_location(&self, location: &Location) -> Result<bool, Error>;

    /// Forgets one; whether it was there.
    ///
    /// # Errors
    /// It cannot be forgotten.
    fn remove_location(&self, id: &str) -> Result<bool, Error>;
}

impl Locations for Database {
    fn locations(&self) -> Result<Vec<Location>, Error> {
        self.read(|connection| {
            let mut all = connection.prepare("SELECT id, kind, target FROM locations ORDER BY kind, target")?;
            let rows =
                all.query_map([], |row| Ok(Location { id: row.get(0)?, kind: row.get(1)?, target: row.get(2)? }))?;
            rows.collect()
        })
    }

    fn add_location(&self, location: &Location) -> Result<bool, Error> {
        let Location { id, kind, target } = location.clone();
        self.write(move |transaction| {
            let add = "INSERT INTO locations (id, kind, target) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            Ok(transaction.execute(add, params![id, kind, target])? > 0)
        })
    }

    fn remove_location(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        self.write(move |transaction| Ok(transaction.execute("DELETE FROM locations WHERE id = ?1", params![id])? > 0))
    }
}
