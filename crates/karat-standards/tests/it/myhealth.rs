//! The organisation that ships with Karat: all of it meets every standard, and breaking one is found at its line.

use std::path::Path;
use std::sync::Arc;

use karat_fleet::{Asked, Cache, Fleet, trace};
use karat_source::{Folder, Memory, World, walk};
use karat_standards::{Report, Standards, judge, subject};
use rayon::prelude::*;

use crate::breaks::{Break, REPOSITORIES};
use crate::world::TODAY;

fn folder() -> Memory {
    let folder = Folder::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth")).unwrap();
    // Who builds a service where it lies has its programs there.
    let files = walk(&folder, "").unwrap().into_iter().filter(|path| !path.split('/').any(|part| part == "target"));
    files.map(|path| (path.clone(), folder.read(&path).unwrap())).collect()
}

fn check(world: Memory, cache: &Cache) -> Report {
    let world: Arc<dyn World> = Arc::new(world);
    let fleet = Arc::new(Fleet::build(&*world, cache).unwrap());
    let (subject, organisation, errors) = subject(&fleet, &world);
    assert!(errors.is_empty(), "{errors:#?}");
    let mut report = judge(&Standards::builtin().unwrap(), &organisation, &subject, TODAY);
    // Lines of a rendered text are not those of its template: those are asked for as `karat check` asks.
    for finding in report.findings.iter_mut().filter(|finding| finding.place.line == 0) {
        let object = &subject.objects[finding.objects[0]];
        let application = fleet.application(&subject.application(object).name).unwrap();
        let document = application.documents.iter().find(|document| document.identity == object.identity).unwrap();
        let asked = Asked { application, document, path: &finding.path };
        let traced = trace(&fleet, &*world, cache, &[asked]).remove(0).unwrap();
        finding.place.file = traced.place.file.as_str().into();
        finding.place.line = traced.place.span.unwrap().start.line.try_into().unwrap();
    }
    report
}

#[test]
fn myhealth_is_24_karat() {
    let report = check(folder(), &Cache::default());
    let found: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let place = &finding.place;
            format!(
                "{}:{}:{} [{}] {} {:?}",
                place.file, place.line, place.column, finding.standard, finding.message, finding.affected.clusters
            )
        })
        .collect();
    assert!(found.is_empty() && report.waivers.is_empty(), "{}\n{:#?}", found.join("\n"), report.waivers);
    assert!(report.objects > 100, "{}", report.objects);
    for (entity, score) in &report.scores {
        assert_eq!(score.karats, 24, "{entity:?}");
    }
}

const POD: &str = "apps/appointments/chart/charts/service/templates/_pod.tpl";
const ROLLOUT: &str = "apps/appointments/chart/charts/service/templates/_rollout.tpl";

