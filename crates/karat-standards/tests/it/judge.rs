//! What a run makes of violations: merged over clusters, waived, excepted, counted in karats.

use karat_kube::Identity;
use karat_source::Memory;
use karat_standards::{
    Application, Cluster, Entity, EntityKind, FindingKind, Level, Object, Organisation, Standards, State, Subject,
    WaiverProblemKind, judge,
};

use crate::world::{TODAY, manifests, one, organisation};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: records}
spec:
  containers:
    - name: app
      image: registry.example/records:1
";

/// The service `records` on staging and on two clusters of production.
fn subject(pod: &str) -> Subject {
    let mut subject = Subject::default();
    let doc = manifests("chart/templates/pod.yaml", pod).remove(0);
    for (at, (name, environment)) in
        [("staging-eu", "staging"), ("production-eu", "production"), ("production-us", "production")].iter().enumerate()
    {
        subject.clusters.push(Cluster {
            name: (*name).into(),
            environment: (*environment).into(),
            doc: one("clusters/x.yaml", &format!("cluster: {{name: {name}, environment: {environment}}}")),
        });
        subject.applications.push(Application {
            name: format!("records-{name}").into(),
            entity: Entity { kind: EntityKind::Service, name: "records".into() },
            cluster: at,
            namespace: "records".into(),
            project: "records".into(),
            state: State::Whole,
            doc: one("appsets/services.yaml", "kind: Application"),
        });
        let identity = Identity::of(&doc.value()).unwrap().within("records");
        subject.objects.push(Object { identity, doc: doc.clone(), application: at, own: false });
    }
    subject
}

fn standards(ids: &[&str]) -> Standards {
    let files: Vec<_> = karat_standards::FILES
        .iter()
        .filter(|(path, _)| ids.iter().any(|id| *path == format!("standards/{id}/standard.yaml")))
        .map(|(path, text)| one(path, text))
        .collect();
    assert_eq!(files.len(), ids.len());
    Standards::read(&files).unwrap()
}

fn with_waivers(waivers: &str) -> Organisation {
    let mut organisation = organisation();
    let text = format!("apiVersion: karat.dev/v1\nkind: Waivers\nmetadata: {{name: x}}\nwaivers:\n{waivers}");
    organisation.add_waivers(&one("governance/waivers.yaml", &text)).unwrap();
    organisation
}

#[test]
fn one_violation_on_three_clusters_is_one_finding() {
    let report = judge(&standards(&["supply-chain/image-by-digest"]), &organisation(), &subject(POD), TODAY);
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.message, "container `app` names its image by tag, not by digest");
    assert_eq!(
        (finding.place.file.as_str(), finding.place.line, finding.place.column),
        ("chart/templates/pod.yaml", 8, 7)
    );
    assert_eq!((finding.place.end_line, finding.place.end_column), (8, 12));
    assert_eq!(finding.path.to_string(), "spec.containers[0].image");
    assert_eq!(finding.objects, [0, 1, 2]);
    assert_eq!(finding.affected.clusters.len(), 3);
    assert_eq!(
        finding.affected.environments.iter().map(ecow::EcoString::as_str).collect::<Vec<_>>(),
        ["production", "staging"]
    );
    assert_eq!((finding.level, finding.kind), (Level::Must, FindingKind::Violation));
    assert_eq!((report.objects, report.distinct), (3, 1));
    assert!(report.fails(false));
    let score = &report.scores[&Entity { kind: EntityKind::Service, name: "records".into() }];
    assert_eq!((score.karats, score.unmet.len()), (21, 1));
}

#[test]
fn a_waiver_for_one_cluster_leaves_the_others() {
    let organisation = with_waivers(
        "  - standard: supply-chain/image-by-digest
    on: {application: records, cluster: staging-eu}
    owner: group:default/records
    reason: the mirror of staging has no digests yet
    until: \"2026-12-31\"\n",
    );
    let report = judge(&standards(&["supply-chain/image-by-digest"]), &organisation, &subject(POD), TODAY);
    let waived: Vec<bool> = report.findings.iter().map(|finding| finding.waiver.is_some()).collect();
    assert_eq!(waived.len(), 2);
    let (open, accepted) = (&report.findings[usize::from(waived[0])], &report.findings[usize::from(!waived[0])]);
    assert_eq!(open.affected.clusters.len(), 2);
    assert_eq!(accepted.affected.clusters.iter().map(ecow::EcoString::as_str).collect::<Vec<_>>(), ["staging-eu"]);
    assert_eq!(accepted.waiver.as_ref().unwrap().until.to_string(), "2026-12-31");
    assert!(report.waivers.is_empty() && report.fails(false));
}

