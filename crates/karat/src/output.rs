//! The one place that prints and reads the clock: standard output for results, standard error for everything else.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anstream::AutoStream;
use clap::ColorChoice;
use jiff::civil::Date;
use karat_diag::{Format, Report, Sources, Style};

use crate::cli::Global;

/// The longest line that is read, in bytes.
const LINE: u64 = 1 << 20;

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

    /// The width to fold text to, in columns.
    pub(crate) fn width(&self) -> usize {
        self.width
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

    /// Says something to a person: on standard error, with nothing after it.
    pub(crate) fn say(&self, text: &str) {
        let mut err = AutoStream::new(io::stderr(), self.choice);
        // Nobody is left to tell when standard error is closed.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// The next line of standard input; `None` at its end.
    pub(crate) fn hear(&self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = io::stdin().lock().take(LINE).read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// Writes a report to standard error, for a person.
    pub(crate) fn complain(&self, report: &Report) {
        let mut err = AutoStream::new(io::stderr(), self.choice);
        let colour = err.current_choice() != anstream::ColorChoice::Never;
        let text = report.render(Format::Human, Style { colour, width: self.width }, &Disk);
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(err, "{}", text.trim_end());
    }
}

impl Output {
    /// Shows on a terminal what takes longer than 300 ms, until the value is dropped.
    pub(crate) fn progress(&self, phase: &'static str) -> Progress {
        let phase = Arc::new(Mutex::new(phase));
        let (stop, stopped) = mpsc::channel::<()>();
        let shown = !self.quiet && io::stderr().is_terminal();
        let thread = shown.then(|| {
            let phase = Arc::clone(&phase);
            std::thread::spawn(move || {
                let clock = Clock::start();
                let mut wait = Duration::from_millis(300);
                while stopped.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let phase = *phase.lock().unwrap_or_else(PoisonError::into_inner);
                    let _ = write!(io::stderr(), "\r\x1b[K{phase} ({:.1} s)", clock.elapsed().as_secs_f64());
                    wait = Duration::from_millis(200);
                }
                let _ = write!(io::stderr(), "\r\x1b[K");
            })
        });
        Progress { phase, stop: Some(stop), thread }
    }
}

/// Texts of files as they are on disk, for what is said on standard error.
struct Disk;

impl Sources for Disk {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let size = fs_err::metadata(file).ok()?.len();
        (size <= karat_source::FILE_LIMIT).then(|| fs_err::read_to_string(file).ok().map(Arc::from)).flatten()
    }
}

/// A line on the terminal that says what is being done.
pub(crate) struct Progress {
    phase: Arc<Mutex<&'static str>>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// From now on, this is being done.
    pub(crate) fn phase(&self, phase: &'static str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A line that failed to be drawn is not worth an error.
            let _ = thread.join();
        }
    }
}

/// How long something took.
pub(crate) struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the binary measures time here")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Today, in UTC: a waiver ends everywhere at once.
pub(crate) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
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
