//! Where the parts of documents come from: the line of a template, and that of the values.

use std::sync::Arc;

use karat_helm::{
    Capabilities, Chart, Document, File, Flags, Layer, Release, RenderInput, Rendered, Settings, Traced, ValueSources,
    render, trace,
};
use karat_yaml::Step;

const CHART: &[(&str, &str)] = &[
    (
        "Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.2.3\ndependencies:\n- {name: web, version: 1.x.x, alias: site}\n",
    ),
    (
        "values.yaml",
        "name: shop
image:
  registry: example.com
  tag: \"1.0\"
  pull: Always
resources:
  limits:
    cpu: 1
    memory: 64Mi
ports:
  - name: http
    number: 80
  - name: admin
    number: 81
hosts: [a.example, b.example]
env:
  LEVEL: info
  MODE: fast
text: |
  first: {{ .Values.name }}
  second: 2
labels: {team: a, tier: b}
extra: null
gone: 1
global:
  region: eu
  mesh: {mode: ambient}
site:
  title: from the parent
",
    ),
    (
        "templates/_helpers.tpl",
        r#"{{- define "labels" -}}
app: {{ .Values.name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{ include "more" . }}
{{- end -}}
{{- define "more" -}}
managed: "yes"
team: {{ .Values.labels.team | upper | quote }}
{{- end -}}
{{- define "image" -}}
{{ printf "%s/%s:%s" .Values.image.registry .Values.name .Values.image.tag }}
{{- end -}}
{{- define "port" -}}
name: {{ .name }}
number: {{ .number }}
{{- end -}}
{{- define "given" -}}
given: {{ .level }}
{{- end -}}
"#,
    ),
    (
        "templates/a.yaml",
        r#"kind: Literal
metadata:
  name: {{ .Values.name }}
  labels:
    {{- include "labels" . | nindent 4 }}
spec:
  fixed: true
  image: {{ include "image" . | quote }}
  pull: {{ .Values.image.pull | default "Never" }}
  shown: "{{ .Values.image.registry }}/{{ .Values.image.tag }}"
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  flow: {cpu: {{ .Values.resources.limits.cpu }}, memory: {{ .Values.resources.limits.memory }}}
---
# A comment.
kind: Loops
spec:
  ports:
  {{- range .Values.ports }}
  - {{- include "port" . | nindent 4 }}
  {{- end }}
  hosts:
  {{- range $index, $host := .Values.hosts }}
    - host: {{ $host | quote }}
      index: {{ $index }}
  {{- end }}
  env:
    {{- range $key, $value := .Values.env }}
    - name: {{ $key }}
      value: {{ $value }}
    {{- end }}
  {{- with .Values.image }}
  image: {{ .tag }}
  {{- end }}
  {{- with .Values.image.pull }}
  pull: {{ . }}
  {{- end }}
  text:
    {{- tpl .Values.text . | nindent 4 }}
  {{- $labels := include "labels" . }}
  labels: {{- $labels | nindent 4 }}
  parts: {{- toYaml (pick .Values.image "tag") | nindent 4 }}
  indexed: {{ index .Values.ports 1 "number" }}
  got: {{ get .Values.env "MODE" }}
  dug: {{ dig "limits" "memory" "none" .Values.resources }}
  {{- include "given" (dict "level" .Values.env.LEVEL "root" $) | nindent 2 }}
  missing: {{ .Values.nothing }}{{ .Values.extra }}
  after: {{ .Values.gone }}
  {{- $_ := set .Values "gone" 2 }}
  changed: {{ .Values.gone }}
  list: {{ join "," .Values.hosts }}
  lines: |
    {{ .Values.name }}
    two
"#,
    ),
    (
        "templates/list.yaml",
        "kind: List\nitems:\n- kind: Item\n  metadata: {name: one}\n- kind: Item\n  metadata:\n    name: {{ .Values.name }}\n",
    ),
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("charts/web/values.yaml", "title: from the child\nsize: 3\nglobal: {region: nowhere, zone: z}\n"),
    (
        "charts/web/templates/site.yaml",
        "kind: Site
title: {{ .Values.title }}
size: {{ .Values.size }}
region: {{ .Values.global.region }}
mesh: {{ .Values.global.mesh.mode }}
zone: {{ .Values.global.zone }}
",
    ),
];

const FIRST: &str =
    "image:\n  tag: \"2.0\"\n  pull: null\nports:\n- name: only\n  number: 1\n- {name: other, number: 2}\n";
const SECOND: &str = "# The last word.\n\nimage:\n  tag: \"3.0\"\nsite: {size: 4}\n";

struct Case {
    chart: Arc<Chart>,
    sources: ValueSources,
    rendered: Rendered,
    traced: Traced,
}

impl Case {
    fn new(sources: ValueSources) -> Self {
        let settings = Settings::default();
        let files = CHART.iter().map(|(name, text)| File { name: (*name).into(), data: (*text).into() }).collect();
        let chart = Chart::from_files(files, "app", &settings).unwrap();
        let values = sources.merge(settings.profile, &|_| Ok(b"file".to_vec())).unwrap();
        let capabilities = Capabilities::new(settings.profile);
        let release = Release::new("release");
        let input =
            RenderInput { release, values: &values, capabilities: &capabilities, flags: Flags::default(), now: 0 };
        let rendered = render(&chart, &input).unwrap();
        let traced = trace(&chart, &input).unwrap();
        Self { chart, sources, rendered, traced }
    }

    fn document(&self, kind: &str) -> &Document {
        self.rendered.documents.iter().find(|document| document.kind == kind).unwrap()
    }

    /// `template:line:column < layer:line:column`
    fn origin(&self, document: (&str, &[u8]), path: &str) -> String {
        let steps: Vec<Step<'_>> = path
            .split('.')
            .filter(|step| !step.is_empty())
            .map(|step| step.parse().map_or(Step::Key(step), Step::Index))
            .collect();
        let origin = self.traced.origin(document.0, document.1, &steps).unwrap();
        let place = origin.templates.last().unwrap();
        let mut shown = format!("{}:{}:{}", place.file, place.line, place.column);
        let read = |path: &str| CHART.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec());
        if let Some(path) = origin.values.last() {
            let place = self.sources.place(&self.chart, &read, path);
            shown += &match place {
                None => " < nowhere".to_owned(),
                Some(place) => match place.layer {
                    Layer::Flag(flag, text) => format!(" < {flag} {text}"),
                    Layer::File(file) | Layer::Chart(file) => {
                        format!(" < {file}:{}:{}", place.position.line, place.position.column)
                    }
                },
            };
        }
        shown
    }

    fn check(&self, kind: &str, expected: &[(&str, &str)]) {
        let document = self.document(kind);
        let found: Vec<(&str, String)> =
            expected.iter().map(|(path, _)| (*path, self.origin((&document.path, &document.text), path))).collect();
        let expected: Vec<_> = expected.iter().map(|(path, origin)| (*path, (*origin).to_owned())).collect();
        assert_eq!(found, expected, "{}", document.text);
    }
}

