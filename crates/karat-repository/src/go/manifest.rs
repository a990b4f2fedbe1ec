//! `go.mod`, as <https://go.dev/ref/mod#go-mod-file> says it.

use ecow::EcoString;

use crate::text::Text;
use crate::{At, Fact, Place, Problem};

/// A `go.mod`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The file.
    pub file: EcoString,
    /// The module's path.
    pub module: Option<At<EcoString>>,
    /// The language version, such as `1.24` or `1.24.2`.
    pub go: Option<At<EcoString>>,
    /// What it requires.
    pub requires: Vec<Require>,
    /// The packages of its tools (`tool`, since Go 1.24).
    pub tools: Vec<At<EcoString>>,
}

/// A module that is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// Its path.
    pub path: At<EcoString>,
    /// Its version.
    pub version: EcoString,
    /// Whether only others import it.
    pub indirect: bool,
}

impl Manifest {
    /// Reads a `go.mod`. What it does not know it passes over: Go itself refuses that.
    ///
    /// # Errors
    /// It does not say which module it is of.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let mut manifest = Self { file: text.file.clone(), ..Self::default() };
        let mut block: Option<&str> = None;
        for line in text.text.lines() {
            let (code, comment) = line.split_once("//").unwrap_or((line, ""));
            let mut words = code.split_whitespace();
            let Some(first) = words.next() else { continue };
            let verb = match block {
                Some(_) if first == ")" => {
                    block = None;
                    continue;
                }
                Some(verb) => verb,
                None => first,
            };
            let argument = if block.is_some() { Some(first) } else { words.next() };
            let Some(argument) = argument else { continue };
            if block.is_none() && argument == "(" {
                block = Some(verb);
                continue;
            }
            let said = At::new(unquoted(argument), text.of(argument));
            match verb {
                "module" => manifest.module = Some(said),
                "go" => manifest.go = Some(said),
                "tool" => manifest.tools.push(said),
                "require" => manifest.requires.push(Require {
                    path: said,
                    version: words.next().map(unquoted).unwrap_or_default().into(),
                    indirect: comment.trim() == "indirect" || comment.trim_start().starts_with("indirect;"),
                }),
                _ => {}
            }
        }
        if manifest.module.is_none() {
            return Err(text.problem(0..0, "no `module` with the module's path: `go mod init` writes one"));
        }
        Ok(manifest)
    }

    /// Where the module says its name.
    pub(crate) fn place(&self) -> Place {
        self.module.as_ref().map_or_else(|| Place::whole(self.file.clone()), |module| module.place.clone())
    }
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '`'])
}

impl From<&Require> for Fact {
    fn from(require: &Require) -> Self {
        Self::map([
            ("path", (&require.path).into()),
            ("version", Self::from(&require.version)),
            ("indirect", require.indirect.into()),
        ])
        .at(&require.path.place)
    }
}
