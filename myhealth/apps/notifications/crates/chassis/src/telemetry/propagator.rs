//! W3C Trace Context, level 2, as strict as its validation suite.
//!
//! The SDK's propagator takes `-01-` for flags, one of two `traceparent` headers, and drops the random flag and the keys that
//! level 2 allows. This one reads by the grammar: what is not exactly right begins a new trace.

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use std::sync::LazyLock;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// Flags of level 2: sampled, and that the trace id is random.
const KNOWN_FLAGS: u8 = 0b11;
const MAX_MEMBERS: usize = 32;
/// The longest key and the longest value of a member.
const MAX_LENGTH: usize = 256;

/// Reads and writes `traceparent` and `tracestate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceContextPropagator;

/// Of a trace as it came, what a span does not keep: the SDK's state refuses keys that level 2 allows, and a span that is not
/// sampled forgets the random flag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Came {
    trace: TraceId,
    flags: TraceFlags,
    state: String,
}

const RANDOM: TraceFlags = TraceFlags::new(0b10);

impl TextMapPropagator for TraceContextPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return;
        }
        let came = context.get::<Came>().filter(|came| came.trace == span.trace_id());
        let random = came.map_or(TraceFlags::default(), |came| came.flags & RANDOM);
        let flags = (span.trace_flags() | random).to_u8() & KNOWN_FLAGS;
        injector.set(TRACEPARENT, format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()));
        let state = came.map_or_else(|| span.trace_state().header(), |came| came.state.clone());
        if !state.is_empty() {
            injector.set(TRACESTATE, state);
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let parents = extractor.get_all(TRACEPARENT).unwrap_or_default();
        let [parent] = parents[..] else { return context.clone() };
        let Some((trace, span, flags)) = parse_parent(parent) else { return context.clone() };
        let state = parse_state(&extractor.get_all(TRACESTATE).unwrap_or_default()).unwrap_or_default();
        let exported = state.parse::<TraceState>().unwrap_or_default(); // what the SDK can hold of it
        let context = context.with_remote_span_context(SpanContext::new(trace, span, flags, true, exported));
        context.with_value(Came { trace, flags, state })
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 2]> = LazyLock::new(|| [TRACEPARENT.to_owned(), TRACESTATE.to_owned()]);
        FieldIter::new(&*FIELDS)
    }
}

/// `version "-" trace-id "-" parent-id "-" trace-flags`, and after a later version perhaps `"-" more`.
fn parse_parent(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let text = text.trim_matches([' ', '\t']);
    let (version, rest) = hex_field(text, 2)?;
    let (trace, rest) = hex_field(rest.strip_prefix('-')?, 32)?;
    let (span, rest) = hex_field(rest.strip_prefix('-')?, 16)?;
    let (flags, rest) = hex_field(rest.strip_prefix('-')?, 2)?;
    let complete = match version {
        "ff" => false,
        "00" => rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    let trace = TraceId::from_hex(trace).ok().filter(|id| *id != TraceId::INVALID)?;
    let span = SpanId::from_hex(span).ok().filter(|id| *id != SpanId::INVALID)?;
    let flags = u8::from_str_radix(flags, 16).ok()? & KNOWN_FLAGS;
    complete.then_some((trace, span, TraceFlags::new(flags)))
}

/// `count` lower-case hexadecimal digits, and what follows.
fn hex_field(text: &str, count: usize) -> Option<(&str, &str)> {
    let (field, rest) = text.split_at_checked(count)?;
    field.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some((field, rest))
}

/// All headers as one list, normalised; `None` if any member breaks the grammar, for then the whole is dropped.
fn parse_state(headers: &[&str]) -> Option<String> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    for member in headers.iter().flat_map(|header| header.split(',')) {
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue; // empty members are allowed
        }
        let (key, value) = member.split_once('=')?;
        if !is_key(key) || !is_value(value) {
            return None;
        }
        members.push((key, value));
    }
    if members.len() > MAX_MEMBERS {
        return None;
    }
    let mut state = String::new();
    for (i, (key, value)) in members.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        state.extend([comma, key, "=", value]);
    }
    Some(state)
}

/// Level 2: `( lcalpha / DIGIT ) 0*255 ( keychar )`.
fn is_key(key: &str) -> bool {
    let first = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let any = |b: u8| first(b) || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@');
    key.len() <= MAX_LENGTH && key.bytes().next().is_some_and(first) && key.bytes().all(any)
}

/// 1 to 256 printable characters without `,` and `=`, the last not a space.
fn is_value(value: &str) -> bool {
    let allowed = |b: u8| matches!(b, b' '..=b'~') && b != b',' && b != b'=';
    (1..=MAX_LENGTH).contains(&value.len()) && value.bytes().all(allowed) && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn through(headers: &HashMap<String, String>) -> HashMap<String, String> {
        let mut out = HashMap::new();
        TraceContextPropagator.inject_context(&TraceContextPropagator.extract(headers), &mut out);
        out
    }

    proptest! {
        /// No text makes it fail, and what it hands on it would read itself, unchanged.
        #[test]
        fn what_is_written_is_read_again(parent in "(00|01|cc|ff)?-?[0-9a-f]{30,34}-[0-9a-f]{15,17}-[0-9a-f]{2}.{0,3}", state in "[a-z@=, \t1]{0,40}") {
            let headers = HashMap::from([(TRACEPARENT.to_owned(), parent), (TRACESTATE.to_owned(), state)]);
            let once = through(&headers);
            prop_assert_eq!(through(&once), once);
        }

        /// A valid parent comes through, but for flags that nobody knows.
        #[test]
        fn a_valid_parent_comes_through(trace in 1..=u128::MAX, span in 1..=u64::MAX, flags: u8) {
            let parent = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
            let out = through(&HashMap::from([(TRACEPARENT.to_owned(), parent)]));
            prop_assert_eq!(&out[TRACEPARENT], &format!("00-{trace:032x}-{span:016x}-{:02x}", flags & KNOWN_FLAGS));
        }
    }
}
