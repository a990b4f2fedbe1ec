//! The portal as its readers meet it: through its routes.

mod browser;
mod catalog;
mod client;
mod create;
mod document;
mod escaping;
mod hostile;
mod identity;
mod live;
mod organisation;
mod pages;
mod routes;
mod scaffolder;
mod techdocs;
