//! A made-up fleet of any size, always the same for one seed: for benchmarks, and for tests that need many Applications.
//!
//! Forty charts of four sizes; six services of ten are on the organisation's library chart. Each service has values for
//! staging (two clusters) and for production (eight), so that a service is ten Applications:
//!
//! | chart | templates | a render | services |
//! | --- | --- | --- | --- |
//! | small | 3 | 2 KB | 15 % |
//! | medium | 12, with helpers and `tpl` | 8 KB | 20 % |
//! | library | those of the organisation's own service | 34 KB | 60 % |
//! | large | 30, each for several objects | 60 KB | 5 % |

mod charts;

use std::fmt::Write as _;

use karat_source::{ReadError, World, join};
use karat_yaml::{Dialect, Numbers, Value};

use charts::{CHART_VALUES, HELPERS, LARGE, MEDIUM, SMALL};

/// How many charts of each size there are.
const CHARTS: usize = 10;

/// The clusters, by environment.
const CLUSTERS: &[(&str, usize)] = &[("staging", 2), ("production", 8)];

/// Where the organisation's own chart and values for it are, in the world that a sample is made from.
const CHART: &str = "apps/appointments/chart";
const VALUES: &str = "config/envs/production/appointments/values.yaml";

/// A file of a sample: its path from the organisation's root, and its contents.
pub type SampleFile = (String, Vec<u8>);

/// The files of an organisation with `applications` Applications (in tens), made from `seed`. `organisation` is the one
/// whose service chart is used.
///
/// # Errors
/// The organisation's chart or its values cannot be read.
pub fn sample(organisation: &dyn World, applications: usize, seed: u64) -> Result<Vec<SampleFile>, ReadError> {
    let services = applications.div_ceil(10);
    let mut files = Vec::new();
    let mut put = |path: &str, text: String| files.push((path.to_owned(), text.into_bytes()));
    put("governance/organisation.yaml", organisation_file());
    put("config/root.yaml", ROOT.to_owned());
    put("config/hub/project.yaml", PROJECT.to_owned());
    put("config/hub/services.yaml", SERVICES.to_owned());
    for (environment, name) in clusters() {
        put(&format!("config/clusters/{name}.yaml"), cluster_file(environment, &name));
    }
    put("config/clusters/hub.yaml", cluster_file("platform", "hub"));
    for number in 0..CHARTS {
        chart(&mut put, &format!("small-{number}"), SMALL, 1);
        chart(&mut put, &format!("medium-{number}"), MEDIUM, 1);
        chart(&mut put, &format!("large-{number}"), LARGE, 4);
    }
    for number in 0..CHARTS {
        let name = format!("library-{number}");
        for file in karat_source::walk(organisation, CHART)? {
            let within = file.strip_prefix(CHART).unwrap_or(&file).trim_start_matches('/');
            let mut bytes = organisation.read(&file)?;
            if within == "Chart.yaml" {
                bytes = String::from_utf8_lossy(&bytes).replace("appointments", &name).into_bytes();
            }
            files.push((join(&format!("apps/{name}/chart"), within), bytes));
        }
    }
    let base = organisation.read(VALUES)?;
    let base = karat_yaml::from_yaml(&base, Dialect::GoYaml, Numbers::Kept).unwrap_or_default();
    let mut random = Random(seed);
    for number in 0..services {
        let size = match number * 100 / services.max(1) {
            0..60 => "library",
            60..80 => "medium",
            80..95 => "small",
            _ => "large",
        };
        let chart = format!("{size}-{}", random.below(CHARTS));
        for (environment, _) in CLUSTERS {
            let values = values(&base, size, &chart, number, &mut random);
            files.push((format!("config/envs/{environment}/service-{number}/values.yaml"), values.into_bytes()));
        }
    }
    Ok(files)
}

fn charts() -> impl Iterator<Item = String> {
    ["small", "medium", "library", "large"]
        .into_iter()
        .flat_map(|size| (0..CHARTS).map(move |number| format!("{size}-{number}")))
}

fn clusters() -> impl Iterator<Item = (&'static str, String)> {
    CLUSTERS.iter().flat_map(|(environment, count)| {
        (0..*count).map(move |number| (*environment, format!("{environment}-{number}")))
    })
}

fn organisation_file() -> String {
    let mut text = String::from(
        "apiVersion: karat.dev/v1\nkind: Organisation\nmetadata: {name: sample}\nspec:\n  repositories:\n    - {name: config, role: config, url: https://git.example/config.git, folder: config}\n",
    );
    for name in charts() {
        let _ = writeln!(
            text,
            "    - {{name: {name}, role: app, url: https://git.example/{name}.git, folder: apps/{name}}}"
        );
    }
    text.push_str(
        "  argocd:\n    - {name: hub, cluster: hub, namespace: argocd, helm: helm4, root: {repository: config, path: root.yaml}}\n  clusters:\n    - {name: hub, file: clusters/hub.yaml}\n",
    );
    for (_, name) in clusters() {
        let _ = writeln!(text, "    - {{name: {name}, file: clusters/{name}.yaml}}");
    }
    text
}

