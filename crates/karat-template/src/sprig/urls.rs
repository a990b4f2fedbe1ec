//! URLs, as Go's `net/url` reads and writes them; and host names, which are not looked up.

use crate::Type::{Map as Dict, String as Text};
use crate::quote::quote;
use crate::{Builtin, CallError, Map, Value};

use super::args::{any, fixed, nil_dereference, string, text};
use super::placeholders::note;
use super::search::find_all;

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("urlParse", &[Text], |_, a| url_parse(text(a, 0))),
    fixed("urlJoin", &[Dict], |_, a| string(url_join(any(a, 0))?)),
    // As Helm has it without `--enable-dns`.
    fixed("getHostByName", &[Text], |i, _| {
        note(i, "getHostByName");
        string("")
    }),
];

/// The parts of a URL, decoded where Go decodes them.
#[derive(Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

fn url_parse(text: &[u8]) -> Result<Value, CallError> {
    let url = Url::parse(text).map_err(|error| CallError::from(format!("unable to parse url: {error}")))?;
    let user = url.user.as_ref().map(User::text).unwrap_or_default();
    let hostname = url.hostname().to_vec();
    let parts = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", user),
    ];
    Ok(Value::Map(Map::new(parts.into_iter().map(|(key, part)| (key.into(), Value::string(part))).collect())))
}

fn url_join(dict: &Value) -> Result<Vec<u8>, CallError> {
    let part = |key: &str| -> Result<Vec<u8>, CallError> {
        let value = match dict {
            Value::Map(map) => map.get(key),
            _ => None,
        };
        match value {
            None => Ok(Vec::new()),
            Some(Value::Str(text)) => Ok(text.to_vec()),
            Some(Value::Nil) => Err(nil_dereference()),
            Some(other) => {
                Err(format!("unable to parse {key} key, must be of type string, but {} found", other.kind()).into())
            }
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        let whole = [b"proto://", &*user, b"@host"].concat();
        let parsed = Url::parse(&whole);
        url.user = parsed.map_err(|error| CallError::from(format!("unable to parse userinfo in dict: {error}")))?.user;
    }
    Ok(url.text())
}

impl Url {
    /// Go's `url.Parse`, with its error.
    fn parse(text: &[u8]) -> Result<Self, String> {
        let (before, fragment) = cut(text, b'#');
        let error = |text: &[u8], error: String| format!("parse {}: {error}", quote(text));
        let mut url = Self::parse_before_fragment(before).map_err(|reason| error(before, reason))?;
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            url.fragment = unescape(fragment, Part::Fragment).map_err(|reason| error(text, reason))?;
        }
        Ok(url)
    }

    fn parse_before_fragment(text: &[u8]) -> Result<Self, String> {
        let mut url = Self::default();
        if text.iter().any(|byte| matches!(byte, ..b' ' | 0x7F)) {
            return Err("net/url: invalid control character in URL".into());
        }
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        let mut path = rest;
        if (!url.scheme.is_empty() || !rest.starts_with(b"///")) && rest.starts_with(b"//") {
            let authority = &rest[2..];
            let end = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
            path = &authority[end..];
            (url.user, url.host) = authority_parts(&url.scheme, &authority[..end])?;
        }
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    /// The host without its port and brackets.
    fn hostname(&self) -> &[u8] {
        let host = &self.host;
        let without_port = match host.iter().rposition(|byte| *byte == b':') {
            Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
            _ => host,
        };
        without_port.strip_prefix(b"[").and_then(|inside| inside.strip_suffix(b"]")).unwrap_or(without_port)
    }

    /// Go's `URL.String` of a URL that was put together from parts.
    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let any_host = !self.host.is_empty() || self.user.is_some();
            if any_host || !self.scheme.is_empty() && !self.path.is_empty() {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                out.extend_from_slice(&user.text());
                out.push(b'@');
            }
            out.extend_from_slice(&escape(&self.host, Part::Host));
            let path = if self.path == b"*" { self.path.clone() } else { escape(&self.path, Part::Path) };
            if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
                out.push(b'/');
            }
            // `this:that` would read as a scheme.
            if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            out.extend_from_slice(&path);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend_from_slice(&escape(&self.fragment, Part::Fragment));
        }
        out
    }
}

