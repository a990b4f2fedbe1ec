//! The portal as its readers meet it: through its routes.

mod escaping;
mod identity;
mod organisation;
mod pages;