#[test]
fn literals_actions_and_includes() {
    Case::new(ValueSources::default()).check(
        "Literal",
        &[
            ("kind", "templates/a.yaml:1:1"),
            ("metadata.name", "templates/a.yaml:3:3 < values.yaml:1:1"),
            ("metadata.labels.app", "templates/_helpers.tpl:2:1 < values.yaml:1:1"),
            ("metadata.labels.chart", "templates/_helpers.tpl:3:1"),
            ("metadata.labels.managed", "templates/_helpers.tpl:7:1"),
            ("metadata.labels.team", "templates/_helpers.tpl:8:1 < values.yaml:22:10"),
            ("metadata.labels", "templates/a.yaml:4:3"),
            ("spec.fixed", "templates/a.yaml:7:3"),
            ("spec.image", "templates/a.yaml:8:3 < values.yaml:4:3"),
            ("spec.pull", "templates/a.yaml:9:3 < values.yaml:5:3"),
            ("spec.shown", "templates/a.yaml:10:3 < values.yaml:4:3"),
            ("spec.resources", "templates/a.yaml:11:3 < values.yaml:6:1"),
            ("spec.resources.limits", "templates/a.yaml:12:9 < values.yaml:7:3"),
            ("spec.resources.limits.memory", "templates/a.yaml:12:9 < values.yaml:9:5"),
            ("spec.resources.limits.pods", "templates/a.yaml:12:9 < values.yaml:7:3"),
            ("spec.flow.memory", "templates/a.yaml:13:51 < values.yaml:9:5"),
            ("spec.other", "templates/a.yaml:6:1"),
            ("", "templates/a.yaml:1:1"),
        ],
    );
}

