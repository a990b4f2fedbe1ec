//! karat-fleet against Argo CD.

mod difference;
mod expansion;
mod organisation;

mod pathspecs;
mod problems;
mod rendering;
mod tracing;
