//! Tells patients of their appointments: consumes their events, keeps what is to be told, and hands it to the gateway when it
//! is due.
//!
//! The domain decides what is told ([`domain`]); the modules here bring events in ([`consumer`]), keep messages ([`store`]), send
//! them ([`scheduler`], [`gateway`]) and show them ([`http`]).
#![forbid(unsafe_code)]

pub mod consumer;
pub mod event;
pub mod gateway;
pub mod http;
pub mod scheduler;
pub mod store;

use axum::Router;
use chassis::{
    About, Chassis, Reader, Service, StartError,
    messaging::{Queue, QueueSettings},
    secrets::Secrets,
    store::StoreSettings,
};
use gateway::HttpGateway;
use store::Messages;

/// The service's settings.
#[derive(Debug)]
pub struct Notifications {
    store: StoreSettings,
    queue: QueueSettings,
    gateway: Option<::http::Uri>,
}

impl Service for Notifications {
    const ABOUT: About = About {
        name: "notifications",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Tells patients of their appointments",
        settings: "  \
  DATABASE                 secret:<name> (Postgres; secret:database) or sqlite:<path>
  DATABASE_CONNECTIONS     at most so many (10)
  EVENTS_QUEUE             the queue of appointments' events, its name or URL; AWS_* as the AWS SDK has them
  GATEWAY_URL              where messages are posted to; without it they stay due",
    };

    fn read(env: &mut Reader) -> Option<Self> {
        let (store, queue, gateway) =
            (StoreSettings::read(env), QueueSettings::read(env), env.url("GATEWAY_URL", true));
        Some(Self { store, queue: queue?, gateway })
    }

    async fn migrate(&self, secrets: &Secrets) -> Result<(), StartError> {
        Messages::open(&self.store, secrets).await?;
        Ok(())
    }

    async fn start(self, chassis: &mut Chassis) -> Result<Router, StartError> {
        let messages = Messages::open(&self.store, &chassis.secrets).await?;
        let checked = messages.clone();
        chassis.health.check("store", move || {
            let messages = checked.clone();
            async move { messages.answer().await }
        });
        let queue = Queue::open(&self.queue).await;
        chassis.spawn("consumer", |stop| consumer::run(queue, messages.clone(), stop));
        if let Some(url) = self.gateway {
            chassis.spawn("scheduler", |stop| scheduler::run(HttpGateway::new(url), messages.clone(), stop));
        }
        chassis.spawn("housekeeping", |stop| scheduler::keep_house(messages.clone(), stop));
        Ok(http::routes(messages))
    }
}
