//! What a template asks given some answers, as the form of Backstage (rjsf) and its scaffolder resolve it.

use std::path::Path;

use karat_scaffold::{Data, Error, Offline, Template, complete, relevant, run, shown};
use karat_source::Memory;
use karat_testkit::{Goldens, Oracle};
use serde_json::{Value as Json, json};

/// A template with those parameters and secrets.
fn template(spec: &str) -> Template {
    let text = format!(
        "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: t}}\nspec:\n  type: service\n  \
         steps: [{{id: say, action: 'debug:log', input: {{message: 'the key is ${{{{ secrets.key }}}}'}}}}]\n{spec}"
    );
    let world: Memory = [("template.yaml", text.into_bytes())].into_iter().collect();
    Template::read(&world, "template.yaml").unwrap()
}

fn data(text: &str) -> Data {
    Data::parse(text.as_bytes()).unwrap()
}

/// The names of what is asked; one that must be answered ends with `!`.
fn asked(template: &Template, answers: &str) -> String {
    let answers = data(answers);
    let pages = shown(&template.pages, &answers);
    let questions = pages.iter().flat_map(|page| page.questions(&answers));
    let names = questions.map(|one| if one.required { format!("{}!", one.name) } else { one.name });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn answers_bring_questions_in() {
    let template = template(
        r#"
  parameters:
    required: [kind]
    definitions:
      port: {type: integer, title: Port, minimum: 1}
    properties:
      kind: {type: string, enum: [web, job, none]}
      public: {type: boolean, title: Public}
      port: {$ref: '#/definitions/port', title: The port}
      card: {type: string}
      limit: {type: integer}
    dependencies:
      card: [limit]
      kind:
        oneOf:
          - properties: {kind: {enum: [web]}, host: {type: string}}
            required: [host]
          - properties: {kind: {enum: [job]}, schedule: {type: string}}
    allOf:
      - if: {properties: {public: {const: true}}, required: [public]}
        then:
          properties: {certificate: {type: string}, port: {description: Open to all}}
          required: [certificate, port]
        else: {properties: {reason: {type: string}}}
    anyOf:
      - properties: {note: {type: string}}
        required: [note]
      - properties: {kind: {type: string}}
"#,
    );
    let cases = [
        ("{}", "kind! public port card limit reason note"),
        ("{kind: web}", "kind! public port card limit host! reason note"),
        ("{kind: job}", "kind! public port card limit schedule reason note"),
        ("{kind: none, card: x}", "kind! public port card limit! reason note"),
        ("{public: true}", "kind! public port! card limit certificate! note"),
    ];
    for (answers, wanted) in cases {
        assert_eq!(asked(&template, answers), wanted, "{answers}");
    }
    let port = |answers: &str| {
        let questions = template.pages[0].questions(&data(answers));
        questions.into_iter().find(|question| question.name == "port").unwrap()
    };
    assert_eq!((port("{}").title.as_str(), port("{}").kind.as_str()), ("The port", "integer"));
    assert_eq!(
        port("{public: true}").description.as_deref(),
        Some("Open to all"),
        "a branch says more of what is there"
    );
    let error = complete(&template.pages, &data("{kind: web, card: x}")).unwrap_err().to_string();
    assert!(
        error.contains("`host`: an answer is required") && error.contains("`limit`: an answer is required"),
        "{error}"
    );
    assert!(complete(&template.pages, &data("{kind: none, port: 0}")).is_err(), "what is referred to is held");
}

#[test]
fn a_schema_that_leads_to_itself_ends() {
    let template = template(
        "  parameters:\n    definitions: {a: {allOf: [{$ref: '#/definitions/a'}, {properties: {x: {type: string}}}]}}\n    \
         properties: {y: {$ref: '#/definitions/a'}}\n",
    );
    assert_eq!(asked(&template, "{}"), "y");
}

#[test]
fn pages_are_asked_for_when_they_apply() {
    let template = template(
        r#"
  parameters:
    - {properties: {kind: {type: string}, shared: {type: string}}}
    - {when: "${{ parameters.kind === 'web' }}", required: [host], properties: {host: {type: string, default: a.example}, shared: {type: string}, tier: {type: string}}}
    - {when: "parameters.host", required: [port], properties: {port: {type: integer}}}
    - {when: false, required: [never], properties: {never: {type: string}}}
    - {when: "parameters.kind |", properties: {always: {type: string}}}
    - {when: "", properties: {empty: {type: string}}}
"#,
    );
    assert_eq!(asked(&template, "{kind: job, host: a}"), "kind shared always empty", "a page left out has no answers");
    assert_eq!(asked(&template, "{kind: web}"), "kind shared host! shared tier always empty");
    assert_eq!(asked(&template, "{kind: web, host: a}"), "kind shared host! shared tier port! always empty");
    // A default is an answer: it brings the next page in.
    let error = complete(&template.pages, &data("{kind: web}")).unwrap_err().to_string();
    assert!(error.contains("`port`: an answer is required"), "{error}");
    assert!(complete(&template.pages, &data("{kind: job}")).is_ok(), "what is not asked for is not required");
    let left = relevant(&template.pages, &data("{kind: job, host: a, shared: b, more: c}"));
    assert_eq!(left, data("{kind: job, shared: b, more: c}"));
}

#[test]
fn secrets_are_held_to_their_schema_and_shown_nowhere() {
    let template = template(
        "  secrets: {schema: {type: object, required: [key], properties: {key: {type: string, pattern: '^k-'}}}}\n  \
         parameters: {properties: {word: {type: string, maxLength: 3, 'ui:field': Secret}}}\n",
    );
    let problems = |secrets: &str| template.secrets_problems(&data(secrets));
    assert_eq!(problems("{key: k-1}"), []);
    let missing = problems("{}");
    assert_eq!((missing[0].keyword.as_str(), missing[0].parameter.as_str()), ("required", "key"));
    let wrong = problems("{key: hunter2}");
    assert!(wrong[0].message.contains("^k-") && !wrong[0].message.contains("hunter2"), "{wrong:?}");
    let error = complete(&template.pages, &data("{word: hunter2}")).unwrap_err().to_string();
    assert!(error.contains("`word`") && !error.contains("hunter2"), "{error}");
    // Without its secrets it does not run, and says why.
    let world = Memory::default();
    let refused = run(&world, &template, &data("{}"), &Offline).unwrap_err();
    assert!(matches!(&refused, Error::Answers(problems) if problems[0].page == "Secrets"), "{refused}");
    assert!(template.secrets.as_ref().unwrap().questions(&data("{}"))[0].secret);
}

fn goldens() -> Goldens {
    Goldens::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages.jsonl")).unwrap()
}

/// Which pages are asked for, and what is left of the answers: each line of `tests/pages.jsonl` as Backstage's scaffolder has it (`out`).
#[test]
fn pages_are_left_out_as_in_backstage() {
    let Goldens { cases, .. } = goldens();
    let mut wrong = Vec::new();
    for case in &cases {
        let template = template(&format!("  parameters: {}\n", case["pages"]));
        let values = data(&case["values"].to_string());
        let asked = shown(&template.pages, &values);
        let visible: Vec<bool> =
            template.pages.iter().map(|page| asked.iter().any(|shown| std::ptr::eq(*shown, page))).collect();
        let ours = json!({"visible": visible, "values": relevant(&template.pages, &values).to_serde()});
        let theirs: Json = serde_json::from_str(case["out"].as_str().unwrap_or_default()).unwrap_or_default();
        if ours != theirs {
            wrong.push(format!("{case}\n  ours: {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 40);
}

#[test]
fn goldens_of_pages_are_what_backstage_says() {
    let Some(path) = karat_testkit::peer("nunjitsu/main.js") else { return };
    let goldens = goldens();
    let request = |case: &Json| json!({"op": "pages", "pages": case["pages"], "values": case["values"]});
    let answers = Oracle::start(&path).unwrap().ask_all(&goldens.cases.iter().map(request).collect::<Vec<_>>());
    goldens.check("Backstage", answers.unwrap()).unwrap();
}
