//! `toToml` and `fromToml`, as `github.com/BurntSushi/toml` 1.6.0 does them.

mod decode;
mod encode;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
