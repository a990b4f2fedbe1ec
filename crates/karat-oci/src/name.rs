//! Names of repositories, tags, and what a manifest is asked for by: the grammar of the distribution specification, and no more.

use std::fmt;
use std::str::FromStr;

use crate::digest::shorten;
use crate::{Digest, Error};

/// The longest name, in bytes: what clients allow for a registry's host and a name together, and file systems for a file.
const NAME_LIMIT: usize = 255;

/// The name of a repository: `team/service`. Each part begins with a letter or a digit and holds no separator, so it is safe as a
/// folder, and `_layout` is never one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() <= NAME_LIMIT && text.split('/').all(is_part) {
            Ok(Self(text.into()))
        } else {
            Err(Error::Name { text: shorten(text) })
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_part(part: &str) -> bool {
    let mut rest = part.as_bytes();
    loop {
        let run = rest.iter().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
        if run == 0 {
            return false;
        }
        rest = &rest[run..];
        let joint = match rest {
            [] => return true,
            [b'_', b'_', ..] => 2,
            [b'.' | b'_', ..] => 1,
            [b'-', ..] => rest.iter().take_while(|byte| **byte == b'-').count(),
            _ => return false,
        };
        rest = &rest[joint..];
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

impl Tag {
    /// The tag as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        match text.as_bytes() {
            [first, rest @ ..]
                if word(first)
                    && rest.len() < 128
                    && rest.iter().all(|byte| word(byte) || matches!(byte, b'.' | b'-')) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(Error::Tag { text: shorten(text) }),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By a tag.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // A tag has no colon, a digest always has one.
        if text.contains(':') { text.parse().map(Self::Digest) } else { text.parse().map(Self::Tag) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        for good in ["a", "myhealth/records", "a.b/c_d/e__f/g-h/i---j", "0/blobs/uploads", "a/manifests/b"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for wrong in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "a/..",
            "../a",
            "a/./b",
            "A",
            "a..b",
            "a___b",
            "_a",
            "a_",
            "-a",
            "a-",
            ".a",
            "a.",
            "a b",
            "a\\b",
            "a\0b",
            "a%2fb",
            "é",
            "_layout",
            "a/_layout",
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
        assert!("a".repeat(255).parse::<Name>().is_ok());
        assert!("a".repeat(256).parse::<Name>().is_err());
    }

    #[test]
    fn tags_are_those_of_the_specification() {
        for good in ["v1", "_", "1.2.3-rc.1", "Latest"] {
            assert!(good.parse::<Tag>().is_ok(), "{good}");
        }
        for wrong in ["", ".", "..", "-a", "a/b", "a:b", "a b", "é"] {
            assert!(wrong.parse::<Tag>().is_err(), "{wrong}");
        }
        assert!("a".repeat(128).parse::<Tag>().is_ok());
        assert!("a".repeat(129).parse::<Tag>().is_err());
    }
}
