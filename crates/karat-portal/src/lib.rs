//! The portal: pages that are rendered on the server and need no script.
#![forbid(unsafe_code)]

mod cases;
pub mod identity;
pub mod look;
pub mod make;
pub mod model;
pub mod pages;
pub mod parts;
pub mod site;
