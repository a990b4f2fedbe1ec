//! The 41 cases of the W3C's validation service, as data, against the served stack with a call downstream.

use crate::service;
use chassis::testing::{Headers, Recorder};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

#[derive(Deserialize)]
struct Suite {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    requests: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    headers: Vec<(String, String)>,
    calls: usize,
    expect: Expect,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Expect {
    trace_id: Option<String>,
    not_trace_id: Vec<String>,
    not_parent_id: Option<String>,
    tracestate: BTreeMap<String, String>,
    tracestate_has: Vec<String>,
    not_tracestate: Vec<String>,
    tracestate_count: Option<usize>,
    tracestate_order: Vec<String>,
    flags: u8,
    distinct_parent_ids: Option<usize>,
    distinct_trace_ids: Option<usize>,
}

struct Parent {
    trace: String,
    span: String,
    flags: u8,
}

#[test]
fn the_cases_of_the_official_suite() {
    let suite: Suite = serde_json::from_str(include_str!("../trace-context.json")).expect("the cases are JSON");
    assert_eq!(suite.cases.len(), 41);
    let downstream = Recorder::start();
    let process = service::serve(&[("DOWNSTREAM", &downstream.url)]);
    let mut failures = Vec::new();
    for case in &suite.cases {
        for (number, sent) in case.requests.iter().enumerate() {
            let mut request =
                format!("GET /call?times={} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n", sent.calls);
            for (name, value) in &sent.headers {
                let _ = write!(request, "{name}: {value}\r\n");
            }
            assert_eq!(process.send(&format!("{request}\r\n")).status, 200, "{} {number}", case.name);
            if let Err(problem) =
                verify(sent, &downstream.take().into_iter().map(|call| call.headers).collect::<Vec<_>>())
            {
                failures.push(format!("{} {number}: {problem}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

fn verify(sent: &Sent, calls: &[Headers]) -> Result<(), String> {
    let expect = &sent.expect;
    check(calls.len() == sent.calls, || format!("{} calls", calls.len()))?;
    let mut traces = BTreeSet::new();
    let mut spans = BTreeSet::new();
    for headers in calls {
        let all =
            |name: &str| headers.iter().filter(|(key, _)| key == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
        let parents = all("traceparent");
        check(parents.len() == 1, || format!("{parents:?}"))?;
        let parent = parse(parents[0]).ok_or_else(|| format!("not a traceparent: {}", parents[0]))?;
        let state = all("tracestate").join(",");
        let members: Vec<_> = state.split(',').map(str::trim).filter_map(|member| member.split_once('=')).collect();
        let position = |key: &str| members.iter().position(|(name, _)| *name == key);

        check(expect.trace_id.as_ref().is_none_or(|id| *id == parent.trace), || format!("trace {}", parent.trace))?;
        check(!expect.not_trace_id.contains(&parent.trace), || format!("trace {}", parent.trace))?;
        check(expect.not_parent_id.as_ref() != Some(&parent.span), || format!("parent {}", parent.span))?;
        check(parent.flags & expect.flags == expect.flags, || format!("flags {:02x}", parent.flags))?;
        for (key, value) in &expect.tracestate {
            check(members.contains(&(key.as_str(), value.as_str())), || format!("no {key} in {state}"))?;
        }
        for key in &expect.tracestate_has {
            check(position(key).is_some(), || format!("no {key} in {state}"))?;
        }
        for key in &expect.not_tracestate {
            check(position(key).is_none(), || format!("{key} in {state}"))?;
        }
        check(expect.tracestate_count.is_none_or(|count| count == members.len()), || {
            format!("{} members", members.len())
        })?;
        let order: Vec<_> = expect.tracestate_order.iter().map(|key| position(key)).collect();
        check(order.is_sorted(), || format!("order of {state}"))?;
        traces.insert(parent.trace);
        spans.insert(parent.span);
    }
    check(expect.distinct_trace_ids.is_none_or(|count| count == traces.len()), || format!("{traces:?}"))?;
    check(expect.distinct_parent_ids.is_none_or(|count| count == spans.len()), || format!("{spans:?}"))
}

fn check(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

fn parse(text: &str) -> Option<Parent> {
    let [version, trace, span, flags] = text.split('-').collect::<Vec<_>>()[..] else { return None };
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let valid = version == "00" && hex(trace, 32) && hex(span, 16) && hex(flags, 2) && !zero(trace) && !zero(span);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    valid.then(|| Parent { trace: trace.to_owned(), span: span.to_owned(), flags })
}