fn cluster_file(environment: &str, name: &str) -> String {
    format!(
        "cluster:\n  name: {name}\n  environment: {environment}\n  region: eu-central-1\n  domain: {name}.example\n  role: {}\n  kubernetesVersion: \"1.36\"\n  apiVersions: [argoproj.io/v1alpha1, gateway.networking.k8s.io/v1, monitoring.coreos.com/v1]\n",
        if environment == "platform" { "hub" } else { "workload" }
    )
}

/// Values of a service: those of the organisation's own where the chart is on its library, with other numbers.
fn values(base: &Value, size: &str, chart: &str, number: usize, random: &mut Random) -> String {
    let mut release = karat_yaml::Map::new();
    let repository = format!("https://git.example/{chart}.git");
    for (key, value) in
        [("repository", repository), ("team", format!("team-{}", number % 50)), ("version", "1.0.0".into())]
    {
        release.insert(key.into(), Value::from(value));
    }
    let digest: String = (0..4).map(|_| format!("{:016x}", random.next())).collect();
    let mut values = karat_yaml::Map::new();
    if size == "library" {
        let mut service = base.get("service").cloned().unwrap_or_default();
        set(&mut service, &["image", "digest"], Value::from(format!("sha256:{digest}")));
        set(&mut service, &["resources", "requests", "cpu"], Value::from(format!("{}m", 50 + random.below(900))));
        set(&mut service, &["autoscaling", "maxReplicas"], Value::Int(10 + random.below(40) as i64));
        values.insert("service".into(), service);
        let own = base.get("release").and_then(Value::as_map).cloned().unwrap_or_default();
        for (key, value) in own {
            release.entry(key).or_insert(value);
        }
    } else {
        let mut image = karat_yaml::Map::new();
        image.insert("digest".into(), Value::from(format!("sha256:{digest}")));
        values.insert("image".into(), Value::Map(image));
        values.insert("replicas".into(), Value::Int(2 + random.below(5) as i64));
        values.insert("greeting".into(), Value::from(format!("{{{{ .Release.Name }}}} says {}", random.below(1000))));
    }
    values.insert("release".into(), Value::Map(release));
    karat_yaml::to_yaml(&Value::Map(values)).unwrap_or_default()
}

fn set(value: &mut Value, path: &[&str], to: Value) {
    match (path, value) {
        ([], value) => *value = to,
        ([key, rest @ ..], Value::Map(map)) => set(map.entry((*key).into()).or_default(), rest, to),
        (path, value) => {
            *value = Value::Map(karat_yaml::Map::new());
            set(value, path, to);
        }
    }
}

/// splitmix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn chart(put: &mut impl FnMut(&str, String), name: &str, templates: &[(&str, &str)], copies: usize) {
    let place = format!("apps/{name}/chart");
    put(&format!("{place}/Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\nappVersion: 1.0.0\n"));
    put(&format!("{place}/values.yaml"), CHART_VALUES.to_owned());
    put(&format!("{place}/templates/_helpers.tpl"), HELPERS.to_owned());
    for copy in 0..copies {
        for (file, text) in templates {
            let suffix = if copies == 1 { String::new() } else { format!("-{copy}") };
            put(&format!("{place}/templates/{file}{suffix}.yaml"), text.replace("@@", &suffix));
        }
    }
}

const ROOT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: root, namespace: argocd}
spec:
  project: default
  destination: {name: hub, namespace: argocd}
  source: {repoURL: https://git.example/config.git, targetRevision: main, path: hub}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
";

const PROJECT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: services}
spec: {sourceRepos: ['*'], destinations: [{name: '*', namespace: '*'}]}
";

const SERVICES: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: services}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  syncPolicy: {applicationsSync: create-update, preserveResourcesOnDeletion: true}
  generators:
    - matrix:
        generators:
          - git:
              repoURL: https://git.example/config.git
              revision: main
              files: [{path: clusters/*.yaml}]
              pathParamPrefix: clusterFile
            selector: {matchLabels: {cluster.role: workload}}
          - git:
              repoURL: https://git.example/config.git
              revision: main
              files: [{path: 'envs/{{ .cluster.environment }}/*/values.yaml'}]
  template:
    metadata:
      name: '{{ .path.basename }}-{{ .cluster.name }}'
      labels:
        app.kubernetes.io/name: '{{ .path.basename }}'
        karat.dev/environment: '{{ .cluster.environment }}'
        karat.dev/cluster: '{{ .cluster.name }}'
    spec:
      project: services
      destination: {name: '{{ .cluster.name }}', namespace: '{{ .path.basename }}'}
      sources:
        - repoURL: '{{ .release.repository }}'
          targetRevision: main
          path: chart
          helm:
            releaseName: '{{ .path.basename }}'
            valueFiles: ['$values/{{ .path.path }}/values.yaml']
            parameters:
              - {name: cluster.name, value: '{{ .cluster.name }}', forceString: true}
              - {name: cluster.environment, value: '{{ .cluster.environment }}', forceString: true}
              - {name: cluster.region, value: '{{ .cluster.region }}', forceString: true}
              - {name: cluster.domain, value: '{{ .cluster.domain }}', forceString: true}
        - {repoURL: https://git.example/config.git, targetRevision: main, ref: values}
      syncPolicy:
        automated: {prune: true, selfHeal: true}
        syncOptions: [ServerSideApply=true, PruneLast=true]
        retry: {limit: 5, backoff: {duration: 10s, factor: 2, maxDuration: 5m}}
";
