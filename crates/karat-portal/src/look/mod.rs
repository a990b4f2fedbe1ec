//! The look: colours, one stylesheet, one script, own icons. The stylesheet and the script are served under names that hold their
//! digests, so that a browser keeps them for good.

mod icons;
mod tokens;

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

pub use icons::Icon;

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// Its name, with its digest: the last part of its path.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// What it holds.
    pub text: String,
}

/// The stylesheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let written = [tokens::css().as_str(), include_str!("style.css"), include_str!("prose.css")].concat();
    Asset::new("karat", "css", "text/css; charset=utf-8", without_comments(&written))
});

/// The script: the palette, keys, the theme, what may be quicker. Nothing needs it.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("karat", "js", "text/javascript; charset=utf-8", include_str!("script.js").to_owned()));

/// The mark, for a browser's tabs.
pub static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_str!("mark.svg").to_owned()));

impl Asset {
    fn new(stem: &str, ending: &str, media: &'static str, text: String) -> Self {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&text)[..8]);
        Self { name: format!("{stem}.{digest}.{ending}"), media, text }
    }

    /// Where it is.
    pub fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }

    /// The asset of a name; an old page's assets are there no longer.
    pub fn find(name: &str) -> Option<&'static Self> {
        [&*STYLE, &*SCRIPT, &*MARK].into_iter().find(|asset| asset.name == name)
    }
}

/// CSS without its comments and indents. Ours has neither in strings.
fn without_comments(css: &str) -> String {
    let mut text = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        text.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_small_and_found_by_their_names() {
        for (asset, limit) in [(&*STYLE, 20_000), (&*SCRIPT, 10_000), (&*MARK, 1_000)] {
            assert!(asset.text.len() < limit, "{} has {} bytes, and {limit} are allowed", asset.name, asset.text.len());
            assert!(std::ptr::eq(Asset::find(&asset.name).unwrap(), asset));
            let own = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!own.contains("http") && !own.contains("@import"), "{} reaches out", asset.name);
        }
        assert!(Asset::find("karat.css").is_none());
    }
}
