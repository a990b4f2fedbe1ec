//! The database as those who keep things in it see it.

mod crash;
mod kept;
mod versions;

use karat_store::Record;

/// A record whose texts tell it from others.
fn record(name: &str, text: &str) -> Record {
    Record {
        reference: format!("component:default/{name}"),
        bucket: "organisation".to_owned(),
        location: format!("file:{name}.yaml"),
        origin: "file:catalog-info.yaml".to_owned(),
        line: 7,
        descriptor: format!("descriptor {text}"),
        good: Some(format!("good {text}")),
        body: format!("body {text}"),
        hash: format!("hash {text}"),
    }
}
