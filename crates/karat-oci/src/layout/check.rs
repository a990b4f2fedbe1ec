//! Is what is on the disk sound?

use std::fmt;
use std::path::PathBuf;

use fs_err as fs;

use super::collect::files;
use super::upload::hash;
use super::{Layout, alone};
use crate::{Digest, Error, Name};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl Layout {
    /// Reads everything: each content is what its name says, each manifest is there and has all that it needs. Pushes wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Io`]; what is wrong with the layout itself are faults.
    pub fn check(&self) -> Result<Vec<Fault>, Error> {
        let _alone = alone(&self.changes);
        let mut faults = Vec::new();
        for (digest, _) in files(&self.root.join("blobs"))? {
            self.check_content(self.pool(&digest), &digest, &mut faults)?;
        }
        for name in self.names() {
            for (digest, _) in files(&self.folder(&name).join("blobs"))? {
                self.check_content(self.place(&name, &digest), &digest, &mut faults)?;
            }
            self.check_index(&name, &mut faults)?;
        }
        Ok(faults)
    }

    fn check_content(&self, path: PathBuf, digest: &Digest, faults: &mut Vec<Fault>) -> Result<(), Error> {
        let found = hash(&mut fs::File::open(&path)?, digest.algorithm())?.finish();
        if found != *digest {
            faults.push(Fault { path, why: format!("its content is {found}") });
        }
        Ok(())
    }

    fn check_index(&self, name: &Name, faults: &mut Vec<Fault>) -> Result<(), Error> {
        let index = self.repository(name)?.index();
        let on_disk = super::Index::read(&self.folder(name));
        if !on_disk.as_ref().is_ok_and(|read| *read == *index) {
            let why = "not the index that is in use".to_owned();
            faults.push(Fault { path: self.folder(name).join("index.json"), why });
        }
        for (digest, entry) in &index.manifests {
            let path = self.place(name, digest);
            let mut fault = |why: String| faults.push(Fault { path: path.clone(), why });
            let Ok(bytes) = self.read(name, digest) else {
                fault("a manifest that is not there".to_owned());
                continue;
            };
            if bytes.len() as u64 != entry.size {
                fault(format!("{} bytes, not {}", bytes.len(), entry.size));
            }
            match self.parse(name, digest, &bytes, entry) {
                Ok(manifest) => {
                    for missing in manifest.needs.iter().filter(|needed| !self.has(name, needed)) {
                        fault(format!("needs {missing}, which is not there"));
                    }
                }
                Err(error) => fault(error.to_string()),
            }
        }
        for (tag, digest) in index.tags.iter().filter(|(_, digest)| !index.manifests.contains_key(digest)) {
            let why = format!("`{tag}` leads to {digest}, which is not there");
            faults.push(Fault { path: self.folder(name).join("index.json"), why });
        }
        Ok(())
    }
}
