//! Questions with a peer's answers, kept in a file of JSON lines: first what they share, then a question a line, with `out` or `err`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cases::{same, updating};
use crate::oracle::Answer;

/// The questions of a file.
pub struct Goldens {
    /// What the questions share: the first line.
    pub shared: Value,
    /// The questions, each with its answer: `out`, or `err` if the peer refused.
    pub cases: Vec<Value>,
    file: PathBuf,
    text: String,
}

impl Goldens {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or a line of it is no JSON object.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(file)?;
        let line = |(index, line): (usize, &str)| {
            let value: Value =
                serde_json::from_str(line).with_context(|| format!("{}:{}", file.display(), index + 1))?;
            if !value.is_object() {
                bail!("{}:{}: not an object", file.display(), index + 1);
            }
            Ok(value)
        };
        let mut lines = text.lines().enumerate().map(line);
        let shared = lines.next().with_context(|| format!("{}: it is empty", file.display()))??;
        let cases = lines.collect::<Result<_>>()?;
        Ok(Self { shared, cases, file: file.to_owned(), text })
    }

    /// Holds the file to what the peer `name` answers now, question by question; with `KARAT_UPDATE=1` writes that down instead.
    ///
    /// # Errors
    /// The answers are others, or not as many as the questions, or cannot be written down.
    pub fn check(&self, name: &str, answers: Vec<Answer>) -> Result<()> {
        if answers.len() != self.cases.len() {
            bail!("{}: {} questions, {} answers", self.file.display(), self.cases.len(), answers.len());
        }
        let mut text = format!("{}\n", self.text.lines().next().unwrap_or_default());
        for (case, answer) in self.cases.iter().zip(answers) {
            let mut case = case.clone();
            if let Some(fields) = case.as_object_mut() {
                fields.retain(|key, _| key != "out" && key != "err");
                match answer {
                    Answer::Text(out) => fields.insert("out".into(), out.into()),
                    Answer::Refused(message) => fields.insert("err".into(), message.into()),
                    Answer::Bytes(_) => bail!("{case}: bytes that are not UTF-8"),
                };
            }
            text.push_str(&format!("{case}\n"));
        }
        if updating() {
            return Ok(fs_err::write(&self.file, text)?);
        }
        same("golden", &self.text, name, &text)
    }
}