impl User {
    fn text(&self) -> Vec<u8> {
        let name = escape(&self.name, Part::User);
        match &self.password {
            Some(password) => [name, escape(password, Part::User)].join(&b':'),
            None => name,
        }
    }
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(position) => (&text[..position], Some(&text[position + 1..])),
        None => (text, None),
    }
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (position, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if position > 0 => {}
            b':' if position == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((&text[..position], &text[position + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn authority_parts(scheme: &[u8], authority: &[u8]) -> Result<(Option<User>, Vec<u8>), String> {
    let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
        return Ok((None, host(scheme, authority)?));
    };
    let host = host(scheme, &authority[at + 1..])?;
    let user = &authority[..at];
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
    if !user.iter().all(valid) {
        return Err("net/url: invalid userinfo".into());
    }
    let (name, password) = cut(user, b':');
    let name = unescape(name, Part::User)?;
    let password = password.map(|password| unescape(password, Part::User)).transpose()?;
    Ok((Some(User { name, password }), host))
}

fn host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    let check_port = |port: &[u8]| match port {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => Err(format!("invalid port {} after host", quote(port))),
    };
    match host.iter().rposition(|byte| *byte == b'[') {
        Some(0) => {
            let Some(end) = host.iter().rposition(|byte| *byte == b']') else {
                return Err("missing ']' in host".into());
            };
            check_port(&host[end + 1..])?;
            let name = &host[1..end];
            let zone = find_all(name, b"%25").first().copied().unwrap_or(name.len());
            let address = [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat();
            check_ipv6(&address)?;
            return Ok([b"[", &*address, b"]", &host[end + 1..]].concat());
        }
        Some(_) => return Err("invalid IP-literal".into()),
        None => {}
    }
    if let Some(first) = host.iter().position(|byte| *byte == b':') {
        // Lists of hosts, as some databases have them, are for other schemes only.
        let strict = matches!(scheme, b"http" | b"https");
        let last = host.iter().rposition(|byte| *byte == b':').unwrap_or(first);
        check_port(&host[if strict { first } else { last }..])?;
    }
    unescape(host, Part::Host)
}

/// An IPv6 address with an optional zone.
fn check_ipv6(address: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(address);
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("invalid IP-literal".into());
    }
    let (plain, zone) = text.split_once('%').map_or((&*text, None), |(plain, zone)| (plain, Some(zone)));
    if zone == Some("") || plain.parse::<std::net::Ipv6Addr>().is_err() {
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", quote(address)));
    }
    Ok(())
}

/// Where a text stands in a URL; each part has its own characters that need no escape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Part {
    fn needs_escape(self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            return false;
        }
        let allowed: &[u8] = match self {
            Self::Path => b"$&+,/:;=@",
            Self::Host | Self::Zone => b"!$&'()*+,;=:[]<>\"",
            Self::User => b"$&+,;=",
            Self::Fragment => b"$&+,/:;=?@!()*",
        };
        !allowed.contains(&byte)
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if part.needs_escape(byte) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let in_host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte != b'%' {
            if in_host && byte < 0x80 && part.needs_escape(byte) {
                return Err(format!("invalid character {} in host name", quote(&[byte])));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let escape = &text[at..text.len().min(at + 3)];
        let bad = || Err(format!("invalid URL escape {}", quote(escape)));
        let digit = |position: usize| escape.get(position).and_then(|digit| char::from(*digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(1), digit(2)) else {
            return bad();
        };
        let value = (high << 4 | low) as u8;
        // In a host only bytes beyond ASCII are escaped, but for the `%25` before a zone.
        if part == Part::Host && high < 8 && escape != b"%25" {
            return bad();
        }
        if part == Part::Zone && escape != b"%25" && value != b' ' && Part::Host.needs_escape(value) {
            return bad();
        }
        out.push(value);
        at += 3;
    }
    Ok(out)
}
