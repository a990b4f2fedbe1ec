//! The platform's documentation is true: its tutorial is walked, its pages of reference are held to code and API documents.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fs_err as fs;
use karat_docs::{Site, openapi};
use karat_repository::Repository;
use karat_source::Folder;
use karat_testkit::cases::updating;

use crate::{edit, karat, myhealth, root};

const TUTORIAL: &str = "myhealth/governance/docs/tutorials/deploy-your-first-microservice.md";
const APIS: &str = "myhealth/governance/docs/reference/apis.md";

/// The commands of a page: the lines that begin with a prompt in its blocks of `console`.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut console = false;
    for line in page.lines() {
        match line.trim() {
            "```console" => console = true,
            "```" => console = false,
            line if console => commands.extend(line.strip_prefix("$ ").map(str::to_owned)),
            _ => {}
        }
    }
    commands
}

#[test]
fn the_tutorial_is_walked_as_it_is_written() {
    let page = fs::read_to_string(root().join(TUTORIAL)).unwrap();
    let sandbox = myhealth();
    let folder = sandbox.path().join("myhealth");
    let run = |command: &str| {
        let arguments: Vec<&str> = command.strip_prefix("karat ").unwrap().split(' ').collect();
        karat(&sandbox).args(arguments).current_dir(&folder).run()
    };
    let commands = commands(&page);
    assert!(commands.len() >= 7, "{commands:?}");
    let mut made = false;
    let mut checks = 0;
    for command in &commands {
        let breaks = made && command == "karat check apps/greetings" && checks == 1;
        if breaks {
            edit(
                &sandbox,
                "myhealth/apps/greetings/mkdocs.yml",
                "      - When traffic is gone: runbooks/traffic-gone.md\n",
                "",
            );
            let output = run(command).failure(1);
            assert!(output.stdout.contains("docs/techdocs"), "{}", output.stdout);
            continue;
        }
        let output = run(command).success();
        made |= command.contains(" new ");
        if command.contains(" check ") {
            assert!(output.stdout.contains("0 errors, 0 warnings"), "{command}: {}", output.stdout);
            checks += usize::from(command.ends_with("apps/greetings"));
        }
        // Every file that the page names is there once it is made.
        if command.contains(" new ") {
            for path in ["docs/tutorials/first-change.md", "chart/ci/values.yaml", "mkdocs.yml"] {
                assert!(page.contains(&format!("apps/greetings/{path}")), "{path}");
                assert!(folder.join("apps/greetings").join(path).is_file(), "{path}");
            }
            assert!(folder.join("config/envs/staging/greetings/values.yaml").is_file());
        }
    }
    assert_eq!(checks, 1);
}

/// The variables of the chassis, whoever reads them.
fn chassis() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for app in ["appointments", "notifications", "records"] {
        let world = Folder::open(root().join("myhealth/apps").join(app)).unwrap();
        let repository = Repository::read(&world, "").unwrap();
        for variable in repository.environment() {
            let file = variable.place.file.as_str();
            if file.contains("/chassis/") && !file.contains("/testing/") {
                found.insert(variable.name.to_string());
            }
        }
    }
    found
}

#[test]
fn the_page_of_variables_is_true() {
    let world = Folder::open(root().join("myhealth/governance")).unwrap();
    let (site, problems) = Site::read(&world, "");
    assert_eq!(problems, []);
    let page = site.page("reference/environment-variables.md").unwrap();
    let listed: BTreeSet<String> = page.structure().tables[0].rows.iter().flatten().cloned().collect();
    let read = chassis();
    let missing: Vec<&String> = read.difference(&listed).collect();
    assert!(missing.is_empty(), "the chassis reads, and the page does not list: {missing:?}");
    // What OpenTelemetry's own code reads is in no text of ours.
    let unread: Vec<&String> = listed.difference(&read).filter(|name| !name.starts_with("OTEL_")).collect();
    assert!(unread.is_empty(), "the page lists, and the chassis does not read: {unread:?}");
    assert!(listed.len() >= 18, "{listed:?}");
}

/// `cargo xtask gen apis` writes the page anew.
#[test]
fn the_page_of_apis_is_true() {
    let mut page = String::from(
        "# APIs\n\nWhat each service of MyHealth offers over HTTP, from its OpenAPI document; the portal draws each of them in full. This page is made \
         by a\nprogram (`cargo xtask gen apis` of Karat) and a test holds it to the documents.\n",
    );
    for app in ["appointments", "notifications", "records"] {
        let path = root().join("myhealth/apps").join(app).join("api/openapi.yaml");
        let (api, problems) = openapi::read("openapi.yaml", &fs::read(path).unwrap());
        assert_eq!(problems, [], "{app}");
        let _ = write!(page, "\n## {}\n\n| method and path | what |\n| --- | --- |\n", api.title);
        for operation in api.operations {
            let summary = operation.summary.trim_end_matches('.').replace('|', "\\|");
            let _ = writeln!(page, "| `{} {}` | {summary} |", operation.method, operation.path);
        }
    }
    if updating() {
        fs::write(root().join(APIS), &page).unwrap();
    }
    let written = fs::read_to_string(root().join(APIS)).unwrap_or_default();
    karat_testkit::cases::same("page", &written, "the OpenAPI documents", &page).unwrap();
}
