//! The command line.

use super::{About, Service, Settings, serve};
use crate::{
    config::{ConfigError, Reader},
    secrets::Secrets,
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

/// A service's `main`: `serve`, `migrate`, `check`, `--help`, `--version`. Exit code 0 fine, 1 it broke while serving, 2 usage
/// or configuration, 3 something that it needs does not work.
#[must_use]
pub fn main<S: Service>() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    ExitCode::from(command::<S>(&arguments))
}

/// Does what the command line says and gives the exit code.
#[must_use]
pub fn command<S: Service>(arguments: &[&str]) -> u8 {
    let verb = match arguments {
        ["serve"] => Verb::Serve,
        ["migrate"] => Verb::Migrate,
        ["check"] => Verb::Check,
        ["--help" | "-h" | "help"] => return say(&help(&S::ABOUT)),
        ["--version" | "-V"] => return say(&format!("{} {}\n", S::ABOUT.name, S::ABOUT.version)),
        _ => {
            return fail(2, &format!("say what to do: serve, migrate or check; `{} --help` tells more", S::ABOUT.name));
        }
    };
    let (settings, service) = match read::<S>(Reader::of_process()) {
        Ok(read) => read,
        Err(error) => return fail(2, &error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(3, &format!("the runtime does not start: {error}")),
    };
    let result = match verb {
        Verb::Check => return say("the configuration is fine\n"),
        Verb::Migrate => runtime.block_on(service.migrate(&Secrets::new(settings.secrets))).map(|()| true),
        Verb::Serve => runtime.block_on(serve(settings, service)),
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => fail(3, &error.to_string()),
    }
}

#[derive(Clone, Copy)]
enum Verb {
    Serve,
    Migrate,
    Check,
}

fn read<S: Service>(mut env: Reader) -> Result<(Settings, S), ConfigError> {
    let settings = Settings::read(&mut env, &S::ABOUT);
    let service = S::read(&mut env);
    env.finish(|| Some((settings, service?)))
}

fn help(about: &About) -> String {
    let About { name, summary, settings, .. } = about;
    format!(
        "{summary}\n
Usage: {name} <serve|migrate|check|--help|--version>
  serve      migrates the store and serves until SIGTERM
  migrate    migrates the store
  check      says whether the environment is right\n
Settings, by environment:\n{settings}
  HOST, PORT               address to listen on (0.0.0.0, 8080; port 0: a free one)
  PORT_FILE                file that the port is written to
  SECRETS_DIR              folder of secret files
  DRAIN_SECONDS            how long to serve on after SIGTERM (0)
  GRACE_SECONDS            how long to finish what is in flight (30)
  MAX_CONCURRENT_REQUESTS  more are answered 503 (512)
  REQUEST_TIMEOUT_SECONDS  for one request (10)
  LOG_LEVEL                error, warn, info or debug (info)
  OTEL_*                   as the OpenTelemetry specification says\n"
    )
}

fn say(text: &str) -> u8 {
    let _ = io::stdout().write_all(text.as_bytes());
    0
}

fn fail(code: u8, text: &str) -> u8 {
    let _ = writeln!(io::stderr(), "error: {text}");
    code
}