#[test]
fn what_is_waived_everywhere_costs_nothing() {
    let organisation = with_waivers(
        "  - {standard: supply-chain/image-by-digest, on: {kind: Pod, name: records}, owner: x, reason: y, until: \"2026-11-25\"}\n",
    );
    let report = judge(&standards(&["supply-chain/image-by-digest"]), &organisation, &subject(POD), TODAY);
    assert!(!report.fails(true));
    let score = &report.scores[&Entity { kind: EntityKind::Service, name: "records".into() }];
    assert_eq!((score.karats, score.waived.len()), (24, 1));
}

#[test]
fn waivers_end_and_name_what_exists() {
    let organisation = with_waivers(
        "  - {standard: supply-chain/image-by-digest, on: {application: records}, owner: x, reason: y, until: \"2026-11-24\"}
  - {standard: supply-chain/image-by-diggest, on: {application: records}, owner: x, reason: y, until: \"2026-12-24\"}
  - {standard: supply-chain/own-registry, on: {application: records}, owner: x, reason: y, until: \"2026-12-24\"}\n",
    );
    let standards = standards(&["supply-chain/image-by-digest", "supply-chain/own-registry"]);
    let report = judge(&standards, &organisation, &subject(POD), TODAY);
    let problems: Vec<_> =
        report.waivers.iter().map(|problem| (problem.kind, problem.place.line, problem.message.as_str())).collect();
    assert_eq!(
        problems,
        [
            (
                WaiverProblemKind::Expired,
                5,
                "the waiver of supply-chain/image-by-digest ended on 2026-11-24: mend what it waived, or agree on a new end"
            ),
            (WaiverProblemKind::UnknownStandard, 6, "there is no standard supply-chain/image-by-diggest to waive"),
            (WaiverProblemKind::Unused, 7, "nothing violates supply-chain/own-registry here: the waiver can go"),
        ]
    );
    assert!(report.findings.iter().all(|finding| finding.waiver.is_none()));
    assert!(report.fails(false));
}

#[test]
fn what_cannot_be_judged_is_a_finding() {
    for (pod, message) in [
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: records}\nspec: {containers: app}\n",
            "Pod records/records: `spec.containers` is not a list",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: records}\nspec: {containers: [{name: app, image: 7}]}\n",
            "Pod records/records: matches: not on int",
        ),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: records}\n", "Pod records/records: it has no pod spec"),
    ] {
        let report = judge(&standards(&["supply-chain/image-by-digest"]), &organisation(), &subject(pod), TODAY);
        let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
        assert_eq!((finding.kind, finding.message.as_str()), (FindingKind::CannotJudge, message));
        assert!(report.fails(false));
    }
}

#[test]
fn karats_never_fall_below_none() {
    let ids: Vec<&str> = karat_standards::FILES
        .iter()
        .map(|(path, _)| path.strip_prefix("standards/").unwrap().strip_suffix("/standard.yaml").unwrap())
        .collect();
    let pod = POD.replace("registry.example/records:1", "nginx") + "      envFrom: [{secretRef: {name: x}}]\n";
    let report = judge(&standards(&ids), &organisation(), &subject(&pod), TODAY);
    let score = &report.scores[&Entity { kind: EntityKind::Service, name: "records".into() }];
    assert_eq!(score.karats, 0);
    assert!(score.unmet.values().map(|karats| u32::from(*karats)).sum::<u32>() > 24);
}

