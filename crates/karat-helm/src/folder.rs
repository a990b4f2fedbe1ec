//! A chart's folder to files, without what `.helmignore` leaves out.

use karat_source::{EntryKind, ReadError, World, join};

use crate::archive::Budget;
use crate::chart::RawFile;
use crate::ignore::Ignore;
use crate::{Error, Limits};

/// Deeper folders than any chart has; a link to a folder above itself would never end.
const DEPTH_LIMIT: usize = 64;

/// The files below `folder` by path, names relative to it.
pub(crate) fn read(
    world: &dyn World,
    folder: &str,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Vec<RawFile>, Error> {
    let rules = join(folder, ".helmignore");
    let ignore = match world.kind(&rules)? {
        Some(EntryKind::File) => String::from_utf8_lossy(&world.read(&rules)?).into_owned(),
        _ => String::new(),
    };
    let ignore = Ignore::parse(&ignore).map_err(|message| Error::load(&rules, message))?;
    let mut reader = Reader { world, folder, limits, budget, ignore, files: Vec::new() };
    reader.walk("", 0)?;
    Ok(reader.files)
}

struct Reader<'a> {
    world: &'a dyn World,
    folder: &'a str,
    limits: &'a Limits,
    budget: &'a mut Budget,
    ignore: Ignore,
    files: Vec<RawFile>,
}

impl Reader<'_> {
    fn walk(&mut self, below: &str, depth: usize) -> Result<(), Error> {
        if depth > DEPTH_LIMIT {
            return Err(Error::load(
                &join(self.folder, below),
                "folders are nested too deeply; is there a link to a folder above?",
            ));
        }
        for entry in self.world.list(&join(self.folder, below))? {
            let name = join(below, &entry.name);
            if self.ignore.ignores(&name, entry.kind == EntryKind::Folder) {
                continue;
            }
            let path = join(self.folder, &name);
            match entry.kind {
                EntryKind::Folder => self.walk(&name, depth + 1)?,
                EntryKind::File => self.file(name, &path)?,
                EntryKind::Escape => return Err(ReadError::Escape { path }.into()),
                EntryKind::Special => {
                    return Err(Error::load(&path, "cannot load irregular file: it is a device, socket or pipe"));
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, path: &str) -> Result<(), Error> {
        let data = self.world.read(path)?;
        if data.len() as u64 > self.limits.file_bytes {
            return Err(Error::TooLarge { what: path.to_owned(), limit: self.limits.file_bytes });
        }
        self.budget.take(data.len() as u64, self.limits).map_err(|message| Error::load(self.folder, message))?;
        self.files.push(RawFile::new(name, data));
        Ok(())
    }
}
