//! A peer that answers JSON lines: one request per line in, one answer per line out, in order.
//!
//! `conformance/oracle` speaks it for Go's YAML, templates and functions; its operations are described in its source.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A running oracle. It ends when this is dropped.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// What the oracle said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Text.
    Text(String),
    /// Bytes that are not UTF-8.
    Bytes(Vec<u8>),
    /// It refused, with this message.
    Refused(String),
}

impl Oracle {
    /// Starts the binary at `path` (see [`crate::peer`]).
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(path: &Path) -> Result<Self> {
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("the oracle has no output")?);
        Ok(Self { child, input, output })
    }

    /// Asks one question.
    ///
    /// # Errors
    /// The oracle ended or its answer is not as agreed. That it refuses is an [`Answer`].
    pub fn ask(&mut self, request: &Value) -> Result<Answer> {
        let input = self.input.as_mut().context("the oracle has ended")?;
        writeln!(input, "{request}").context("the oracle has ended")?;
        input.flush()?;
        receive(&mut self.output)
    }

    /// Asks many questions at once: writing and reading overlap, so that ten thousand take a second.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_all(&mut self, requests: &[Value]) -> Result<Vec<Answer>> {
        let Self { input, output, .. } = self;
        let input = input.as_mut().context("the oracle has ended")?;
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || -> std::io::Result<()> {
                let mut buffered = std::io::BufWriter::new(input);
                for request in requests {
                    writeln!(buffered, "{request}")?;
                }
                buffered.flush()
            });
            let answers = requests.iter().map(|_| receive(output)).collect();
            match writer.join() {
                Ok(Ok(())) => answers,
                _ => bail!("the oracle has ended"),
            }
        })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn receive(output: &mut BufReader<ChildStdout>) -> Result<Answer> {
    let mut line = String::new();
    if output.read_line(&mut line)? == 0 {
        bail!("the oracle has ended");
    }
    let answer: Value = serde_json::from_str(&line).with_context(|| format!("not an answer: {line}"))?;
    let field = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(text) = field("out") {
        Ok(Answer::Text(text))
    } else if let Some(message) = field("err") {
        Ok(Answer::Refused(message))
    } else if let Some(hex) = field("hex") {
        let digits = hex.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> =
            digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
        Ok(Answer::Bytes(bytes.with_context(|| format!("not hexadecimal: {hex}"))?))
    } else {
        bail!("not an answer: {line}")
    }
}
