//! Every question of `tests/goldens/` has Argo Rollouts' answer, and so have questions that nobody would ask.
//!
//! A file is JSON lines. The first says the peer's `op`; each other one is a case with what it asks, and the peer's `out`.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use karat_rollout::expr::Value;
use karat_rollout::{AnalysisRun, Metric, Observation, Outcome, Rollout, Secrets};
use karat_testkit::oracle::Answer;
use karat_testkit::{Goldens, Oracle};
use serde_json::{Value as Json, json};

use crate::random::Random;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut files: Vec<PathBuf> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn request(shared: &Json, case: &Json) -> Json {
    let mut request = case.clone();
    request.as_object_mut().unwrap().retain(|key, _| key != "out" && key != "err");
    request["op"] = shared["op"].clone();
    request
}

fn ours(request: &Json) -> Json {
    match request["op"].as_str().unwrap() {
        "condition" => {
            let metric: Metric = serde_json::from_value(request["metric"].clone()).unwrap();
            json!(metric.judge(&value(&request["value"]).unwrap()).0)
        }
        "run" => run(request),
        "pods" => pods(request),
        other => panic!("{other}"),
    }
}

/// A value as the peer's questions have it; `Err` where measuring fails.
fn value(json: &Json) -> Result<Value, String> {
    let number = |json: &Json| json.as_str().unwrap().parse::<f64>().unwrap();
    if let Some(error) = json["error"].as_str() {
        Err(error.to_owned())
    } else if json["float"].is_string() {
        Ok(Value::Float(number(&json["float"])))
    } else if let Some(floats) = json["floats"].as_array() {
        Ok(Value::floats(floats.iter().map(number)))
    } else {
        Ok(Value::from_json(&json["json"]))
    }
}

fn run(request: &Json) -> Json {
    let epoch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut run: AnalysisRun = serde_json::from_value(request["run"].clone()).unwrap();
    let mut looks = Vec::new();
    for look in request["looks"].as_array().unwrap() {
        let now = epoch + SignedDuration::from_millis((look["at"].as_f64().unwrap() * 1000.0).round() as i64);
        run.terminate |= look["terminate"] == true;
        let mut measured = Vec::new();
        for _ in 0..5 {
            let due = run.due(now, &Secrets::new());
            let observations: Vec<Observation> = due
                .iter()
                .map(|metric| Observation {
                    metric: metric.name.clone(),
                    outcome: match value(&look["values"][&metric.name]) {
                        Ok(value) => Outcome::Value(value),
                        Err(message) => Outcome::Error(message),
                    },
                })
                .collect();
            measured.extend(due.into_iter().map(|metric| metric.name));
            let before = run.clone();
            run.record(now, &observations, &Secrets::new());
            if run == before {
                break;
            }
        }
        measured.sort();
        let mut metrics: Vec<Json> = run
            .results
            .iter()
            .map(|result| {
                let mut json = serde_json::to_value(result).unwrap();
                let kept = json["measurements"].as_array().unwrap().len();
                json.as_object_mut().unwrap().retain(|key, _| key != "measurements" && key != "dryRun");
                json["kept"] = kept.into();
                json
            })
            .collect();
        metrics.sort_by_key(|metric| metric["name"].as_str().unwrap().to_owned());
        let next = run.next().map(|next| (next.max(now).duration_since(epoch).as_millis() as f64) / 1000.0);
        looks.push(json!({
            "measured": measured,
            "phase": run.phase,
            "message": run.message,
            "metrics": metrics,
            "next": next,
        }));
    }
    json!(looks)
}

/// The pods and the weight that a step wants.
fn pods(request: &Json) -> Json {
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "case"}, "spec": request["rollout"],
    });
    let object = karat_yaml::from_json(object.to_string().as_bytes(), karat_yaml::Numbers::Kept).unwrap();
    let rollout = Rollout::read(&object).unwrap();
    let step = request["status"]["currentStepIndex"].as_u64().unwrap();
    let step = step as usize;
    json!({"canary": rollout.pods_at(step), "stable": rollout.replicas, "weight": rollout.weight_at(step)})
}

/// As JSON with floats for numbers: Go writes `10` where we write `10.0`.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(number) => json!(number.as_f64().unwrap()),
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

fn same(ours: &Json, theirs: &str) -> bool {
    // A phase is a word, anything else is JSON.
    let theirs = serde_json::from_str(theirs).unwrap_or_else(|_| json!(theirs));
    plain(ours) == plain(&theirs)
}