#[rustfmt::skip]
const BREAKS: &[Break] = &[
    Break { standard: "compute/auto-mode-or-cilium", file: "config/addons/cilium/addon.yaml",
        from: "runsOn: karpenter", to: "runsOn: every",
        place: ("config/clusters/platform-eu.yaml", "compute: auto"),
        message: "cluster `platform-eu` is EKS Auto Mode, which allows no CNI but its own, and yet runs Cilium" },
    Break { standard: "compute/nodepool-bounded", file: "config/addons/karpenter-pools/clusters/production-us/node-pool.yaml",
        from: "expireAfter: 336h", to: "expireAfter: Never",
        place: ("config/addons/karpenter-pools/clusters/production-us/node-pool.yaml", "expireAfter: Never"),
        message: "nodes of pool `general` never grow too old" },
    Break { standard: "compute/requests-set", file: POD,
        from: "{{- toYaml $service.resources | nindent 8 }}", to: "requests: {cpu: 1}",
        place: (POD, "resources:"), message: "container `appointments` has no memory limit" },
    Break { standard: "compute/spread-and-budget", file: "apps/appointments/chart/charts/service/templates/_availability.tpl",
        from: "minReplicas: {{ $scaling.minReplicas }}", to: "minReplicas: 1",
        place: ("apps/appointments/chart/charts/service/templates/_availability.tpl", "minReplicas: 1"),
        message: "Rollout `appointments` may run with 1 of at least 2 replicas" },
    Break { standard: "delivery/analysed", file: ROLLOUT,
        from: "templateName: {{ $name }}-canary", to: "templateName: other",
        place: (ROLLOUT, "templateName: other"), message: "there is no AnalysisTemplate `other` to judge the canary of `appointments`" },
    Break { standard: "delivery/canary", file: ROLLOUT,
        from: "setWeight: {{ .weight }}", to: "setWeight: 100",
        place: (ROLLOUT, "steps:"), message: "Rollout `appointments` has fewer than 3 steps between nobody and everybody" },
    Break { standard: "delivery/rolls-back", file: ROLLOUT,
        from: "progressDeadlineAbort: true", to: "progressDeadlineAbort: false",
        place: (ROLLOUT, "progressDeadlineAbort: false"), message: "Rollout `appointments` does not go back when it makes no progress (progressDeadlineAbort)" },
    Break { standard: "gitops/app-of-apps", file: "config/other/extra.yaml", from: "",
        to: "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: extra\n",
        place: ("config/other/extra.yaml", "name: extra"), message: "ApplicationSet `extra` is below no root: nothing applies it" },
    Break { standard: "gitops/applicationsets", file: "config/extra/records.yaml", from: "",
        to: "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: records\n",
        place: ("config/extra/records.yaml", "kind: Application"),
        message: "Application `records` is written by hand and not made by an ApplicationSet" },
    Break { standard: "gitops/bounded-project", file: "config/projects/tenants.yaml",
        from: "{name: staging-eu, namespace: scheduling}", to: "{name: staging-eu, namespace: \"*\"}",
        place: ("config/projects/tenants.yaml", "namespace: \"*\""), message: "project `tenants` deploys into any namespace" },
    Break { standard: "gitops/pinned", file: "config/envs/production/appointments/values.yaml",
        from: "revision: \"0371fc2bf065901c366c2a7b086f59f8f2fb3c34\"", to: "revision: main",
        place: ("config/envs/production/appointments/values.yaml", "revision: main"),
        message: "`main` of `https://git.myhealth.example/scheduling/appointments.git` is not pinned" },
    Break { standard: "gitops/safe-applicationset", file: "config/appsets/tenants.yaml",
        from: "preserveResourcesOnDeletion: true", to: "preserveResourcesOnDeletion: false",
        place: ("config/appsets/tenants.yaml", "preserveResourcesOnDeletion: false"),
        message: "deleting ApplicationSet `tenants` deletes everything that it has deployed (preserveResourcesOnDeletion)" },
    Break { standard: "gitops/synced", file: "config/appsets/addons.yaml",
        from: "selfHeal: true", to: "selfHeal: false",
        place: ("config/appsets/addons.yaml", "selfHeal: false"),
        message: "what is changed by hand in the cluster stays (selfHeal)" },
    Break { standard: "gitops/values-in-config", file: "apps/appointments/chart/values-production.yaml", from: "", to: "service: {}\n",
        place: ("apps/appointments/chart/values-production.yaml", "service"),
        message: "`chart/values-production.yaml` of repository `appointments` holds values of an environment, which belong into the config repository" },
    Break { standard: "mesh/ambient", file: "config/tenants/scheduling/namespace.yaml",
        from: "istio.io/dataplane-mode: ambient", to: "istio.io/dataplane-mode: none",
        place: ("config/tenants/scheduling/namespace.yaml", "dataplane-mode: none"), message: "namespace `scheduling` is not in the mesh" },
    Break { standard: "mesh/authorized", file: "config/tenants/scheduling/authorization.yaml",
        from: "mode: STRICT", to: "mode: PERMISSIVE",
        place: ("config/tenants/scheduling/authorization.yaml", "mode: PERMISSIVE"),
        message: "namespace `scheduling` takes calls without mTLS (PERMISSIVE)" },
    Break { standard: "mesh/ingress", file: "config/tenants/scheduling/door.yaml", from: "",
        to: "apiVersion: v1\nkind: Service\nmetadata: {name: door, namespace: scheduling}\nspec:\n  type: LoadBalancer\n",
        place: ("config/tenants/scheduling/door.yaml", "type: LoadBalancer"), message: "Service `door` is a door of its own (LoadBalancer)" },
    Break { standard: "mesh/no-sidecars", file: "config/tenants/scheduling/namespace.yaml",
        from: "istio.io/dataplane-mode: ambient", to: "istio-injection: enabled",
        place: ("config/tenants/scheduling/namespace.yaml", "istio-injection: enabled"),
        message: "namespace `scheduling` has sidecars injected" },
    Break { standard: "mesh/waypoint-for-l7", file: "config/tenants/scheduling/route.yaml", from: "",
        to: "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: old, namespace: scheduling}\nspec: {hosts: [x]}\n",
        place: ("config/tenants/scheduling/route.yaml", "kind: VirtualService"),
        message: "VirtualService `old` is not for ambient: a waypoint obeys HTTPRoutes" },
    Break { standard: "network/ambient-with-cilium", file: "config/addons/cilium/values.yaml",
        from: "  exclusive: false", to: "  exclusive: true",
        place: ("config/addons/cilium/values.yaml", "exclusive: true"),
        message: "Cilium removes the mesh's CNI plug-in (cni.exclusive must be false)" },
    Break { standard: "network/encrypted-in-transit", file: "config/addons/istio-base/manifests/mesh.yaml",
        from: "mode: STRICT", to: "mode: PERMISSIVE",
        place: ("config/clusters/platform-eu.yaml", "compute: auto"),
        message: "nothing encrypts between nodes of cluster `platform-eu`: EKS Auto Mode has no Cilium, and the mesh is not strict" },
    Break { standard: "runtime/hardened", file: POD,
        from: "readOnlyRootFilesystem: true", to: "readOnlyRootFilesystem: false",
        place: (POD, "readOnlyRootFilesystem: false"), message: "container `appointments` has a writable root file system" },
    Break { standard: "secrets/external", file: "config/tenants/scheduling/production-eu/secrets.yaml",
        from: "service: SecretsManager", to: "service: ParameterStore",
        place: ("config/tenants/scheduling/production-eu/secrets.yaml", "  provider:"), message: "SecretStore `aws` is not AWS Secrets Manager" },
    Break { standard: "secrets/in-memory", file: POD,
        from: "      env:\n", to: "      envFrom: [{secretRef: {name: database}}]\n      env:\n",
        place: (POD, "secretRef: {name: database}"), message: "all of Secret `database` becomes environment variables" },
    Break { standard: "secrets/no-native-secrets", file: "config/tenants/scheduling/secret.yaml", from: "",
        to: "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: scheduling}\nstringData: {password: x}\n",
        place: ("config/tenants/scheduling/secret.yaml", "stringData"), message: "Secret `db` carries data" },
    Break { standard: "supply-chain/image-by-digest", file: POD,
        from: "image: {{ include \"service.image\" . }}", to: "image: registry.myhealth.example/scheduling/appointments:1",
        place: (POD, "appointments:1"), message: "container `appointments` names its image by tag, not by digest" },
    Break { standard: "supply-chain/own-registry", file: "apps/appointments/chart/values.yaml",
        from: "repository: registry.myhealth.example/scheduling/appointments", to: "repository: docker.io/library/nginx",
        place: (POD, "image: {{ include"),
        message: "container `appointments` pulls `docker.io/library/nginx@sha256:b2250c704a50dd2cc1576148331e9e061ff20a8b790c75d0a377ec8a9bf8306b` from a registry that is not ours" },
    Break { standard: "tenancy/default-deny", file: "config/tenants/scheduling/network-policies.yaml",
        from: "cidr: 169.254.7.127/32", to: "cidr: 0.0.0.0/0",
        place: ("config/tenants/scheduling/network-policies.yaml", "cidr: 0.0.0.0/0"),
        message: "NetworkPolicy `allow-probes` lets traffic in from `0.0.0.0/0`" },
    Break { standard: "tenancy/limits", file: "config/tenants/scheduling/limits.yaml",
        from: "      default:\n        memory: 256Mi\n", to: "",
        place: ("config/tenants/scheduling/limits.yaml", "  limits:"),
        message: "containers of namespace `scheduling` that limit nothing get no default memory limit" },
    Break { standard: "tenancy/pod-security", file: "config/tenants/scheduling/namespace.yaml",
        from: "pod-security.kubernetes.io/enforce: restricted", to: "pod-security.kubernetes.io/enforce: baseline",
        place: ("config/tenants/scheduling/namespace.yaml", "enforce: baseline"),
        message: "namespace `scheduling` does not enforce the restricted profile" },
    Break { standard: "tenancy/quota", file: "config/tenants/scheduling/staging-eu/quota.yaml",
        from: "    pods: \"40\"\n", to: "",
        place: ("config/tenants/scheduling/staging-eu/quota.yaml", "  hard:"),
        message: "the quota of namespace `scheduling` does not bound pods" },
];

