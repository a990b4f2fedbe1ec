//! What every page asks of a request: what was chosen in the URL, the theme, who reads.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Form;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Site;
use crate::parts::{Query, Theme, Viewer};

/// The cookie of the theme. The script writes it too.
const THEME: &str = "karat_theme";

/// What a request asks of a page.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The page, and what was chosen on it.
    pub(crate) query: Query,
    /// The theme.
    pub(crate) theme: Theme,
    /// Who reads.
    pub(crate) viewer: Viewer,
}

impl FromRequestParts<Arc<Site>> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _site: &Arc<Site>) -> Result<Self, Infallible> {
        let theme = match cookie(&parts.headers, THEME) {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let query = Query::read(parts.uri.path(), parts.uri.query().unwrap_or_default());
        let viewer = parts.extensions.get::<Viewer>().cloned().unwrap_or_default();
        Ok(Self { query, theme, viewer })
    }
}

/// A cookie of a request.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name).then_some(value)
    })
}

/// A path of our own to go back to: never another host's.
pub(crate) fn within(path: &str) -> &str {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if own { path } else { "/" }
}

#[derive(Deserialize)]
pub(super) struct Wish {
    to: String,
    #[serde(default)]
    back: String,
}

/// Changes the theme, where there is no script to do it.
pub(super) async fn theme(Form(wish): Form<Wish>) -> Response {
    let to = if wish.to == "dark" { "dark" } else { "light" };
    let cookie = format!("{THEME}={to}; Path=/; Max-Age=31536000; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(within(&wish.back))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_here() {
        assert_eq!(within("/fleet?q=a"), "/fleet?q=a");
        for away in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: b",
        ] {
            assert_eq!(within(away), "/");
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "xkarat_theme=light; karat_theme=dark".parse().unwrap());
        assert_eq!(cookie(&headers, THEME), Some("dark"));
        assert_eq!(cookie(&headers, "theme"), None);
    }
}
