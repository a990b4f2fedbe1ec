//! Compiles the contract of `records`: the client for the service, the server for its tests. No `protoc` is needed.

use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let contracts = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../api");
    println!("cargo::rerun-if-changed={}", contracts.join("records/v1/records.proto").display());
    let contract = protox::compile(["records/v1/records.proto"], [contracts])?;
    tonic_prost_build::configure().compile_fds(contract)?;
    Ok(())
}
