//! karat-fleet against Argo CD.

mod difference;
mod expansion;
mod organisation;
mod rendering;
mod tracing;
