//! JSON as Go's `encoding/json` writes and reads it.

mod read;
mod write;

pub use read::{from_json, from_json_list, from_json_map, unmarshal_json};
pub use write::{Escape, to_json, to_json_indented};
