//! The portal in a browser: by mouse, by keys alone, without JavaScript, at two widths, in both themes, by the rules of WCAG.

use std::path::Path;
use std::process::Command;

use crate::organisation::Organisation;

/// A path that takes as long as a person needs to look.
const SLOW: &str = r#"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: slow, title: A slow note, description: A file in config that takes a moment}
spec:
  type: resource
  owner: group:default/platform
  parameters:
    title: The note
    required: [name]
    properties:
      name: {title: Name, type: string, pattern: "^[a-z]+$"}
  steps:
    - {id: hello, name: Says hello, action: "debug:log", input: {message: "hello ${{ parameters.name }}"}}
    - {id: wait, name: Waits for a while, action: "debug:wait", input: {milliseconds: 2500}}
    - {id: write, name: Writes the note, action: "roadiehq:utils:fs:write", input: {path: "notes/${{ parameters.name }}.txt", content: made}}
    - id: change
      name: Changes config
      action: publish:github:pull-request
      input: {repoUrl: "git.myhealth.example?owner=platform&repo=config", branchName: slow, title: A note, description: A note}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_reads_it() {
    let Some(driver) = karat_testkit::peer("browser/main.mjs") else { return };
    let organisation = Organisation::with_mistakes();
    organisation.change("apps/records/go.mod", "go 1.26.0", "go 1.22.0");
    let waiver = "waivers:\n  - standard: service/go-version\n    on: {repository: records}\n    owner: group:default/clinical\n    \
                  reason: A driver needs Go 1.22 until its next release.\n    until: \"2026-12-11\"\n";
    organisation.change("governance/waivers.yaml", "waivers: []\n", waiver);
    organisation.write("governance/paths/slow/template.yaml", SLOW);
    let running = karat_portal::serve(organisation.options("127.0.0.1:0", None)).await.unwrap();
    // Pictures of every page, to look at.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("portal");
    fs_err::create_dir_all(&folder).unwrap();
    let (address, pictures) = (running.url(), folder.clone());
    let read = tokio::task::spawn_blocking(move || Command::new("node").arg(driver).arg(address).arg(folder).output());
    let output = read.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    running.stop().await;
    // Those of the README; `cargo xtask gen pictures` makes them anew. What draws letters differs from machine to machine, so they
    // are not compared.
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    for name in ["home", "scorecard"] {
        let (new, kept) = (pictures.join(format!("picture-{name}.png")), kept.join(format!("{name}.png")));
        if karat_testkit::cases::updating() {
            fs_err::create_dir_all(kept.parent().unwrap()).unwrap();
            fs_err::copy(new, &kept).unwrap();
        }
        assert!(fs_err::metadata(&kept).unwrap().len() < 150_000, "{name} is for a page that is read");
    }
}
