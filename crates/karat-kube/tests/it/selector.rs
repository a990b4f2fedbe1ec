use karat_kube::{selects, selects_all, service_selects};
use karat_yaml::Value;

use crate::map;

#[test]
fn select_by_labels_and_expressions() {
    let labels = map([("app", "records".into()), ("tier", "api".into())]);
    let by = |operator: &str, key: &str, values: &[&str]| {
        let values = values.iter().map(|value| Value::from(*value)).collect();
        let expression = map([("key", key.into()), ("operator", operator.into()), ("values", Value::Seq(values))]);
        map([("matchExpressions", Value::Seq(vec![expression]))])
    };
    for (selector, expected) in [
        (map([]), true),
        (map([("matchLabels", map([("app", "records".into())]))]), true),
        (map([("matchLabels", map([("app", "other".into())]))]), false),
        (by("In", "tier", &["web", "api"]), true),
        (by("In", "none", &["web"]), false),
        (by("NotIn", "tier", &["api"]), false),
        (by("NotIn", "none", &["api"]), true),
        (by("Exists", "app", &[]), true),
        (by("DoesNotExist", "app", &[]), false),
        (by("DoesNotExist", "none", &[]), true),
        (by("Near", "app", &[]), false),
        (Value::Null, false),
    ] {
        assert_eq!(selects(&selector, labels.as_map()), expected, "{selector:?}");
    }
}

#[test]
fn empty_selectors_mean_all_but_for_services() {
    let none = map([]);
    assert!(selects(&none, None) && selects_all(&none));
    assert!(!service_selects(&none, None));
    assert!(selects_all(&map([("matchLabels", map([]))])));
    assert!(!selects_all(&map([("matchLabels", map([("a", "b".into())]))])) && !selects_all(&Value::Null));
    assert!(service_selects(&map([("a", "b".into())]), map([("a", "b".into()), ("c", "d".into())]).as_map()));
}
