//! Patterns of git files generators against `git ls-files` itself.

use std::collections::BTreeSet;

use karat_fleet::{ExpandError, Globbing, Repositories, expand};
use karat_source::Folder;
use karat_testkit::Sandbox;
use karat_yaml::{Dialect, Numbers};

const FILES: &[&str] = &[
    "top.yaml",
    "a/one.yaml",
    "a/two.yml",
    "a/b/one.yaml",
    "a/b/c/deep.yaml",
    "a-b/x.yaml",
    "A/Upper.YAML",
    "with space/s p.yaml",
    "ümlaut/ö.yaml",
    "[x]/y.yaml",
    "star/a*b.yaml",
    ".hidden/h.yaml",
    "a/b.yaml",
    "a/]z.yaml",
    "a/^z.yaml",
    "a/-z.yaml",
    "q?/m.yaml",
    "back\\slash/n.yaml",
];

const PATTERNS: &[&str] = &[
    "*",
    "*.yaml",
    "a",
    "a/",
    "a/*",
    "a/*.yaml",
    "a/**",
    "**",
    "**/one.yaml",
    "*/one.yaml",
    "a*",
    "a*/x.yaml",
    "A*",
    ":(icase)a/*",
    ":(icase)a/upper.yaml",
    ":(glob)*",
    ":(glob)a/*",
    ":(glob)a/**",
    ":(glob)**/*.yaml",
    ":(glob)**/one.yaml",
    ":(glob)a/**/one.yaml",
    ":(glob)a**",
    ":(glob)*/*",
    ":(glob)**/b/**",
    ":(literal)star/a*b.yaml",
    ":(literal)*",
    ":(exclude)a/*",
    ":!a",
    ":^*.yaml",
    ":/top.yaml",
    ":(top)a/b",
    "?op.yaml",
    "a?b/x.yaml",
    "a[/-]b*",
    "[x]/y.yaml",
    "[x]*",
    "\\[x\\]/y.yaml",
    "star/a\\*b.yaml",
    "a/[]]z.yaml",
    "a/[^o]*",
    "a/[!o]*",
    "a/[o-t]*",
    "a/[a-",
    "a/[[:punct:]]z.yaml",
    "[[:upper:]]*",
    "ü*",
    "?mlaut/*",
    "??mlaut/*",
    "with space/*",
    "./a/../a/one.yaml",
    "a//one.yaml",
    "nothing",
    "q?/m.yaml",
    "q\\?/m.yaml",
    "back\\slash/n.yaml",
    "back\\\\slash/n.yaml",
    "a/b",
    "a/b/",
    "a/b.yaml/",
    "*\\",
    ":(glob,icase)A/**/ONE.yaml",
    ":(exclude,glob)**/*.yaml",
    ".hidden/*",
    "*hidden*",
    "",
    ".",
    "a/*/",
    "*a*b*c*",
    "**b**",
];

#[test]
fn select_what_git_selects() {
    let sandbox = Sandbox::new();
    for file in FILES {
        sandbox.write(&format!("tree/{file}"), "a: b\n");
    }
    let tree = sandbox.path().join("tree");
    let git = |arguments: &[&str]| sandbox.command("git").args(arguments).current_dir(&tree).run();
    let _ = git(&["init", "-q"]).success();
    let _ = git(&["add", "-A", "-f"]).success();
    let world = Folder::open(&tree).unwrap();
    let repositories = Repositories::new(&world, [("https://git.example/x".into(), String::new())], Globbing::Pathspec);
    for pattern in PATTERNS {
        let asked = if pattern.is_empty() { "." } else { pattern };
        let expected = git(&["ls-files", "--full-name", "-z", "--", asked]);
        let text = format!(
            "spec:
  goTemplate: true
  generators: [{{git: {{repoURL: https://git.example/x, revision: main, files: [{{path: {}}}]}}}}]
  template: {{metadata: {{name: x}}, spec: {{project: p, destination: {{}}}}}}",
            serde_json::Value::from(*pattern)
        );
        let set = karat_yaml::from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Kept).unwrap();
        let expansion = expand(&set, &repositories);
        if expected.code != Some(0) {
            assert!(matches!(expansion.errors[..], [ExpandError::Invalid { .. }]), "{pattern}: git refuses it");
            continue;
        }
        assert!(expansion.errors.is_empty(), "{pattern}: {:?}", expansion.errors);
        let wanted: BTreeSet<&str> = expected.stdout.split('\0').filter(|name| !name.is_empty()).collect();
        let found: BTreeSet<&str> = expansion
            .applications
            .iter()
            .flat_map(|application| &application.files)
            .map(ecow::EcoString::as_str)
            .collect();
        assert_eq!(found, wanted, "{pattern}");
    }
}
