//! Questions to an index of a few entities.

use karat_catalog::{Entity, EntityRef, Index, List, Query, Row, Uid, read, search_rows};

const FILE: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: b, tags: [java, Rust]}
spec: {type: service, owner: group:default/one}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: A}
spec: {type: website, owner: group:default/two}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: c, namespace: other}
spec: {type: openapi}
";

fn index() -> Index {
    let mut index = Index::new();
    for descriptor in read(FILE.as_bytes(), "catalog-info.yaml") {
        let entity: Entity = descriptor.content.unwrap();
        let reference = entity.reference();
        index.insert(&reference, Uid::of(&reference), &search_rows(&entity).unwrap());
    }
    index
}

#[track_caller]
fn found(params: &[(&str, &str)]) -> Vec<String> {
    let page = index().query(&Query::from_params(params).unwrap());
    page.ids.iter().map(ToString::to_string).collect()
}

#[test]
fn a_query_filters_and_orders() {
    let by_name = ("orderField", "metadata.name,asc");
    assert_eq!(found(&[by_name]), ["component:default/a", "component:default/b", "api:other/c"]);
    assert_eq!(found(&[by_name, ("filter", "kind=component,spec.type=service")]), ["component:default/b"]);
    assert_eq!(found(&[by_name, ("filter", "metadata.tags.rust")]), ["component:default/b"]);
    assert_eq!(
        found(&[
            ("orderField", "metadata.name,desc"),
            ("filter", "metadata.namespace=other"),
            ("filter", "spec.owner")
        ]),
        ["api:other/c", "component:default/b", "component:default/a"]
    );
    assert_eq!(found(&[by_name, ("fullTextFilterTerm", "A")]), ["component:default/a"]);
}

#[test]
fn pages_lead_forth_and_back() {
    let index = index();
    let query =
        |cursor: &karat_catalog::Cursor| Query::from_params(&[("cursor", &cursor.encode()), ("limit", "1")]).unwrap();
    let first = index.query(&Query::from_params(&[("limit", "1"), ("orderField", "metadata.name")]).unwrap());
    assert_eq!((first.ids[0].as_str(), first.total, first.prev), ("component:default/a", 3, None));
    let second = index.query(&query(&first.next.unwrap()));
    assert_eq!((second.ids[0].as_str(), second.total), ("component:default/b", 3));
    let third = index.query(&query(&second.next.unwrap()));
    assert_eq!((third.ids[0].as_str(), third.next), ("api:other/c", None));
    let back = index.query(&query(&third.prev.unwrap()));
    assert_eq!(back.ids[0].as_str(), "component:default/b");
}

#[test]
fn facets_count_and_lists_go_on() {
    let index = index();
    let facets = index.facets(&["Kind".into()], None);
    let counts: Vec<(&str, usize)> = facets[0].1.iter().map(|facet| (facet.value.as_str(), facet.count)).collect();
    assert_eq!((facets[0].0.as_str(), counts), ("Kind", vec![("API", 1), ("Component", 2)]));
    let first = index.list(&List::from_params(&[("limit", "2")]).unwrap());
    assert_eq!(first.ids.len(), 2);
    let rest = index.list(&List::from_params(&[("after", &first.after.unwrap())]).unwrap());
    assert_eq!((rest.ids[0].as_str(), rest.after), ("component:default/b", None));
}

#[test]
fn what_is_removed_is_gone() {
    let mut index = index();
    assert!(index.remove(&"component:default/b".parse().unwrap()));
    assert_eq!(index.len(), 2);
    assert!(index.query(&Query::from_params(&[("filter", "metadata.tags=java")]).unwrap()).ids.is_empty());
}

/// An entity that changed is found as if it had always been so: values in several ways of writing, more of one key, and none.
#[test]
fn what_changed_is_found_as_if_it_were_new() {
    let values = [Some("Foo"), Some("foo"), Some("FOO"), Some("bar"), Some("Bar"), None];
    let keys = ["tags", "kind", "owner"];
    let references: Vec<EntityRef> = (0..6).map(|one| EntityRef::new("x", "y", &one.to_string())).collect();
    let mut state = 1_u64;
    let mut below = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let (mut changed, mut latest) = (Index::new(), std::collections::BTreeMap::new());
    for _ in 0..2_000 {
        let reference = &references[below(references.len())];
        let rows: Vec<Row> = (0..below(6))
            .map(|_| {
                let (key, value) = (keys[below(keys.len())].to_owned(), values[below(values.len())]);
                Row { key, value: value.map(str::to_lowercase), original: value.map(str::to_owned) }
            })
            .collect();
        changed.insert(reference, Uid::of(reference), &rows);
        latest.insert(reference, rows);
        let mut fresh = Index::new();
        latest.iter().for_each(|(reference, rows)| fresh.insert(reference, Uid::of(reference), rows));
        assert_eq!(changed.facets(&keys.map(str::to_owned), None), fresh.facets(&keys.map(str::to_owned), None));
        for filter in ["tags=foo", "tags", "kind=bar", "owner"] {
            let query = Query::from_params(&[("filter", filter)]).unwrap();
            assert_eq!(changed.query(&query).ids, fresh.query(&query).ids, "{filter}");
        }
    }
}
