//! What requests share. A part that needs more adds a field here and opens it in [`Portal::open`].

use std::path::PathBuf;
use std::sync::Arc;

use karat_store::Database;
use tokio::sync::watch;

use crate::catalog;
use crate::identity::Identity;
use crate::lock::Lock;
use crate::make::Maker;
use crate::model::{Clock, Models};
use crate::site::Site;
use crate::{Error, Options};

/// The file of the database, in the data folder.
const DATABASE: &str = "karat.db";

/// The state as handlers take it: `State(portal): State<Shared>`.
pub type Shared = Arc<Portal>;

/// What requests share.
pub struct Portal {
    /// The folder of the organisation.
    pub organisation: PathBuf,
    /// Where state is kept.
    pub data: PathBuf,
    /// The name other than the loopback's that browsers may reach it by, in lower case.
    pub host: Option<String>,
    /// Now.
    pub clock: Clock,
    /// What the pages stand on.
    pub site: Arc<Site>,
    /// Whether the portal is about to end: what streams listens to it.
    pub drain: Drain,
    _lock: Lock,
}

impl Portal {
    /// Opens what the portal works on.
    ///
    /// # Errors
    /// The organisation cannot be read, or the data folder cannot be used.
    pub fn open(options: Options) -> Result<Self, Error> {
        fs_err::create_dir_all(&options.data).map_err(Error::Data)?;
        let lock = Lock::take(&options.data, options.address)?;
        let clock = options.clock;
        let identity = Identity::open(options.address, options.public.as_deref(), &options.data, Arc::clone(&clock))?;
        let host = identity.host().map(ToOwned::to_owned);
        let drain = Drain::default();
        // Before anything is read: what a portal that died had begun is put back.
        let store = Database::open(&options.data.join(DATABASE))?;
        let (folder, data) = (&options.organisation, &options.data);
        let maker = Maker::open(folder, data, store.clone(), Arc::clone(&clock), drain.clone())?;
        let models = Models::open(&options.organisation, Arc::clone(&clock)).map_err(Error::Organisation)?;
        let catalog = catalog::open(&models, store)?;
        Ok(Self {
            site: Arc::new(Site::new(models, catalog, Arc::new(identity), maker, Arc::clone(&clock))),
            organisation: options.organisation,
            data: options.data,
            host,
            clock,
            drain,
            _lock: lock,
        })
    }
}

/// Tells everything that runs long (streams, watchers, the server itself) that the portal ends.
#[derive(Clone, Debug)]
pub struct Drain(Arc<watch::Sender<bool>>);

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Drain {
    /// From now on the portal ends.
    pub fn start(&self) {
        self.0.send_replace(true);
    }

    /// Whether the portal ends.
    pub fn has_started(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the portal ends.
    pub async fn started(&self) {
        // The sender is ours, so waiting cannot fail while we wait.
        let _ = self.0.subscribe().wait_for(|started| *started).await;
    }
}
