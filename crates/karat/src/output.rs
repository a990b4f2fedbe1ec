//! The one place that prints: standard output for results, standard error for everything else.

use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;

use anstream::AutoStream;
use clap::ColorChoice;
use karat_diag::{Format, NoSources, Report, Sources, Style};

use crate::cli::Global;

/// Where and how a verb prints.
pub(crate) struct Output {
    choice: anstream::ColorChoice,
    pub(crate) quiet: bool,
    width: usize,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let choice = match global.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { choice, quiet: global.quiet, width: width() }
    }

    /// Writes bytes to standard output as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Writes a report to standard output.
    pub(crate) fn report(&self, report: &Report, format: Format, sources: &dyn Sources) -> io::Result<()> {
        let out = AutoStream::new(io::stdout(), self.choice);
        let colour = out.current_choice() != anstream::ColorChoice::Never;
        self.bytes(report.render(format, Style { colour, width: self.width }, sources).as_bytes())
    }

    /// Writes a report to standard error, for a person.
    pub(crate) fn complain(&self, report: &Report) {
        let mut err = AutoStream::new(io::stderr(), self.choice);
        let colour = err.current_choice() != anstream::ColorChoice::Never;
        let text = report.render(Format::Human, Style { colour, width: self.width }, &NoSources);
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(err, "{}", text.trim_end());
    }
}

/// The width to fold to: COLUMNS, else the terminal's, else 80; never less than 40.
fn width() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the binary reads the environment here")]
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || {
        let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        terminal.map_or(80, |(width, _)| usize::from(width.0))
    };
    columns.unwrap_or_else(terminal).clamp(40, 120)
}

/// Tells the reader that this is our bug and what to send us.
pub(crate) fn panicked(info: &PanicHookInfo<'_>) {
    let version = env!("CARGO_PKG_VERSION");
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "error: a bug in karat {version}: {info}");
    let _ = writeln!(err, "  = fix: please report this line together with the command that you ran");
}
