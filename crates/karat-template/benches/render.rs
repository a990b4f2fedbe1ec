//! How long templates take: `cargo bench -p karat-template`. The set is what a chart of twelve templates looks like, without
//! YAML: labels from helpers, ranges, conditions, quoting.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures time and prints it")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use karat_template::{Builtin, Interpreter, MissingKey, Options, Signature, TemplateSet, Type, Value, sprig};

const HELPERS: &str = r#"
{{- define "app.name" -}}
{{- default .Chart.name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "app.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.name .Values.nameOverride }}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 63 }}{{ else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}
{{- define "app.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.name .Chart.version | replace "+" "_" }}
{{ include "app.selectors" . }}
app.kubernetes.io/version: {{ .Chart.version | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}
{{- define "app.selectors" -}}
app.kubernetes.io/name: {{ include "app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}"#;

const WORKLOAD: &str = r#"{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.fullname" . }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "app.selectors" . | nindent 6 }}
  template:
    spec:
      containers:
        - name: {{ .Chart.name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.version }}"
          {{- with .Values.command }}
          command: [{{ join ", " . }}]
          {{- end }}
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name | upper | quote }}
              value: {{ $value | quote }}
            {{- end }}
          ports:
            {{- range $index, $port := .Values.ports }}
            - name: {{ printf "port-%d" $index }}
              containerPort: {{ $port.number | int }}
              {{- if and $port.host (ne $port.host "none") }}
              hostPort: {{ $port.host }}
              {{- end }}
            {{- end }}
{{- end }}
"#;

const SERVICE: &str = r#"apiVersion: v1
kind: Service
metadata:
  name: {{ include "app.fullname" . }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
  {{- with .Values.annotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ $key }}: {{ tpl $value $ | quote }}
    {{- end }}
  {{- end }}
spec:
  type: {{ .Values.type | default "ClusterIP" }}
  ports:
    {{- range .Values.ports }}
    - port: {{ .number }}
    {{- else }}
    []
    {{- end }}
"#;

/// Helm's own two.
const HELM: [Builtin; 2] = [
    Builtin {
        name: "include",
        signature: Signature::fixed(&[Type::String, Type::Any]),
        call: |run, arguments| match arguments {
            [Value::Str(name), dot] => run.include(name, dot).map(Value::Str),
            _ => Err("not a name".into()),
        },
    },
    Builtin {
        name: "tpl",
        signature: Signature::fixed(&[Type::String, Type::Any]),
        call: |run, arguments| match arguments {
            [Value::Str(text), dot] => run.tpl(text, dot).map(Value::Str),
            _ => Err("not a text".into()),
        },
    },
];

fn map(entries: &[(&str, Value)]) -> Value {
    let map = Value::empty_map();
    if let Value::Map(map) = &map {
        entries.iter().for_each(|(key, value)| map.set(*key, value.clone()));
    }
    map
}

fn data() -> Value {
    let text = Value::string;
    let port = |number| map(&[("number", Value::Float(number)), ("host", text("none"))]);
    let values = map(&[
        ("enabled", Value::Bool(true)),
        ("replicas", Value::Float(3.0)),
        ("autoscaling", map(&[("enabled", Value::Bool(false))])),
        ("image", map(&[("repository", text("registry.example.com/team/app")), ("tag", text("1.4.2"))])),
        ("command", Value::list(vec![text("serve"), text("--listen=:8080")])),
        ("env", map(&[("endpoint", text("http://collector:4317")), ("level", text("info")), ("region", text("eu"))])),
        ("ports", Value::list(vec![port(8080.0), port(9090.0)])),
        ("annotations", map(&[("checksum", text("{{ .Release.Name | len }}")), ("owner", text("team-a"))])),
    ]);
    map(&[
        ("Values", values),
        ("Chart", map(&[("name", text("app")), ("version", text("0.1.0"))])),
        ("Release", map(&[("Name", text("shop")), ("Service", text("Helm"))])),
    ])
}

/// The least time of many runs.
fn measure(name: &str, mut work: impl FnMut()) {
    let best = (0..200).map(|_| {
        let start = Instant::now();
        (0..20).for_each(|_| work());
        start.elapsed() / 20
    });
    println!("{name:<28} {:>8.1} us", best.min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e6);
}

fn parse(set: &mut TemplateSet) -> Vec<String> {
    let mut names = Vec::new();
    set.parse("_helpers.tpl", HELPERS).expect("the helpers are templates");
    for index in 0..12 {
        let name = format!("template-{index}.yaml");
        set.parse(name.as_str(), if index % 2 == 0 { WORKLOAD } else { SERVICE }).expect("a template");
        names.push(name);
    }
    names
}

fn main() {
    let mut functions = sprig::functions();
    functions.add(&HELM);
    let functions = Arc::new(functions);
    let mut set = TemplateSet::new("gotpl", functions.clone());
    let names = parse(&mut set);
    let data = data();
    let options = Options { missing_key: MissingKey::Zero, ..Options::default() };
    let render = || {
        let mut out = Vec::new();
        let mut host = ();
        let mut interpreter = Interpreter::new(&set, options, &mut host);
        for name in &names {
            interpreter.execute(name, &data, &mut out).expect("the templates render");
        }
        (out, interpreter.steps())
    };
    let (out, steps) = render();
    println!("12 templates: {} bytes, {steps} steps", out.len());
    measure("parse 12 templates", || {
        parse(black_box(&mut TemplateSet::new("gotpl", functions.clone())));
    });
    measure("render 12 templates", || {
        black_box(render());
    });
}
