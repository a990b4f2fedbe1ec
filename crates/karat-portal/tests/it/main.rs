//! The portal as its readers meet it: through its routes.

mod browser;
mod catalog;
mod create;
mod escaping;
mod identity;
mod organisation;
mod pages;
mod techdocs;
