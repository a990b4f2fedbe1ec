//! karat-fleet against Argo CD.

mod expansion;
mod organisation;
mod rendering;