#[test]
fn files_that_are_wrong_say_where_and_what() {
    let standard = |change: (&str, &str)| {
        let text = karat_standards::FILES.iter().find(|(path, _)| path.contains("image-by-digest")).unwrap().1;
        assert!(text.contains(change.0), "{change:?}");
        Standards::read(&[one("s.yaml", &text.replacen(change.0, change.1, 1))]).unwrap_err().remove(0).to_string()
    };
    for (change, error) in [
        (("level: must", "level: most"), "s.yaml:11:3: `most` is not one of must, should"),
        (("karats: 3", "karats: 30"), "s.yaml:12:3: a whole number from 1 to 24 is expected"),
        (("to: object", "to: fleet"), "s.yaml:14:5: standards for the scope `fleet` are not read yet"),
        (
            ("to: object", "to: objekt"),
            "s.yaml:14:5: `objekt` is not one of object, namespace, application, cluster, addon, config, repository, fleet, module, doc",
        ),
        (
            ("kinds: [workloads]", "kinds: [Workload]"),
            "s.yaml:15:13: the kind `Workload` is not known here: say `Workload.group`",
        ),
        (
            ("kinds: [workloads]", "kinds: [Gateway]"),
            "s.yaml:15:13: `Gateway` is a kind of several groups: say `Gateway.gateway.networking.k8s.io` or `Gateway.networking.istio.io`",
        ),
        (("has(self.image)", "has(self.imago"), "s.yaml:18:7: "),
        (
            ("message: container", "massage: container"),
            "s.yaml:20:7: unknown field `massage`; known here: to, where, kinds, each, cel, on, at, message",
        ),
        (
            ("`{self.name}`", "`{self.name`"),
            "s.yaml:20:7: a `{` without its counterpart; a brace that means itself is written twice",
        ),
        (("admission: Deny", "admission: Never"), "s.yaml:25:13: `Never` is not one of Deny, Warn, Audit"),
        (
            ("how-to/pin-an-image", "pin-an-image.md"),
            "s.yaml:26:3: the fix is a page of the docs without its ending, such as `how-to/harden-a-container`",
        ),
        (
            ("title: ", "titel: "),
            "s.yaml:6:3: unknown field `titel`; known here: title, why, source, level, karats, applies, check, checks, enforce, fix",
        ),
        (
            ("name: supply-chain/image-by-digest", "name: Supply/Chain"),
            "s.yaml:4:3: `Supply/Chain` is not of the form `area/slug`, in small letters, digits and `-`",
        ),
        (
            ("podSpec.containers[*]\"", "podSpec.containers\""),
            "s.yaml:17:14: `podSpec.containers` does not end with `[*]`: leave `each` out to look at one thing",
        ),
    ] {
        let found = standard(change);
        assert!(found.starts_with(error) && !found.contains("self.imago"), "{change:?}\n{found}\n{error}");
    }
    let mut organisation = organisation();
    let waivers = "apiVersion: karat.dev/v1\nkind: Waivers\nwaivers:\n  - {standard: a/b, on: {}, owner: x, reason: y, until: \"2026-12-24\"}\n";
    let error = organisation.add_waivers(&one("w.yaml", waivers)).unwrap_err().to_string();
    assert_eq!(
        error,
        "w.yaml:4:21: a waiver is for something: say an application, a cluster, a namespace or an object"
    );
    let error = organisation
        .add_waivers(&one("w.yaml", &waivers.replace("on: {}", "on: {name: x}").replace("2026-12-24", "soon")))
        .unwrap_err()
        .to_string();
    assert_eq!(error, "w.yaml:4:57: a day is expected, such as \"2026-12-31\"");
}

#[test]
fn an_organisation_adds_standards_and_makes_its_own_of_ours() {
    let mut standards = standards(&["supply-chain/image-by-digest"]);
    let ours = karat_standards::FILES.iter().find(|(path, _)| path.contains("image-by-digest")).unwrap().1;
    let mut world = Memory::default();
    world.insert("governance/standards/images/standard.yaml", ours.replace("karats: 3", "karats: 1"));
    world.insert("governance/standards/tags/standard.yaml", ours.replace("supply-chain/image-by-digest", "our/tags"));
    world.insert("governance/standards/wrong/standard.yaml", ours.replace("kind: Standard", "kind: Rule"));
    world.insert("governance/standards/README.md", "what these are");
    let errors = standards.add_from(&world, "governance/standards");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].to_string(), "governance/standards/wrong/standard.yaml:2:1: `Rule` is not one of Standard");
    assert_eq!(
        standards.ids().map(ecow::EcoString::as_str).collect::<Vec<_>>(),
        ["our/tags", "supply-chain/image-by-digest"]
    );
    assert_eq!(standards.get("supply-chain/image-by-digest").unwrap().karats, 1);
    assert!(standards.add_from(&world, "nowhere").is_empty());
}

#[test]
fn a_part_adds_to_lists_and_decides_nothing_else() {
    let part = |settings: &str| {
        let text = format!(
            "apiVersion: karat.dev/v1\nkind: OrganisationPart\nmetadata: {{name: billing}}\nspec:\n  repositories: [{{name: billing, \
             url: https://git.example/billing.git}}]\n  settings: {settings}\n"
        );
        one("governance/organisation.d/billing.yaml", &text)
    };
    let mut all = organisation();
    let before = all.setting("delivery.criticalServices").cloned();
    all.add_part(&part("{delivery: {criticalServices: [billing]}}")).unwrap();
    let critical = all.setting("delivery.criticalServices").and_then(|list| list.as_seq()).unwrap();
    assert_eq!(critical.len(), before.as_ref().and_then(|list| list.as_seq()).map_or(0, <[_]>::len) + 1);
    assert_eq!(critical.last().and_then(|name| name.as_str()), Some("billing"));
    assert!(all.setting("repositories.billing").is_some());
    let refused = all.add_part(&part("{compute: {minReplicas: 1}}")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "governance/organisation.d/billing.yaml:6:24: a part adds to lists; this is decided in governance/organisation.yaml"
    );
}
