//! `fetch:*` and `workspace:template`: files into the workspace, as they are or rendered.

use super::{Done, Failure, Outputs, flag, optional, place_in, required, texts, within};
use crate::Data;
use crate::error::Place;
use crate::glob::Globs;
use crate::nunjucks::{self, Syntax};
use crate::run::Run;
use crate::tree::{File, Tree};

/// `fetch:plain`: a folder as it is.
pub(super) fn plain(run: &mut Run<'_>, input: &Data) -> Done {
    let folder = within(optional(input, "targetPath")?.unwrap_or(""))?;
    let tree = run.locate(required(input, "url")?)?.tree()?;
    for (path, file) in tree.files() {
        run.outcome.workspace.insert(&place_in(&folder, path)?, file.clone())?;
    }
    Ok(Outputs::new())
}

/// `fetch:plain:file`: one file as it is.
pub(super) fn plain_file(run: &mut Run<'_>, input: &Data) -> Done {
    let target = within(required(input, "targetPath")?)?;
    let source = run.locate(required(input, "url")?)?;
    let bytes = source.world().read(&source.path).map_err(|error| error.to_string())?;
    let executable = source.world().executable(&source.path).map_err(|error| error.to_string())?;
    run.outcome.workspace.insert(&target, File { bytes: bytes.into(), executable })?;
    Ok(Outputs::new())
}

/// How a skeleton is rendered.
struct Rendering {
    context: Data,
    syntax: Syntax,
    replace: bool,
}

impl Rendering {
    fn new(input: &Data) -> Result<Self, String> {
        let cookiecutter = flag(input, "cookiecutterCompat")?;
        let values = input.get("values").cloned().unwrap_or_else(|| Data::Map(Vec::new()));
        Ok(Self {
            context: [(if cookiecutter { "cookiecutter" } else { "values" }, values)].into_iter().collect(),
            syntax: Syntax {
                cookiecutter,
                trim_blocks: flag(input, "trimBlocks")?,
                lstrip_blocks: flag(input, "lstripBlocks")?,
            },
            replace: flag(input, "replace")?,
        })
    }

    /// A file's text, or a path; `file` is what errors name.
    fn text(&self, run: &Run<'_>, text: &str, file: &str) -> Result<String, Failure> {
        nunjucks::render(text, &self.context, self.syntax, &run.fuel).map_err(|error| {
            Failure::at(error.message, Place { file: file.to_owned(), line: error.line, column: error.column })
        })
    }
}

/// `fetch:template`: a folder, paths and texts rendered. `here` takes it from the workspace.
pub(super) fn template(run: &mut Run<'_>, input: &Data, here: bool) -> Done {
    let rendering = Rendering::new(input)?;
    let folder = within(optional(input, "targetPath")?.unwrap_or(""))?;
    let plain = match texts(input, "copyWithoutTemplating")? {
        Some(patterns) => Some(patterns),
        None => texts(input, "copyWithoutRender")?,
    };
    let extension = match input.get("templateFileExtension") {
        None | Some(Data::Null | Data::Bool(false)) => None,
        Some(Data::Bool(true)) => Some(".njk".to_owned()),
        Some(Data::String(extension)) => Some(format!(".{}", extension.trim_start_matches('.'))),
        Some(_) => return Err("input `templateFileExtension` is an extension or true".into()),
    };
    if extension.is_some() && (plain.is_some() || rendering.syntax.cookiecutter) {
        return Err(
            "input `templateFileExtension` goes neither with `copyWithoutTemplating` nor with `cookiecutterCompat`"
                .into(),
        );
    }
    let plain = Globs::new(plain.unwrap_or_default())?;
    let (from, skeleton): (String, Tree) = if here {
        let from = within(required(input, "sourcePath")?)?;
        let tree = run.outcome.workspace.part(&from);
        (from, tree)
    } else {
        let source = run.locate(required(input, "url")?)?;
        let tree = source.tree()?;
        (source.path.clone(), tree)
    };
    for (path, file) in skeleton.files() {
        let shown = karat_source::join(&from, path);
        let (renders, name) = match &extension {
            None => (!plain.matches(path), path),
            Some(extension) => match path.strip_suffix(extension.as_str()) {
                // `.njk` alone is a name, not an extension.
                Some(name) if !name.is_empty() && !name.ends_with('/') => (true, name),
                _ => (false, path),
            },
        };
        let target = rendering.text(run, name, &shown)?;
        // A part of the path that renders to nothing leaves the file out.
        if target.is_empty() || target.starts_with('/') || target.contains("//") || target.ends_with('/') {
            continue;
        }
        let target = place_in(&folder, &target).map_err(|message| Failure::at(message, whole(&shown)))?;
        if run.outcome.workspace.exists(&target) && !rendering.replace {
            continue;
        }
        let bytes = match file.text() {
            Some(text) if renders => rendering.text(run, text, &shown)?.into_bytes().into(),
            _ => file.bytes.clone(),
        };
        let made = File { bytes, executable: file.executable };
        run.outcome.workspace.insert(&target, made).map_err(|message| Failure::at(message, whole(&shown)))?;
    }
    Ok(Outputs::new())
}

/// `fetch:template:file`: one file, its text rendered. `here` takes it from the workspace.
pub(super) fn template_file(run: &mut Run<'_>, input: &Data, here: bool) -> Done {
    let rendering = Rendering::new(input)?;
    let target = within(required(input, "targetPath")?)?;
    if run.outcome.workspace.exists(&target) && !rendering.replace {
        return Ok(Outputs::new());
    }
    let (shown, bytes) = if here {
        let path = within(required(input, "sourcePath")?)?;
        let file = run.outcome.workspace.get(&path).ok_or_else(|| format!("`{path}` is not in the workspace"))?;
        (path, file.bytes.to_vec())
    } else {
        let source = run.locate(required(input, "url")?)?;
        let bytes = source.world().read(&source.path).map_err(|error| error.to_string())?;
        (source.path.clone(), bytes)
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("`{shown}` is not text"))?;
    let rendered = rendering.text(run, &text, &shown)?;
    run.outcome.workspace.insert(&target, File::new(rendered.into_bytes()))?;
    Ok(Outputs::new())
}

fn whole(file: &str) -> Place {
    Place { file: file.to_owned(), ..Place::default() }
}
