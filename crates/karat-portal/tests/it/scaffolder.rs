//! The scaffolder's REST API, over a socket: each case of `tests/cases/scaffolder.json` is a request and what its answer holds; then
//! tasks as they live: watched, cancelled, done again, over a start.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use karat_portal::{Options, Running, serve};
use serde_json::{Value, json};

use crate::catalog::Said;
use crate::document::Document;
use crate::organisation::Organisation;

/// A template with a step of each fate: it says its secret, leaves out, waits, fails if asked to, and changes the config repository.
const TEMPLATE: &str = r#"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: slow, title: A slow one, description: Waits}
spec:
  type: service
  parameters:
    title: What
    required: [name]
    properties:
      name: {title: Name, type: string, pattern: "^[a-z]+$"}
      wait: {title: Wait, type: number, default: 0}
      word: {title: Word, type: string, ui:widget: password}
  steps:
    - {id: say, name: Says, action: "debug:log", input: {message: "hello ${{ parameters.name }}, ${{ secrets.key }}"}}
    - {id: out, name: Left out, if: "${{ secrets.key }}", action: "debug:log", input: {message: never}}
    - {id: wait, name: Waits, action: "debug:wait", input: {milliseconds: "${{ parameters.wait }}"}}
    - {id: fail, name: Fails, if: "${{ parameters.name == 'bad' }}", action: "fs:delete", input: {files: none}}
    - {id: write, name: Writes, action: "roadiehq:utils:fs:write", input: {path: "slow/${{ parameters.name }}.txt", content: made}}
    - id: change
      name: Changes
      action: publish:github:pull-request
      input: {repoUrl: "git.myhealth.example?owner=platform&repo=config", branchName: slow, title: Slow, description: Slow}
  output:
    links: [{title: Config, url: "${{ steps.change.output.remoteUrl }}"}, {title: Never, if: false, url: x}]
"#;

/// A portal with that template.
struct Portal {
    organisation: Organisation,
    running: Running,
}

impl Portal {
    async fn start() -> Self {
        let organisation = Organisation::myhealth();
        organisation.write("governance/paths/slow/template.yaml", TEMPLATE);
        let running = Self::on(&organisation, &organisation.data()).await;
        Self { organisation, running }
    }

