//! ${{ values.title }}: ${{ values.description }}.
#![forbid(unsafe_code)]

pub mod http;

use axum::Router;
use chassis::{About, Chassis, Reader, Service, StartError, secrets::Secrets};

/// The service. Settings that it reads from the environment are its fields.
#[derive(Debug)]
pub struct Server;

impl Service for Server {
    const ABOUT: About = About {
        name: "${{ values.name }}",
        version: env!("CARGO_PKG_VERSION"),
        summary: ${{ values.description | dump }},
        settings: "",
    };

    fn read(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }

    /// It stores nothing yet: `karat new --template resource` gives it a database.
    async fn migrate(&self, _: &Secrets) -> Result<(), StartError> {
        Ok(())
    }

    async fn start(self, _: &mut Chassis) -> Result<Router, StartError> {
        Ok(http::routes())
    }
}
