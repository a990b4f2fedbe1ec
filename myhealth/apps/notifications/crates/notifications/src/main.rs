//! The service's process.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    chassis::main::<notifications::Notifications>()
}