    async fn on(organisation: &Organisation, data: &Path) -> Running {
        let options = Options {
            organisation: organisation.path(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: data.to_owned(),
            public: None,
            clock: Arc::new(Timestamp::now),
        };
        serve(options).await.unwrap()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        ask(self.running.address(), method, path, body)
    }

    fn create(&self, values: &Value) -> String {
        let body = json!({"templateRef": "slow", "values": values, "secrets": {"key": "s3cret"}});
        let (status, answer) = self.ask("POST", "/tasks", &body);
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a task is as said; gives it.
    fn until(&self, id: &str, status: &str) -> Value {
        let mut task = Value::Null;
        for _ in 0..1_000 {
            task = self.ask("GET", &format!("/tasks/{id}"), &Value::Null).1;
            if task["status"] == status {
                return task;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not {status}: {task}");
    }

    /// The stream of a task's events, to its end.
    fn stream(&self, id: &str) -> Vec<Value> {
        let text = said(self.running.address(), "GET", &format!("/tasks/{id}/eventstream"), &Value::Null).text;
        let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
        events.map(|event| serde_json::from_str(event).unwrap()).collect()
    }
}

/// The API, as the document has it.
const BASE: &str = "/api/scaffolder";

fn said(address: SocketAddr, method: &str, path: &str, body: &Value) -> Said {
    let mut case = json!({"method": method, "path": format!("{BASE}/v2{path}")});
    if !body.is_null() {
        case["body"] = body.clone();
    }
    let case = case.as_object().unwrap();
    let said = crate::catalog::ask(address, case);
    // Whatever is answered is as the document has it.
    assert_eq!(Document::of(address, BASE).differs(case, &said), None, "{method} {path}: {}", said.text);
    said
}

fn ask(address: SocketAddr, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let said = said(address, method, path, body);
    (said.status, said.body)
}

/// What is in an answer and not as it should be.
fn differs(answer: &Value, holds: &Value) -> Vec<String> {
    let pointers = holds.as_object().into_iter().flatten();
    let differs = |(pointer, wanted): (&String, &Value)| {
        let found = answer.pointer(pointer).unwrap_or(&Value::Null);
        (found != wanted).then(|| format!("{pointer} is {found}"))
    };
    pointers.filter_map(differs).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_as_backstage_answers_them() {
    let portal = Portal::start().await;
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/scaffolder.json");
    let cases: Vec<Value> = serde_json::from_str(&fs_err::read_to_string(cases).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let (method, path) = (case["method"].as_str().unwrap_or("GET"), case["path"].as_str().unwrap());
        let (status, answer) = portal.ask(method, path, &case["body"]);
        let mut differs = differs(&answer, &case["holds"]);
        if case["status"] != status {
            differs.push(format!("{status}: {answer}"));
        }
        wrong.extend(differs.into_iter().map(|differs| format!("{case}\n  {differs}")));
    }
    Document::of(portal.running.address(), BASE).check_methods(portal.running.address());
    portal.running.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_watched_to_its_end() {
    let portal = Portal::start().await;
    let id = portal.create(&json!({"name": "good", "wait": 300, "word": "hidden", "more": 1}));
    let events = portal.stream(&id);
    let told: Vec<(&str, &str)> = events
        .iter()
        .map(|event| (event["type"].as_str().unwrap(), event["body"]["message"].as_str().unwrap()))
        .collect();
    let log = |message| ("log", message);
    assert_eq!(
        told,
        [
            log("Starting up task with 6 steps"),
            log("Beginning step Says"),
            log("hello good, ***"),
            log("Finished step Says"),
            log("Beginning step Left out"),
            log("Skipping step out because its if condition was false"),
            log("Beginning step Waits"),
            log("Finished step Waits"),
            log("Beginning step Fails"),
            log("Skipping step fail because its if condition was false"),
            log("Beginning step Writes"),
            log("Finished step Writes"),
            log("Beginning step Changes"),
            log("Finished step Changes"),
            ("completion", "Run completed with status: completed"),
        ]
    );
    let numbers: Vec<u64> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers[0] == 1, "{numbers:?}");
    let end = &events.last().unwrap()["body"]["output"];
    assert_eq!(*end, json!({"links": [{"title": "Config", "url": "https://git.myhealth.example/platform/config"}]}));
    let task = portal.until(&id, "completed");
    let expected = json!({
        "/spec/parameters/name": "good",
        "/spec/parameters/more": 1,
        "/spec/parameters/word": "***",
        "/spec/templateInfo/entityRef": "template:default/slow",
        "/spec/steps/0/id": "say",
    });
    assert_eq!(differs(&task, &expected), Vec::<String>::new(), "{task}");
    let made = portal.organisation.path().join("config/slow/good.txt");
    assert_eq!(fs_err::read_to_string(made).unwrap(), "made");
    // What is secret is nowhere in the folder of state.
    let data = portal.organisation.data();
    assert!(!holding(&data, "hello good").is_empty(), "what is said is kept");
    assert_eq!((holding(&data, "s3cret"), holding(&data, "\"hidden\"")), (vec![], vec![]));
    // The end is told to whoever has the rest already.
    let (_, events) = portal.ask("GET", &format!("/tasks/{id}/events?after=1000"), &Value::Null);
    assert_eq!(events[0]["type"], "completion", "{events}");
    portal.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_fails_is_cancelled_and_is_done_again() {
    let portal = Portal::start().await;
    let bad = portal.create(&json!({"name": "bad"}));
    portal.until(&bad, "failed");
    let events = portal.stream(&bad);
    let statuses: Vec<&str> = events.iter().filter_map(|event| event["body"]["status"].as_str()).collect();
    assert_eq!(statuses[statuses.len() - 4..], ["processing", "failed", "skipped", "skipped"], "{events:?}");
    let end = events.last().unwrap();
    assert!(end["body"]["error"]["message"].as_str().unwrap().contains("files"), "{end}");
    assert!(!portal.organisation.path().join("config/slow").exists(), "nothing is half-made");
    // Again: it fails again, and says so once.
    assert_eq!(portal.ask("POST", &format!("/tasks/{bad}/retry"), &json!({})).0, 201);
    portal.until(&bad, "failed");
    let again = portal.stream(&bad);
    let count = |kind: &str| again.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((count("recovered"), count("completion")), (1, 1), "{again:?}");

    let slow = portal.create(&json!({"name": "slow", "wait": 60_000}));
    let next = portal.create(&json!({"name": "next"}));
    portal.until(&slow, "processing");
    portal.until(&next, "open");
    let (status, answer) = portal.ask("POST", &format!("/tasks/{slow}/retry"), &json!({}));
    assert_eq!((status, answer["error"]["name"].as_str()), (409, Some("ConflictError")));
    assert_eq!(
        portal.ask("POST", &format!("/tasks/{slow}/cancel"), &Value::Null),
        (200, json!({"status": "cancelled"}))
    );
    portal.until(&slow, "cancelled");
    portal.until(&next, "completed");
    assert!(!portal.organisation.path().join("config/slow/slow.txt").exists());
    let (status, _) = portal.ask("POST", &format!("/tasks/{slow}/cancel"), &Value::Null);
    assert_eq!(status, 409, "it is over");
    let (status, _) = portal.ask("POST", &format!("/tasks/{next}/retry"), &json!({}));
    assert_eq!(status, 409, "it was made");
    let (_, page) =
        portal.ask("GET", "/tasks?status=cancelled&status=failed&order=asc:created_at&limit=1", &Value::Null);
    assert_eq!((&page["totalTasks"], &page["tasks"][0]["id"]), (&json!(2), &json!(bad)), "{page}");
    portal.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_ends_takes_its_tasks_with_it_and_says_so() {
    let portal = Portal::start().await;
    let id = portal.create(&json!({"name": "slow", "wait": 60_000}));
    portal.until(&id, "processing");
    // Killed: what its data are at this moment is all that is left.
    let killed = tempfile::tempdir().unwrap();
    copy(&portal.organisation.data(), killed.path());
    // Drained: its streams end, and it does.
    let address = portal.running.address();
    let path = json!({"path": format!("{BASE}/v2/tasks/{id}/eventstream")});
    let watching = std::thread::spawn(move || crate::catalog::ask(address, path.as_object().unwrap()).text);
    std::thread::sleep(Duration::from_millis(200));
    tokio::time::timeout(Duration::from_secs(5), portal.running.stop()).await.expect("streams end");
    assert!(watching.join().unwrap().contains("Beginning step Waits"));

    for data in [killed.path().to_owned(), portal.organisation.data()] {
        let running = Portal::on(&portal.organisation, &data).await;
        let (_, task) = ask(running.address(), "GET", &format!("/tasks/{id}"), &Value::Null);
        assert_eq!(task["status"], "failed", "{task}");
        let (_, events) = ask(running.address(), "GET", &format!("/tasks/{id}/events"), &Value::Null);
        let end = events.as_array().unwrap().last().unwrap();
        let message = end["body"]["error"]["message"].as_str().unwrap();
        assert!(message.contains("the portal ended while this task was under way"), "{end}");
        running.stop().await;
    }
    assert!(!portal.organisation.path().join("config/slow").exists(), "nothing is half-made");
}

/// A template that needs a secret, and has a page that is asked for at times.
pub(crate) const SECRETS: &str = r#"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: keyed, title: Keyed, description: Needs a key}
spec:
  type: service
  secrets:
    schema: {type: object, required: [key], properties: {key: {type: string, pattern: "^k-", title: The key}}}
  parameters:
    - {title: What, required: [name], properties: {name: {title: Name, type: string}, pin: {title: Pin, type: string, "ui:field": Secret}, fails: {title: Fails, type: boolean}}}
    - {title: More, when: "parameters.name === 'more'", required: [reason], properties: {reason: {title: Reason, type: string}}}
  steps:
    - {id: say, name: Says, action: "debug:log", input: {message: "key ${{ secrets.key }}, pin ${{ secrets.pin }}, ${{ parameters.pin }}"}}
    - {id: write, name: Writes, action: "roadiehq:utils:fs:write", input: {path: "keyed/${{ parameters.name }}.txt", content: "${{ secrets.key }} ${{ secrets.pin }}"}}
    - {id: fail, name: Fails, if: "${{ parameters.fails }}", action: "fs:delete", input: {files: "${{ secrets.key }}"}}
    - id: change
      name: Changes
      action: publish:github:pull-request
      input: {repoUrl: "git.myhealth.example?owner=platform&repo=config", branchName: keyed, title: "With ${{ secrets.key }}", description: Keyed}
"#;

/// Every file below a folder that holds a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&fs_err::read(&path).unwrap()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_held_to_their_schema_and_kept_nowhere() {
    let portal = Portal::start().await;
    portal.organisation.write("governance/paths/keyed/template.yaml", SECRETS);
    let create = |values: Value, secrets: Value| {
        portal.ask("POST", "/tasks", &json!({"templateRef": "keyed", "values": values, "secrets": secrets}))
    };
    let (status, answer) = create(json!({"name": "a"}), json!({}));
    let wanted = json!({
        "/errors/0/property": "secrets", "/errors/0/name": "required", "/errors/0/argument": "key", "/errors/0/path": [],
        "/errors/0/message": "secrets.key is required", "/errors/0/stack": "instance requires property \"key\"", "/errors/0/instance": {},
    });
    assert_eq!((status, differs(&answer, &wanted)), (400, vec![]), "{answer}");
    let (status, answer) = create(json!({"name": "a"}), json!({"key": "hunter2"}));
    assert_eq!((status, &answer["errors"][0]["property"]), (400, &json!("secrets.key")));
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    // A page that applies is held to, one that does not is left out, and so are answers to it.
    let key = json!({"key": "k-s3cret", "pin": "4711-pin"});
    assert_eq!(create(json!({"name": "more"}), key.clone()).0, 400);
    let (status, answer) = create(json!({"name": "less", "pin": "****", "reason": "none"}), key.clone());
    assert_eq!(status, 201, "{answer}");
    let id = answer["id"].as_str().unwrap();
    let task = portal.until(id, "completed");
    assert_eq!(task["spec"]["parameters"], json!({"name": "less", "pin": "***"}), "{task}");
    let events = json!(portal.stream(id)).to_string();
    assert!(events.contains("key ***, pin ***") && !events.contains("s3cret") && !events.contains("4711"), "{events}");
    let made = fs_err::read_to_string(portal.organisation.path().join("config/keyed/less.txt")).unwrap();
    assert_eq!(made, "k-s3cret 4711-pin", "steps have them");
    // It fails with its secret in the message; it is done again with its secrets alone.
    let id = create(json!({"name": "bad", "fails": true}), key.clone()).1["id"].as_str().unwrap().to_owned();
    portal.until(&id, "failed");
    let (status, answer) = portal.ask("POST", &format!("/tasks/{id}/retry"), &json!({}));
    assert_eq!((status, &answer["errors"][0]["message"]), (400, &json!("secrets.key is required")), "{answer}");
    assert_eq!(portal.ask("POST", &format!("/tasks/{id}/retry"), &json!({"secrets": key})).0, 201);
    portal.until(&id, "failed");
    for secret in ["s3cret", "hunter2", "4711-pin"] {
        assert_eq!(holding(&portal.organisation.data(), secret), Vec::<String>::new());
    }
    portal.running.stop().await;
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scaffolder_client_drives_it() {
    let Some(driver) = karat_testkit::peer("scaffolder-client/main.js") else { return };
    let portal = Portal::start().await;
    let base = format!("{}/api/scaffolder", portal.running.url());
    let output = tokio::task::spawn_blocking(move || std::process::Command::new("node").arg(driver).arg(base).output());
    let output = output.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    portal.running.stop().await;
}
