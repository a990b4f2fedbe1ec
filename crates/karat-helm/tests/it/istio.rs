//! Istio's charts, as its Go package embeds them: every chart with its defaults and with two sets of values, by Karat and
//! by Helm. A real, large set: overriding defines, profiles that rewrite the values, templates within templates.

use std::path::Path;
use std::process::Command;

use karat_testkit::{Sandbox, peer};

use crate::helm::Verdict;
use crate::{cases, helm, karat};

/// Our name for a chart, and where it is in the package.
const CHARTS: [(&str, &str); 8] = [
    ("base", "charts/base"),
    ("cni", "charts/istio-cni"),
    ("default", "charts/default"),
    ("discovery", "charts/istio-control/istio-discovery"),
    ("egress", "charts/gateways/istio-egress"),
    ("gateway", "charts/gateway"),
    ("ingress", "charts/gateways/istio-ingress"),
    ("ztunnel", "charts/ztunnel"),
];

const VALUES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/istio");

#[test]
fn istios_charts_are_the_same() {
    let (Some(binary), Some(charts)) = (peer("helm4"), peer("istio-charts")) else { return };
    let sandbox = Sandbox::new();
    let folder = sandbox.path();
    assert!(Command::new(charts).arg(&folder).status().unwrap().success());
    let mut failures = Vec::new();
    for (name, chart) in CHARTS {
        for set in ["defaults", "ambient", "busy"] {
            let mut words: Vec<String> = [name, chart, "-n", "istio-system"].map(str::to_owned).into();
            if set != "defaults" {
                words.extend(["-f".to_owned(), format!("{VALUES}/{name}/{set}.yaml")]);
            }
            let helm = helm::run(&binary, &folder, &words).unwrap();
            assert!(matches!(helm, Verdict::Accepted(_)), "{name} {set}: {helm:?}");
            if let Err(error) = karat::run(&folder, &words).and_then(|karat| cases::compare(&helm, &karat)) {
                failures.push(format!("=== {name} {set}\n{error:#}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of 24 differ\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_chart_has_its_values() {
    for (name, _) in CHARTS {
        for set in ["ambient", "busy"] {
            assert!(Path::new(VALUES).join(name).join(format!("{set}.yaml")).is_file(), "{name}/{set}.yaml");
        }
    }
}
