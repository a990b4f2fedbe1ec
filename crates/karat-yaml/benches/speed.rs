//! How fast YAML and JSON are read and written, in MB of text per second: `cargo bench -p karat-yaml`.
//!
//! The text is what charts print: Deployments, Services and ConfigMaps. A file's name as argument measures that instead.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures time and prints it")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use karat_yaml::{Dialect, Escape, Numbers, from_json, from_yaml, parse_document, to_json, to_yaml, to_yaml_pretty};

fn manifests(count: usize) -> String {
    let mut text = String::from("apiVersion: v1\nkind: List\nitems:\n");
    for number in 0..count {
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: service-{number}
    namespace: tenant-{}
    labels:
      app.kubernetes.io/name: service-{number}
      app.kubernetes.io/managed-by: Helm
      helm.sh/chart: service-1.{number}.0
    annotations:
      checksum/config: \"01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b\"
  spec:
    replicas: {}
    revisionHistoryLimit: 3
    selector:
      matchLabels: {{app.kubernetes.io/name: service-{number}}}
    template:
      spec:
        automountServiceAccountToken: false
        containers:
        - name: main
          image: registry.example.com/team/service@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
          args: [\"--listen=:8080\", --log=json, '--name=service {number}']
          env:
          - name: OTEL_EXPORTER_OTLP_ENDPOINT
            value: http://collector.telemetry:4317
          - name: GREETING
            value: \"it is {number} o'clock: time to fold a line that is quite a bit longer than the eighty columns\"
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          ports:
          - containerPort: 8080
            name: http
          livenessProbe:
            httpGet: {{path: /healthz, port: http}}
            initialDelaySeconds: 5
            timeoutSeconds: 1.5
          securityContext:
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities:
              drop:
              - ALL
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: service-{number}
  data:
    config.yaml: |
      server:
        port: 8080
        # seconds
        timeout: 30
      features: [a, b, c]
    enabled: \"true\"
",
            number % 17,
            1 + number % 5
        );
    }
    text
}

/// Runs `work` for a while; the text that it turned over per second.
fn measure<T>(name: &str, bytes: usize, work: impl Fn() -> T) {
    let mut best = Duration::MAX;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        let one = Instant::now();
        black_box(work());
        best = best.min(one.elapsed());
    }
    println!("{name:<34} {:>8.1} MB/s", bytes as f64 / best.as_secs_f64() / 1e6);
}

fn main() {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let text = file.map_or_else(|| manifests(300), |path| std::fs::read_to_string(path).expect("the file is text"));
    let value = from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float).expect("it is YAML");
    let json = to_json(&value, Escape::Html).expect("it has a JSON form");
    let yaml = to_yaml(&value).expect("it is written");
    let pretty = to_yaml_pretty(&value).expect("it is written");
    println!("{} bytes of YAML, {} of JSON", text.len(), json.len());
    measure("parse to a tree with places", text.len(), || parse_document(text.as_bytes(), Dialect::GoYaml));
    measure("from_yaml", text.len(), || from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Float));
    measure("from_yaml, of what to_yaml wrote", yaml.len(), || {
        from_yaml(yaml.as_bytes(), Dialect::GoYaml, Numbers::Float)
    });
    measure("to_yaml", yaml.len(), || to_yaml(&value));
    measure("to_yaml_pretty", pretty.len(), || to_yaml_pretty(&value));
    measure("from_json", json.len(), || from_json(json.as_bytes(), Numbers::Float));
    measure("to_json", json.len(), || to_json(&value, Escape::Html));
}
