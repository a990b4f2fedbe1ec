//! `fs:*`: files of the workspace; and the three of Roadie's `roadiehq:utils:fs:*` that edit a file that is there.

use std::collections::BTreeMap;

use karat_source::split;

use super::{Done, Outputs, flag, required, texts, within};
use crate::Data;
use crate::glob::Globs;
use crate::nunjucks;
use crate::run::Run;
use crate::tree::{File, MAX_BYTES};

/// `fs:delete`: files by patterns.
pub(super) fn delete(run: &mut Run<'_>, input: &Data) -> Done {
    let patterns = texts(input, "files")?.ok_or("input `files` is a list of texts")?;
    for pattern in patterns {
        let globs = Globs::new([within(pattern)?.as_str()])?;
        let gone: Vec<String> = run
            .outcome
            .workspace
            .files()
            .map(|(path, _)| path)
            .filter(|path| globs.matches(path))
            .map(str::to_owned)
            .collect();
        for path in gone {
            run.outcome.workspace.remove(&path);
        }
    }
    Ok(Outputs::new())
}

/// `fs:rename`: files and folders.
pub(super) fn rename(run: &mut Run<'_>, input: &Data) -> Done {
    let Some(Data::List(files)) = input.get("files") else {
        return Err("input `files` is a list of from and to".into());
    };
    for file in files {
        let (from, to) = (within(required(file, "from")?)?, within(required(file, "to")?)?);
        if from.is_empty() || to.is_empty() {
            return Err("the workspace itself is not renamed".into());
        }
        let workspace = &mut run.outcome.workspace;
        if !workspace.exists(&from) {
            return Err(format!("`{from}` is not in the workspace").into());
        }
        if from == to {
            continue;
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(format!("`{from}` cannot be moved into itself").into());
        }
        if workspace.exists(&to) && !flag(file, "overwrite")? {
            return Err(format!("`{to}` is there already, and `overwrite` is not set").into());
        }
        let below = |workspace: &crate::Tree, path: &str| -> Vec<String> {
            let own = workspace.get(path).map(|_| path.to_owned());
            own.into_iter().chain(workspace.below(path).map(str::to_owned)).collect()
        };
        for path in below(workspace, &to) {
            workspace.remove(&path);
        }
        for path in below(workspace, &from) {
            if let Some(moved) = workspace.remove(&path) {
                workspace.insert(&format!("{to}{}", &path[from.len()..]), moved)?;
            }
        }
    }
    Ok(Outputs::new())
}

/// `fs:readdir`: what is in folders.
pub(super) fn list(run: &mut Run<'_>, input: &Data) -> Done {
    let paths = texts(input, "paths")?.ok_or("input `paths` is a list of texts")?;
    let recursive = flag(input, "recursive")?;
    let entry = |path: &str| -> Data {
        let fields = [("name", split(path).1), ("path", path), ("fullPath", path)];
        fields.into_iter().map(|(key, value)| (key, Data::from(value))).collect()
    };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for path in paths {
        let folder = within(path)?;
        if !run.outcome.workspace.exists(&folder) || run.outcome.workspace.get(&folder).is_some() {
            return Err(format!("`{folder}` is not a folder of the workspace").into());
        }
        let mut seen = BTreeMap::new();
        for path in run.outcome.workspace.below(&folder) {
            let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
            let ends: Vec<usize> = path[start..].match_indices('/').map(|(at, _)| start + at).collect();
            let shown = if recursive { ends.len() } else { ends.len().min(1) };
            for end in &ends[..shown] {
                seen.insert(path[..*end].to_owned(), true);
            }
            if recursive || ends.is_empty() {
                seen.insert(path.to_owned(), false);
            }
        }
        for (path, is_folder) in seen {
            if is_folder { folders.push(entry(&path)) } else { files.push(entry(&path)) }
        }
    }
    Ok(vec![("files", Data::List(files)), ("folders", Data::List(folders))])
}

/// `roadiehq:utils:fs:write`: a file with the content that is given.
pub(super) fn write(run: &mut Run<'_>, input: &Data) -> Done {
    let path = within(required(input, "path")?)?;
    run.outcome.workspace.insert(&path, File::new(required(input, "content")?.as_bytes()))?;
    Ok(vec![("path", Data::String(path))])
}

/// `roadiehq:utils:fs:append`: content at the end of a file, which is made if it is not there.
pub(super) fn append(run: &mut Run<'_>, input: &Data) -> Done {
    let path = within(required(input, "path")?)?;
    let old = run.outcome.workspace.get(&path);
    let executable = old.is_some_and(|file| file.executable);
    let mut bytes = old.map(|file| file.bytes.to_vec()).unwrap_or_default();
    bytes.extend_from_slice(required(input, "content")?.as_bytes());
    run.outcome.workspace.insert(&path, File { bytes: bytes.into(), executable })?;
    Ok(vec![("path", Data::String(path))])
}

/// `roadiehq:utils:fs:replace`: texts of files by others; nothing found is an error, or the change would be lost in silence.
pub(super) fn replace(run: &mut Run<'_>, input: &Data) -> Done {
    let Some(Data::List(files)) = input.get("files") else {
        return Err("input `files` is a list of file, find and replaceWith".into());
    };
    for file in files {
        let path = within(required(file, "file")?)?;
        let (find, with) = (required(file, "find")?, required(file, "replaceWith")?);
        let old = run.outcome.workspace.get(&path).ok_or_else(|| format!("`{path}` is not in the workspace"))?;
        let text = old.text().ok_or_else(|| format!("`{path}` is not text"))?;
        let changed = if flag(file, "matchRegex")? {
            nunjucks::replace(text, find, with, &run.fuel).map_err(|error| error.message)?
        } else {
            if text.len().saturating_add(with.len().saturating_mul(text.matches(find).count())) > MAX_BYTES {
                return Err(format!("`{path}` would become larger than {} MiB", MAX_BYTES >> 20).into());
            }
            (!find.is_empty() && text.contains(find)).then(|| text.replace(find, with))
        };
        let changed = changed.ok_or_else(|| format!("`{path}` has no `{find}` to replace"))?;
        let changed = File { bytes: changed.into_bytes().into(), executable: old.executable };
        run.outcome.workspace.insert(&path, changed)?;
    }
    Ok(Outputs::new())
}
