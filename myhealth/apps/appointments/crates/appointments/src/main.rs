//! The service's process.

fn main() -> std::process::ExitCode {
    chassis::main::<appointments::Appointments>()
}
