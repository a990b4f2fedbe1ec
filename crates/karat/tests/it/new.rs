//! `karat new`: all of it or nothing, asked or told.

use fs_err as fs;
use insta::assert_snapshot;
use karat_testkit::Sandbox;

use crate::{karat, myhealth};

/// A path of two pages, a repository and a change to config.
pub(crate) fn path(sandbox: &Sandbox, version: &str) {
    sandbox.write(
        "path/template.yaml",
        format!(
            r#"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: small
  title: A small service
  annotations:
    karat.dev/version: {version}
    karat.dev/owned: |
      lib/**
spec:
  owner: platform
  type: service
  parameters:
    - title: The service
      description: What people will call it, and where it keeps what it knows.
      required: [name]
      properties:
        name: {{type: string, title: Name, pattern: '^[a-z]+$', default: shop, description: lower-case letters}}
        store: {{type: string, title: Store, enum: [none, sql], enumNames: [Nothing, A database], default: none}}
    - title: More
      properties:
        port: {{type: integer, default: 8080, maximum: 9000}}
        public: {{type: boolean, default: false}}
        tags: {{type: array, items: {{type: string}}, default: []}}
  steps:
    - id: skeleton
      action: fetch:template
      input: {{url: ./skeleton, targetPath: repository, values: '${{{{ parameters }}}}'}}
    - id: registration
      action: fetch:template
      input: {{url: ./registration, targetPath: registration, values: '${{{{ parameters }}}}'}}
    - id: publish
      action: publish:github
      input: {{repoUrl: 'git.myhealth.example?owner=scheduling&repo=${{{{ parameters.name }}}}', sourcePath: repository}}
    - id: config
      action: publish:github:pull-request
      input: {{repoUrl: 'git.myhealth.example?owner=platform&repo=config', sourcePath: registration, branchName: x, title: 'Run ${{{{ parameters.name }}}}'}}
  output:
    links: [{{title: Repository, url: '${{{{ steps.publish.output.remoteUrl }}}}'}}]
    text: [{{title: Next, content: 'cd ${{{{ parameters.name }}}}'}}]
"#
        ),
    );
    sandbox.write(
        "path/skeleton/README.md",
        "# ${{ values.name }}\n\nListens on ${{ values.port }}.\n\nTags: ${{ values.tags | join(', ') }}\n",
    );
    sandbox.write("path/skeleton/lib/lib.txt", "of the path\n");
    sandbox.write("path/skeleton/{% if values.store == 'sql' %}store.txt{% endif %}", "a database\n");
    let run = sandbox.write("path/skeleton/run.sh", "#!/bin/sh\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(run, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.write("path/registration/notes/${{ values.name }}.md", "${{ values.name }} runs\n");
}

/// What is in the sandbox's folder, without the path itself.
fn left(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(sandbox.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "path" && name != "myhealth")
        .collect();
    names.sort();
    names
}

#[test]
fn a_repository_from_answers() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    sandbox.write("answers.yaml", "name: desk\nstore: sql\ntags: [a, b]\n");
    let output =
        karat(&sandbox).args(["new", "--template", "./path", "--answers", "answers.yaml", "--set", "port=8081"]).run();
    assert_snapshot!(output.text());
    assert_eq!(sandbox.read("desk/README.md"), "# desk\n\nListens on 8081.\n\nTags: a, b\n");
    assert_eq!(sandbox.read("desk/store.txt"), "a database\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(sandbox.path().join("desk/run.sh")).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{mode:o}");
    }
    assert_snapshot!(sandbox.read("desk/.karat-lineage.yaml"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    let output = karat(&sandbox).args(["new", "-t", "path/template.yaml", "--defaults", "--dry-run", "there"]).run();
    assert_snapshot!(output.text());
    assert!(left(&sandbox).is_empty());
}

#[test]
fn a_person_is_asked_until_the_answer_fits() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    let lines = "Bad Name\ndesk\n7\n2\nmany\n9001\n9000\nmaybe\ny\na, b\n";
    let output = karat(&sandbox).args(["new", "-t", "./path", "--ask", "--dry-run"]).stdin(lines).run();
    assert_snapshot!(output.text());
    let short = karat(&sandbox).args(["new", "-t", "./path", "--ask"]).stdin("desk\n").run();
    assert!(short.failure(2).stderr.ends_with("error: standard input ended before everything was answered\n"));
    assert!(left(&sandbox).is_empty());
}

#[test]
fn what_goes_wrong_is_told_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    sandbox.write("wrong.yaml", "name: [\n");
    sandbox.write("full/x", "");
    let mut answers = String::new();
    for arguments in [
        "new --template ./path",
        "new --template nope --defaults",
        "new --defaults",
        "new -t ./path --answers nowhere.yaml",
        "new -t ./path --answers wrong.yaml",
        "new -t ./path --set name=Desk --set port=99999 --set nmae=x",
        "new -t ./path --set name",
        "new -t ./path --defaults full",
    ] {
        let output = karat(&sandbox).args(arguments.split(' ')).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{arguments}");
        answers.push_str(&format!("$ karat {arguments}\n{}\n", output.stderr));
    }
    sandbox.write("path/skeleton/broken.txt", "fine\n${{ values.name | shout }}\n");
    let output = karat(&sandbox).args(["new", "-t", "./path", "--defaults"]).run().failure(2);
    answers.push_str(&output.stderr);
    assert_snapshot!(answers);
    assert_eq!(left(&sandbox), ["full", "wrong.yaml"]);
}

#[test]
fn an_organisation_is_changed_with_it() {
    let sandbox = myhealth();
    path(&sandbox, "1.0.0");
    let output =
        karat(&sandbox).args(["new", "-t", "./path", "--defaults", "--organisation", "myhealth", "shop"]).run();
    assert_snapshot!(output.success().stdout);
    assert_eq!(sandbox.read("myhealth/config/notes/shop.md"), "shop runs\n");
    // The same again: the folder is taken, and nothing else happens.
    let _ = karat(&sandbox)
        .args(["new", "-t", "./path", "--set", "port=1", "--organisation", "myhealth", "shop"])
        .run()
        .failure(2);
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let sandbox = myhealth();
    path(&sandbox, "1.0.0");
    fs::create_dir_all(sandbox.path().join("outside")).unwrap();
    std::os::unix::fs::symlink("../../outside", sandbox.path().join("myhealth/config/notes")).unwrap();
    let output =
        karat(&sandbox).args(["new", "-t", "./path", "--defaults", "--organisation", "myhealth"]).run().failure(2);
    assert!(output.stderr.contains("link"), "{}", output.stderr);
    assert_eq!(fs::read_dir(sandbox.path().join("outside")).unwrap().count(), 0);
    assert_eq!(left(&sandbox), ["outside"]);
}

#[test]
fn remotes_are_pushed_to() {
    let sandbox = Sandbox::new();
    path(&sandbox, "1.0.0");
    let git = |folder: &str, arguments: &str| {
        sandbox
            .command("git")
            .current_dir(sandbox.path().join(folder))
            .args(arguments.split(' '))
            .run()
            .success()
            .stdout
    };
    for name in ["scheduling/shop.git", "platform/config.git", "seed"] {
        fs::create_dir_all(sandbox.path().join("remotes").join(name)).unwrap();
    }
    let remotes = sandbox.path().join("remotes");
    for (key, value) in [
        (format!("url.file://{}/.insteadOf", remotes.display()), "https://git.myhealth.example/"),
        ("user.name".into(), "t"),
        ("user.email".into(), "t@example.com"),
    ] {
        let _ = sandbox.command("git").args(["config", "--global", &key, value]).run().success();
    }
    let _ = git("remotes/scheduling/shop.git", "init -q --bare -b main");
    let _ = git("remotes/platform/config.git", "init -q --bare -b main");
    sandbox.write("remotes/seed/README.md", "config\n");
    for step in [
        "init -q -b main",
        "add -A",
        "commit -q -m first",
        "push -q https://git.myhealth.example/platform/config.git main",
    ] {
        let _ = git("remotes/seed", step);
    }
    let output = karat(&sandbox).args(["new", "-t", "./path", "--defaults", "--push"]).run();
    assert_snapshot!(output.success().stdout);
    assert_eq!(git("remotes/scheduling/shop.git", "log --format=%s%d main"), "Walk small 1.0.0 (HEAD -> main)\n");
    assert_eq!(git("shop", "status --porcelain --branch"), "## main...origin/main\n");
    assert_eq!(git("remotes/platform/config.git", "log --format=%s x"), "Run shop\nfirst\n");
    assert_eq!(git("remotes/platform/config.git", "show x:notes/shop.md"), "shop runs\n");
    // Without a remote the folder is made all the same, and the answer says what to do.
    let failed = karat(&sandbox).args(["new", "-t", "./path", "--set", "name=desk", "--push"]).run().failure(3);
    assert!(failed.stderr.contains("git push"), "{}", failed.stderr);
    assert!(sandbox.path().join("desk/README.md").is_file());
}

/// Every path that comes with Karat, with its defaults, one after the other in the organisation that comes with Karat.
#[test]
fn the_built_in_paths_have_defaults_that_work() {
    let sandbox = myhealth();
    for name in ["tenant", "rust-service", "resource"] {
        let arguments = ["new", "-t", name, "--defaults"];
        let output = karat(&sandbox).current_dir(sandbox.path().join("myhealth")).args(arguments).run().success();
        assert!(output.stdout.contains("changed config"), "{name}: {}", output.stdout);
    }
    // The resource has changed files of the service, but none that the path owns.
    let _ = karat(&sandbox).args(["update", "--check", "myhealth/apps/working-days"]).run().success();
}
