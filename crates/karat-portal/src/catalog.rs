//! The catalog of the organisation, as the portal keeps it.

use std::sync::Arc;

use karat_ingest::{Catalog, Settings};
use karat_store::Database;

use crate::Error;
use crate::model::Models;

/// Opens the catalog, which is kept in `store` and reads from then on what the organisation says of its repositories. To be called within
/// a runtime.
///
/// # Errors
/// The organisation or the database cannot be read.
pub fn open(models: &Arc<Models>, store: Database) -> Result<Catalog, Error> {
    let mut changes = models.changes();
    let sources = changes.borrow_and_update().model.sources.clone();
    let catalog = Catalog::open(Settings { folder: models.folder().to_owned(), store, sources })?;
    let follows = catalog.clone();
    // It ends with the models, which this does not keep.
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let sources = changes.borrow_and_update().model.sources.clone();
            follows.set_sources(sources);
        }
    });
    Ok(catalog)
}
