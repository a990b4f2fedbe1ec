//! Values of the API that are read from text: ids, times, limits, cursors.

use domain::SlotId;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt::Display, str::FromStr};

/// How many items a page has, if nobody says.
pub(super) const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Reads what is parsed from text, and tells what it would have to look like.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// The same, for what may be left out.
pub(super) fn some_parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    parsed(deserializer).map(Some)
}

pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = || D::Error::custom("expected a time such as 2026-12-01T09:00:00Z");
    text.parse().map(Some).map_err(|_| expected())
}

pub(super) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| D::Error::custom("expected true or false"))
}

pub(super) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let limit = String::deserialize(deserializer)?.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.map(Some).ok_or_else(|| D::Error::custom(format_args!("expected a whole number from 1 to {MAX_LIMIT}")))
}

/// The last slot of a page: its start and its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlotCursor(pub(super) Timestamp, pub(super) SlotId);

impl Display for SlotCursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}_{}", self.0.as_millisecond(), self.1)
    }
}

impl FromStr for SlotCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let read = || {
            let (at, id) = text.split_once('_')?;
            Some(Self(Timestamp::from_millisecond(at.parse().ok()?).ok()?, id.parse().ok()?))
        };
        read().ok_or("expected `next` of the page before")
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of up to `limit`, from a list of one more, if there is more.
    pub(super) fn of<U: Into<T>>(mut found: Vec<U>, limit: u32, cursor: impl FnOnce(&U) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = if more { found.last().map(cursor) } else { None };
        Self { items: found.into_iter().map(Into::into).collect(), next }
    }
}
