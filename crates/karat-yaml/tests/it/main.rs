//! The tests of `karat-yaml`: against goldens that Go made, and under `KARAT_PEERS` against Go itself.

mod bombs;
mod dialects;
mod documents;
mod emit;
mod generate;
mod golden;
mod places;
mod read;
