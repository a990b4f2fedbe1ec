//! Books, moves and cancels appointments.
//!
//! The domain decides ([`domain`]); the modules here are its ports: [`store`] keeps slots and appointments and, in the same
//! transaction, what is to be told; [`records`] asks for patients; [`relay`] tells the queue; [`http`] is how all of it is asked.
#![forbid(unsafe_code)]

pub mod event;
pub mod http;
pub mod records;
pub mod relay;
pub mod store;

use axum::Router;
use chassis::{
    About, Chassis, Reader, Service, StartError,
    messaging::{Queue, QueueSettings},
    secrets::Secrets,
    store::StoreSettings,
};
use domain::Desk;
use records::RecordsClient;
use store::Calendar;

/// The service's settings.
#[derive(Debug)]
pub struct Appointments {
    store: StoreSettings,
    queue: QueueSettings,
    records: ::http::Uri,
}

impl Service for Appointments {
    const ABOUT: About = About {
        name: "appointments",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Books, moves and cancels appointments",
        settings: "  \
  DATABASE                 secret:<name> (Postgres; secret:database) or sqlite:<path>
  DATABASE_CONNECTIONS     at most so many (10)
  EVENTS_QUEUE             where events are sent, its name or URL; AWS_* as the AWS SDK has them
  RECORDS_URL              the service that knows the patients, http://host:port",
    };

    fn read(env: &mut Reader) -> Option<Self> {
        let (store, queue, records) =
            (StoreSettings::read(env), QueueSettings::read(env), env.url("RECORDS_URL", false));
        if records.is_none() && env.text("RECORDS_URL").is_none() {
            env.mistake("RECORDS_URL", "is not set".to_owned(), "http://host:port of the service records");
        }
        Some(Self { store, queue: queue?, records: records? })
    }

    async fn migrate(&self, secrets: &Secrets) -> Result<(), StartError> {
        Calendar::open(&self.store, secrets).await?;
        Ok(())
    }

    async fn start(self, chassis: &mut Chassis) -> Result<Router, StartError> {
        let calendar = Calendar::open(&self.store, &chassis.secrets).await?;
        let checked = calendar.clone();
        chassis.health.check("store", move || {
            let calendar = checked.clone();
            async move { calendar.answers().await }
        });
        let queue = Queue::open(&self.queue).await;
        chassis.spawn("relay", |stop| relay::run(queue, calendar.clone(), stop));
        chassis.spawn("housekeeping", |stop| relay::keep_house(calendar.clone(), stop));
        Ok(http::routes(Desk { store: calendar, records: RecordsClient::new(&self.records) }))
    }
}