#[test]
fn loops_variables_and_functions() {
    Case::new(ValueSources::default()).check(
        "Loops",
        &[
            ("spec.ports.0.number", "templates/_helpers.tpl:15:1 < values.yaml:12:5"),
            ("spec.ports.1.name", "templates/_helpers.tpl:14:1 < values.yaml:13:5"),
            ("spec.hosts.1.host", "templates/a.yaml:24:7 < values.yaml:15:20"),
            ("spec.env.1.name", "templates/a.yaml:29:7 < values.yaml:18:3"),
            ("spec.env.0.value", "templates/a.yaml:30:7 < values.yaml:17:3"),
            ("spec.image", "templates/a.yaml:33:3 < values.yaml:4:3"),
            ("spec.pull", "templates/a.yaml:36:3 < values.yaml:5:3"),
            ("spec.text.first", "templates/a.yaml:39:9 < values.yaml:1:1"),
            ("spec.text.second", "templates/a.yaml:39:9 < values.yaml:19:1"),
            ("spec.labels.app", "templates/_helpers.tpl:2:1 < values.yaml:1:1"),
            ("spec.parts.tag", "templates/a.yaml:42:14 < values.yaml:4:3"),
            ("spec.indexed", "templates/a.yaml:43:3 < values.yaml:14:5"),
            ("spec.got", "templates/a.yaml:44:3 < values.yaml:18:3"),
            ("spec.dug", "templates/a.yaml:45:3 < values.yaml:9:5"),
            ("spec.given", "templates/_helpers.tpl:18:1 < values.yaml:17:3"),
            ("spec.after", "templates/a.yaml:48:3 < values.yaml:24:1"),
            ("spec.changed", "templates/a.yaml:50:3"),
            ("spec.list", "templates/a.yaml:51:3 < values.yaml:15:1"),
            ("spec.lines", "templates/a.yaml:52:3 < values.yaml:1:1"),
        ],
    );
}

#[test]
fn the_last_layer_wins() {
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let case = Case::new(ValueSources {
        files: vec![file("first.yaml", FIRST), file("second.yaml", SECOND)],
        set: vec!["name=a,env.LEVEL=debug".into()],
        set_string: vec!["env.MODE=slow".into()],
        ..ValueSources::default()
    });
    case.check(
        "Literal",
        &[
            ("metadata.name", "templates/a.yaml:3:3 < --set name=a,env.LEVEL=debug"),
            ("spec.shown", "templates/a.yaml:10:3 < second.yaml:4:3"),
            ("spec.pull", "templates/a.yaml:9:3 < first.yaml:3:3"),
            ("spec.resources.limits.cpu", "templates/a.yaml:12:9 < values.yaml:8:5"),
        ],
    );
    case.check(
        "Loops",
        &[
            ("spec.ports.1.name", "templates/_helpers.tpl:14:1 < first.yaml:7:4"),
            ("spec.got", "templates/a.yaml:44:3 < --set-string env.MODE=slow"),
            ("spec.given", "templates/_helpers.tpl:18:1 < --set name=a,env.LEVEL=debug"),
        ],
    );
}

#[test]
fn charts_below() {
    let file = ("second.yaml".to_owned(), SECOND.as_bytes().to_vec());
    let case = Case::new(ValueSources { files: vec![file], ..ValueSources::default() });
    case.check(
        "Site",
        &[
            ("title", "charts/web/templates/site.yaml:2:1 < values.yaml:29:3"),
            ("size", "charts/web/templates/site.yaml:3:1 < second.yaml:5:8"),
            ("region", "charts/web/templates/site.yaml:4:1 < values.yaml:26:3"),
            ("mesh", "charts/web/templates/site.yaml:5:1 < values.yaml:27:10"),
            ("zone", "charts/web/templates/site.yaml:6:1 < charts/web/values.yaml:3:27"),
        ],
    );
    let plain = Case::new(ValueSources::default());
    plain.check("Site", &[("size", "charts/web/templates/site.yaml:3:1 < charts/web/values.yaml:2:1")]);
}

#[test]
fn items_of_lists() {
    let case = Case::new(ValueSources::default());
    let item = b"kind: Item\nmetadata:\n  name: shop\n";
    assert_eq!(
        case.origin(("app/templates/list.yaml", item), "metadata.name"),
        "templates/list.yaml:7:5 < values.yaml:1:1"
    );
    assert_eq!(case.traced.origin("app/templates/list.yaml", b"kind: Other\n", &[]), None);
    assert_eq!(case.traced.origin("app/templates/none.yaml", item, &[]), None);
}
