//! karat-fleet against Argo CD.

mod expansion;
