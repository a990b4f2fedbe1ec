//! Names of metrics, spans, attributes and variables in code.

/// Whether a text is a dotted name in small letters, as OpenTelemetry's are: `http.server.request.duration`.
pub(crate) fn is_dotted(text: &str) -> bool {
    text.len() < 128
        && text.contains('.')
        && text.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        })
}

/// Whether a text is the name of an environment variable: `DATABASE_CONNECTIONS`.
pub(crate) fn is_variable(text: &str) -> bool {
    (2..128).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