#[test]
fn is_decided_as_by_argo() {
    let (mut total, mut wrong) = (0, Vec::new());
    for file in files() {
        let Goldens { shared, cases, .. } = Goldens::read(&file).unwrap();
        for case in cases {
            total += 1;
            let ours = ours(&request(&shared, &case));
            if !case["out"].as_str().is_some_and(|out| same(&ours, out)) {
                wrong.push(format!("{case}\n  ours: {ours}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total >= 300, "only {total} cases");
}

#[test]
fn goldens_are_what_argo_says() {
    let Some(path) = karat_testkit::peer("rollouts") else { return };
    let mut oracle = Oracle::start(&path).unwrap();
    for file in files() {
        let goldens = Goldens::read(&file).unwrap();
        let requests: Vec<Json> = goldens.cases.iter().map(|case| request(&goldens.shared, case)).collect();
        let answers = oracle.ask_all(&requests).unwrap();
        goldens.check("Argo Rollouts", answers).unwrap();
    }
}

#[test]
fn what_nobody_would_ask_is_decided_as_by_argo() {
    let Some(path) = karat_testkit::peer("rollouts") else { return };
    let mut random = Random(6);
    let mut requests: Vec<Json> = (0..3_000).map(|_| random_condition(&mut random)).collect();
    requests.extend((0..1_500).map(|_| random_run(&mut random)));
    let answers = Oracle::start(&path).unwrap().ask_all(&requests).unwrap();
    let mut wrong = Vec::new();
    for (request, answer) in requests.iter().zip(answers) {
        let ours = ours(request);
        match answer {
            Answer::Text(theirs) if same(&ours, &theirs) => {}
            other => wrong.push(format!("{request}\n  ours: {ours}\n  Argo: {other:?}")),
        }
    }
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), requests.len());
}

fn random_condition(random: &mut Random) -> Json {
    let condition = |random: &mut Random| {
        if random.once_in(4) { String::new() } else { truth(random, 3) }
    };
    json!({
        "op": "condition",
        "metric": {"name": "m", "successCondition": condition(random), "failureCondition": condition(random), "provider": {}},
        "value": random_value(random),
    })
}

fn truth(random: &mut Random, depth: u64) -> String {
    let less = depth.saturating_sub(1);
    match if depth == 0 { random.below(4) } else { random.below(14) } {
        0 => random.one(&["true", "false"]).to_owned(),
        1 | 2 => {
            let operator = random.one(&["<", ">", "<=", ">=", "==", "!="]);
            format!("{} {operator} {}", number(random, less), number(random, less))
        }
        3 => format!("{}({})", random.one(&["isNaN", "isInf", "isNil"]), number(random, less)),
        4 | 5 => format!("{} && {}", truth(random, less), truth(random, less)),
        6 | 7 => format!("{} || {}", truth(random, less), truth(random, less)),
        8 => format!("!({})", truth(random, less)),
        9 => {
            let each = random.one(&["all", "any", "none", "one"]);
            format!("{each}(result, # {} {})", random.one(&["<", ">="]), number(random, 0))
        }
        10 => format!("{} {} [1, 2.5, {}]", number(random, less), random.one(&["in", "not in"]), number(random, 0)),
        11 => format!("({} ? {} : {})", truth(random, less), truth(random, less), truth(random, less)),
        12 => format!(
            "result.status {} {}",
            random.one(&["==", "contains", "startsWith", "in"]),
            random.one(&["\"ok\"", "[\"ok\", \"up\"]", "nil"])
        ),
        _ => format!("{} < {} < {}", number(random, 0), number(random, 0), number(random, 0)),
    }
}

fn number(random: &mut Random, depth: u64) -> String {
    let less = depth.saturating_sub(1);
    match if depth == 0 { random.below(8) } else { random.below(18) } {
        0 => "result".to_owned(),
        1 | 2 => format!("result[{}]", random.one(&["0", "1", "-1", "5"])),
        3 => random.one(&["0", "1", "2", "-3", "95"]).to_owned(),
        4 => random.one(&["0.5", "2.5", ".25", "1e3"]).to_owned(),
        5 => "len(result)".to_owned(),
        6 => random
            .one(&["result.code", "result?.code", "result.data.ratio", "result.data?.ratio", "result[\"code\"]"])
            .to_owned(),
        7 => random.one(&["nil", "\"5\"", "\"abc\""]).to_owned(),
        8 => format!("{}({})", random.one(&["asInt", "asFloat", "int", "float"]), number(random, less)),
        9 => format!("default({}, {})", number(random, less), number(random, less)),
        10 | 11 => {
            let operator = random.one(&["+", "-", "*", "/", "%", "**"]);
            format!("({} {operator} {})", number(random, less), number(random, less))
        }
        12 => format!("{}({})", random.one(&["abs", "ceil", "floor", "round"]), number(random, less)),
        13 => format!(
            "{}({})",
            random.one(&["min", "max", "mean", "median", "sum", "first", "last"]),
            random.one(&["result", "[1, 2, 3.5]", "result[0:1]"])
        ),
        14 => format!("({} ?? {})", number(random, less), number(random, less)),
        15 => format!("-{}", number(random, 0)),
        16 => format!("count(result, # > {})", number(random, 0)),
        _ => format!("len(filter(result, # > {}))", number(random, 0)),
    }
}

fn random_value(random: &mut Random) -> Json {
    let float = |random: &mut Random| random.one(&["0", "1", "2.5", "-3", "95", "NaN", "+Inf", "0.25"]).to_owned();
    match random.below(9) {
        0 => json!({"json": null}),
        1 | 2 => json!({"float": float(random)}),
        3 | 4 => {
            let floats: Vec<String> = (0..random.below(4)).map(|_| float(random)).collect();
            json!({"floats": floats})
        }
        5 => json!({"json": {"code": 200, "status": "ok", "data": {"ratio": 0.25}}}),
        6 => json!({"json": [1, "a", null, 2.5]}),
        7 => json!({"json": random.one(&["5", "abc", ""])}),
        _ => json!({"json": random.once_in(2)}),
    }
}

fn random_run(random: &mut Random) -> Json {
    let names: &[&str] = if random.once_in(2) { &["errors"] } else { &["errors", "latency", "traffic"] };
    let metrics: Vec<Json> = names.iter().map(|name| random_metric(random, name)).collect();
    let mut run = json!({"metrics": metrics, "args": [{"name": "limit", "value": random.one(&["1", "2"])}]});
    if random.once_in(5) {
        run["dryRun"] = json!([{"metricName": random.one(&["errors", "lat.*", ".*", "nothing"])}]);
    }
    if random.once_in(6) {
        run["measurementRetention"] = json!([{"metricName": "errors", "limit": 2}]);
    }
    let mut at = 0.0;
    let looks: Vec<Json> = (0..random.below(14) + 1)
        .map(|_| {
            // Never a whole interval after the look before: what happens at the very moment is decided elsewhere.
            at += random.below(30) as f64 + 0.501;
            let values: serde_json::Map<String, Json> = names
                .iter()
                .map(|name| {
                    let value = match random.below(12) {
                        0 | 1 => json!({"error": "connection refused"}),
                        2 => json!({"floats": []}),
                        3 => json!({"floats": ["NaN"]}),
                        4 | 5 => json!({"floats": ["3"]}),
                        _ => json!({"floats": ["0.5"]}),
                    };
                    ((*name).to_owned(), value)
                })
                .collect();
            json!({"at": at, "values": values, "terminate": random.once_in(25)})
        })
        .collect();
    json!({"op": "run", "run": run, "looks": looks})
}

fn random_metric(random: &mut Random, name: &str) -> Json {
    let mut metric = json!({"name": name, "provider": {"prometheus": {"query": "up > {{args.limit}}"}}});
    if !random.once_in(8) {
        metric["interval"] = json!(random.one(&["10s", "5s", "1m", "20s"]));
    }
    if random.once_in(3) {
        metric["initialDelay"] = json!(random.one(&["30s", "1m", "0s"]));
    }
    if random.once_in(2) {
        metric["count"] = match random.below(4) {
            0 => json!("{{args.limit}}"),
            count => json!(count + 1),
        };
    }
    metric["successCondition"] =
        json!(random.one(&["result[0] < {{args.limit}}", "len(result) > 0 && result[0] < 1", ""]));
    if random.once_in(2) {
        metric["failureCondition"] = json!(random.one(&["len(result) > 0 && result[0] >= 1", "result[0] > 2"]));
    }
    for limit in ["failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"] {
        if random.once_in(3) {
            metric[limit] = match random.below(8) {
                0 => json!(-1),
                1 => json!("2"),
                count => json!(count - 2),
            };
        }
    }
    metric
}
