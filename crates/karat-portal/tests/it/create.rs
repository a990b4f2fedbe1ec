//! A service made by filling in a form, without a script.

use axum::body::Body;
use axum::http::Request;

use crate::organisation::{Answer, Organisation, Reader};

/// The fields of a form as a browser sends them, with some answered otherwise.
fn fields(page: &Answer, answers: &[(&str, &str)]) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        tag.split(&format!(" {name}=\""))
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().replace("&quot;", "\""))
    };
    let form = page.text.split("<main").nth(1).unwrap();
    let mut fields = Vec::new();
    for tag in form.split("<input").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let kind = attribute(tag, "type").unwrap_or_default();
        if kind != "checkbox" || tag.contains(" checked") {
            fields.push((attribute(tag, "name").unwrap_or_default(), attribute(tag, "value").unwrap_or_default()));
        }
    }
    for select in form.split("<select").skip(1) {
        let select = select.split("</select>").next().unwrap_or_default();
        let chosen = select.split("<option").find(|option| option.contains(" selected"));
        if let Some(value) = chosen.and_then(|option| attribute(option, "value")) {
            fields.push((attribute(select, "name").unwrap_or_default(), value));
        }
    }
    for (name, value) in answers {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

async fn send(reader: &Reader, path: &str, cookie: &str, fields: &[(String, String)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    reader.send(request).await
}

/// The page of a task, loaded again until it is over.
pub(crate) async fn made_in_the_end(reader: &Reader, path: &str) -> Answer {
    for _ in 0..200 {
        let page = reader.get(path).await;
        if !page.text.contains("data-live=") {
            return page;
        }
        assert!(page.text.contains("Show how it stands now"), "there is a way on without a script");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} does not come to its end");
}

#[tokio::test]
async fn a_service_is_made_by_a_form() {
    let organisation = Organisation::myhealth();
    let reader = organisation.reader();
    let list = reader.get("/create").await.text;
    assert!(list.contains("/create/default/go-service") && list.contains("/create/default/rust-service"));
    let path = "/create/default/go-service";
    let form = reader.get(path).await;
    let cookie = form.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    // A picker offers the teams that there are.
    assert!(
        form.text.contains("<option value=\"clinical\">")
            && form.text.contains("<option value=\"scheduling\" selected>")
    );

    let wrong = send(&reader, path, &cookie, &fields(&form, &[("a.name", "Not A Name"), ("do", "review")])).await;
    assert!(
        wrong.text.contains("1 answer does not fit") && wrong.text.contains("aria-invalid=\"true\""),
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains("value=\"Not A Name\""), "what was answered stays");

    let sent = fields(&form, &[("a.name", "waiting-list"), ("a.title", "Waiting <b>list</b>"), ("do", "review")]);
    let review = send(&reader, path, &cookie, &sent).await;
    assert!(
        review.text.contains("apps/waiting-list") && review.text.contains("Waiting &lt;b&gt;list"),
        "{}",
        review.text
    );
    assert!(!organisation.path().join("apps/waiting-list").exists(), "a review makes nothing");

    let made = send(&reader, path, &cookie, &fields(&review, &[("do", "make")])).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let task = made_in_the_end(&reader, made.headers["location"].to_str().unwrap()).await;
    assert!(task.text.contains("It is made.") && task.text.contains("apps/waiting-list"), "{}", task.text);
    for file in [
        "apps/waiting-list/go.mod",
        "apps/waiting-list/catalog-info.yaml",
        "config/envs/staging/waiting-list/values.yaml",
    ] {
        assert!(organisation.path().join(file).is_file(), "{file}");
    }
    // A second one of that name is refused, and says so.
    let again = send(&reader, path, &cookie, &fields(&review, &[("do", "make")])).await;
    assert_eq!(again.status, 200);
    assert!(again.text.contains("is there already"), "{}", again.text);
}

#[tokio::test]
async fn a_form_asks_for_secrets_and_for_what_answers_bring_in() {
    let organisation = Organisation::myhealth();
    organisation.write("governance/paths/keyed/template.yaml", crate::scaffolder::SECRETS);
    let reader = organisation.reader();
    let path = "/create/default/keyed";
    let form = reader.get(path).await;
    let cookie = form.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(form.text.contains("type=\"password\" id=\"f-s.key\"") && !form.text.contains("Reason"), "{}", form.text);
    // An answer brings a page in: it is asked for before anything is reviewed.
    let named = [("a.name", "more"), ("a.pin", "4711-pin"), ("do", "review")];
    let more = send(&reader, path, &cookie, &fields(&form, &named)).await;
    assert!(more.text.contains("These answers ask for more.") && more.text.contains("a.reason"), "{}", more.text);
    let answered = [("a.reason", "why"), ("a.pin", "4711-pin"), ("s.key", "hunter2"), ("do", "review")];
    let wrong = send(&reader, path, &cookie, &fields(&more, &answered)).await;
    assert!(wrong.text.contains("1 answer does not fit") && !wrong.text.contains("hunter2"), "{}", wrong.text);
    let right = [("a.reason", "why"), ("a.pin", "4711-pin"), ("s.key", "k-s3cret"), ("do", "review")];
    let review = send(&reader, path, &cookie, &fields(&wrong, &right)).await;
    assert_eq!(review.headers["cache-control"], "no-store", "it holds the secret, to be sent again");
    assert!(review.text.contains("not shown") && review.text.contains("What it makes"), "{}", review.text);
    assert!(!review.text.contains("With k-s3cret"), "a title does not show it");
    let made = send(&reader, path, &cookie, &fields(&review, &[("do", "make")])).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let task = made_in_the_end(&reader, made.headers["location"].to_str().unwrap()).await.text;
    assert!(task.contains("It is made.") && task.contains("pin ***"), "{task}");
    assert!(!task.contains("s3cret") && !task.contains("4711"), "{task}");
    let file = fs_err::read_to_string(organisation.path().join("config/keyed/more.txt")).unwrap();
    assert_eq!(file, "k-s3cret 4711-pin");
}
