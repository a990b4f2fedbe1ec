//! SARIF 2.1.0 (OASIS), as code scanning reads it.

use serde_json::{Value, json};

use crate::{Diagnostic, Place, Report, Waiver};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(crate) fn render(report: &Report) -> String {
    let rules: Vec<Value> = report
        .rules
        .iter()
        .map(|rule| {
            let mut value = json!({
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                "defaultConfiguration": {"level": rule.severity.word()},
            });
            if let Some(page) = &rule.page {
                let help = format!("How to meet it: docs/{page}.md");
                value["help"] = json!({"text": help, "markdown": help});
            }
            value
        })
        .collect();
    let results: Vec<Value> = report.diagnostics.iter().map(|one| result(report, one)).collect();
    crate::json::to_text(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "karat", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(report: &Report, one: &Diagnostic) -> Value {
    let mut text = one.message.clone();
    if let Some(fix) = &one.fix {
        text.push_str("\nfix: ");
        text.push_str(&fix.line());
    }
    let mut places = one.places.iter();
    let mut value = json!({
        "level": one.severity.word(),
        "message": {"text": text},
        "locations": places.next().map(location).into_iter().collect::<Vec<_>>(),
        "relatedLocations": places.map(location).collect::<Vec<_>>(),
    });
    if let Some(code) = &one.code {
        value["ruleId"] = json!(code);
        if let Some(index) = report.rules.iter().position(|rule| rule.id == *code) {
            value["ruleIndex"] = json!(index);
        }
        // Stable when lines move: the rule, the file and what is said, not where.
        let file = one.places.first().map_or("", |place| place.file.as_str());
        value["partialFingerprints"] = json!({"karat/v1": format!("{code}|{file}|{}", one.message)});
    }
    if let Some(waiver) = &one.waiver {
        value["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": accepted(waiver)}]);
    }
    value
}

fn accepted(waiver: &Waiver) -> String {
    format!("{} (until {}, {})", waiver.reason, waiver.until, waiver.owner)
}

fn location(place: &Place) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(&place.file)}});
    if let Some(span) = place.span {
        physical["region"] = json!({
            "startLine": span.start.line,
            "startColumn": span.start.column,
            "endLine": span.end.line,
            "endColumn": span.end.column,
        });
    }
    let mut value = json!({"physicalLocation": physical});
    if let Some(label) = &place.label {
        value["message"] = json!({"text": label});
    }
    value
}

/// A relative URI reference: bytes outside RFC 3986's `pchar` and `/` are percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'=' | b'@' | b',' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
