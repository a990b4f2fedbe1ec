//! A chart archive (.tgz) to files, with Helm's checks: no path may leave the chart, and nothing may unpack to more
//! than its limit.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::Limits;
use crate::chart::RawFile;

/// What is still allowed to a chart and all charts within it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub bytes: u64,
    pub files: usize,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { bytes: limits.chart_bytes, files: limits.files }
    }

    /// Takes one file of `size` bytes, or says what is exceeded.
    pub(crate) fn take(&mut self, size: u64, limits: &Limits) -> Result<(), String> {
        self.files = self
            .files
            .checked_sub(1)
            .ok_or_else(|| format!("chart has more than the maximum of {} files", limits.files))?;
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| too_large(limits))?;
        Ok(())
    }
}

/// The files of an archive in its order. The first folder of each path, the chart's name, is cut off.
pub(crate) fn unpack(bytes: &[u8], limits: &Limits, budget: &mut Budget) -> Result<Vec<RawFile>, String> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Err("does not appear to be a gzipped archive".into());
    }
    // Headers count as well, so that a flood of empty entries or of long names ends, too.
    let allowance = limits.chart_bytes + limits.files as u64 * 2048;
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes).take(allowance));
    let mut files = Vec::new();
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || raw.ends_with('/') || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        if kind.is_symlink() || kind.is_hard_link() {
            return Err(format!("chart archive contains a link, which is not followed: {raw:?}"));
        }
        let name = name_within(&raw)?;
        let size = entry.size();
        if size > limits.file_bytes {
            let limit = limits.file_bytes;
            return Err(format!("decompressed chart file {raw:?} is larger than the maximum file size {limit}"));
        }
        budget.take(size, limits)?;
        let mut data = Vec::with_capacity(size as usize);
        entry.read_to_end(&mut data).map_err(unreadable)?;
        files.push(RawFile::new(name, data));
    }
    if files.is_empty() {
        return Err("no files in chart archive".into());
    }
    Ok(files)
}

/// The path within the chart. An archive made on Windows may have `\`.
fn name_within(raw: &str) -> Result<String, String> {
    let separator = if raw.contains('\\') { '\\' } else { '/' };
    let mut parts = raw.split(separator);
    let first = parts.next().unwrap_or_default();
    let name = parts.collect::<Vec<_>>().join("/");
    if name.starts_with('/') {
        return Err("chart illegally contains absolute paths".into());
    }
    let Some(name) = karat_source::clean(&name) else {
        return Err("chart illegally references parent directory".into());
    };
    if name.is_empty() {
        return Err(format!("chart illegally contains content outside the base directory: {raw:?}"));
    }
    if name.starts_with("..") {
        return Err("chart illegally references parent directory".into());
    }
    let drive = name.as_bytes();
    if drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':' && drive[2] == b'/' {
        return Err("chart contains illegally named files".into());
    }
    if first == "Chart.yaml" {
        return Err("chart yaml not in base directory".into());
    }
    Ok(name)
}

fn too_large(limits: &Limits) -> String {
    format!("decompressed chart is larger than the maximum size {}", limits.chart_bytes)
}

fn unreadable(error: impl std::fmt::Display) -> String {
    format!("unable to load chart archive: {error}")
}