#[test]
fn breaking_a_standard_is_found_at_its_line() {
    let standards = Standards::builtin().unwrap();
    let breaks: Vec<&Break> = BREAKS.iter().chain(REPOSITORIES).collect();
    let mut broken: Vec<&str> = breaks.iter().map(|one| one.standard).collect();
    broken.sort_unstable();
    assert_eq!(broken, standards.ids().map(ecow::EcoString::as_str).collect::<Vec<_>>());
    let (whole, cache) = (folder(), Cache::default());
    let failure = |one: &&Break| {
        let mut world = whole.clone();
        if one.from.is_empty() {
            world.insert(one.file, one.to);
        } else {
            let text = String::from_utf8(world.read(one.file).unwrap()).unwrap();
            assert!(text.contains(one.from), "{}: {} does not hold {:?}", one.standard, one.file, one.from);
            world.insert(one.file, text.replacen(one.from, one.to, 1));
        }
        let texts = world.clone();
        let report = check(world, &cache);
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.standard == one.standard).collect();
        let hit = found.iter().any(|finding| {
            let place = &finding.place;
            let text = texts.read(&place.file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let line =
                text.ok().and_then(|text| Some(text.lines().nth(place.line.checked_sub(1)? as usize)?.to_owned()));
            finding.message == one.message
                && finding.fix == standards.get(one.standard).unwrap().fix
                && place.file == one.place.0
                && line.is_some_and(|line| line.contains(one.place.1))
        });
        let told = || found.iter().map(|finding| (&finding.place, &finding.message)).collect::<Vec<_>>();
        (!hit).then(|| format!("{}: {:#?}", one.standard, told()))
    };
    let failures: Vec<String> = breaks.par_iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_cannot_be_rendered_is_not_judged_by_what_is_missing() {
    let mut world = folder();
    let values = "config/envs/production/appointments/values.yaml";
    let text = String::from_utf8(world.read(values).unwrap()).unwrap();
    // The chart's schema asks for two.
    world.insert(values, text.replace("minReplicas: 3", "minReplicas: 1"));
    let report = check(world, &Cache::default());
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}
