//! Sources that mean harm: each is reported or left out, and none of them takes anything else with it.

use std::fmt::Write as _;

use karat_ingest::LocationError;

use crate::support::{Organisation, component, get, location, owner, status, until};

#[test]
fn a_file_of_ten_megabytes_is_not_read() {
    let organisation =
        Organisation::new(&[("a/catalog-info.yaml", &location("all", &["./large.yaml", "./shop.yaml"]))]);
    let large = format!("{}  description: {}\n", component("large", "one"), "x".repeat(10 << 20));
    organisation.write("a/large.yaml", &large);
    organisation.write("a/shop.yaml", &component("shop", "one"));
    let catalog = organisation.open();
    assert!(get(&catalog, "component:default/large").is_none());
    assert!(owner(&catalog, "shop").is_some());
    let status = status(&catalog, "location:default/all");
    assert!(status[0].contains("more than the limit of 8388608"), "{status:?}");
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut bomb = component("bomb", "one");
    bomb.push_str("  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "  a{level}: &a{level} [{}]", [before.as_str(); 10].join(", "));
    }
    let organisation =
        Organisation::new(&[("a/catalog-info.yaml", &format!("{bomb}---\n{}", component("shop", "one")))]);
    let catalog = organisation.open();
    assert!(owner(&catalog, "shop").is_some());
    assert!(get(&catalog, "component:default/bomb").is_none());
    let root = catalog.locations().unwrap().remove(0).reference;
    assert_eq!(status(&catalog, root.as_str()).len(), 1);
}

#[test]
fn locations_and_relations_in_a_circle_end() {
    let system = |name: &str, of: &str| {
        format!("{}  subcomponentOf: {of}\n  dependsOn: ['component:{of}']\n", component(name, "one"))
    };
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &location("one", &["./two.yaml", "./catalog-info.yaml"])),
        (
            "a/two.yaml",
            &format!("{}---\n{}---\n{}", location("two", &["./catalog-info.yaml"]), system("x", "y"), system("y", "x")),
        ),
    ]);
    let catalog = organisation.open();
    assert_eq!(catalog.now().len(), 5);
    let ancestry = catalog.now().ancestry(&"component:default/x".parse().unwrap());
    assert_eq!(ancestry.len(), 4);
    // The circle holds nothing up when what led to it is gone.
    organisation.remove("a/catalog-info.yaml");
    until("the end", || catalog.now().is_empty());
}

#[test]
fn a_chain_of_locations_has_an_end() {
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &location("l0", &["./1.yaml"]))]);
    for link in 1..100 {
        let next = format!("./{}.yaml", link + 1);
        organisation.write(&format!("a/{link}.yaml"), &location(&format!("l{link}"), &[&next]));
    }
    let catalog = organisation.open();
    assert!(get(&catalog, "location:default/l20").is_some());
    assert!(get(&catalog, "location:default/l40").is_none());
    let last = (20..40)
        .rev()
        .map(|link| format!("location:default/l{link}"))
        .find(|one| get(&catalog, one).is_some())
        .unwrap();
    assert!(status(&catalog, &last)[0].contains("Locations lead one to the other"));
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    fs_err::write(outside.path().join("out.yaml"), component("out", "one")).unwrap();
    let organisation = Organisation::new(&[
        (
            "a/catalog-info.yaml",
            &location("all", &["./out.yaml", "./folder/out.yaml", "./in.yaml", "./data.yaml", "./folder/*"]),
        ),
        ("b/in.yaml", &component("inside", "one")),
        (".karat/data/secret.yaml", &component("secret", "one")),
    ]);
    let link = |to: &std::path::Path, at: &str| std::os::unix::fs::symlink(to, organisation.path(at)).unwrap();
    link(&outside.path().join("out.yaml"), "a/out.yaml");
    link(outside.path(), "a/folder");
    link(&organisation.path("b/in.yaml"), "a/in.yaml");
    link(&organisation.path(".karat/data/secret.yaml"), "a/data.yaml");
    let catalog = organisation.open();
    assert!(owner(&catalog, "inside").is_some());
    assert!(owner(&catalog, "out").is_none() && owner(&catalog, "secret").is_none());
    let status = status(&catalog, "location:default/all");
    assert_eq!(status.len(), 4, "{status:?}");
}

#[test]
fn registered_files_are_the_organisations() {
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    let catalog = organisation.open();
    for target in [
        "",
        "/etc/passwd",
        "../x.yaml",
        "a/../../x.yaml",
        ".git/config",
        "a/.git/config",
        ".karat/data/karat.db",
        "a/./.karat/x",
    ] {
        assert!(matches!(catalog.add_location("file", target), Err(LocationError::Input(_))), "{target}");
        assert!(matches!(catalog.try_location("file", target), Err(LocationError::Input(_))), "{target}");
    }
    for (kind, target) in [
        ("url", "ftp://example.com/x"),
        ("url", "file:///etc/passwd"),
        ("url", "javascript:alert(1)"),
        ("url", "https://me:secret@example.com/x"),
        ("url", "nonsense"),
        ("bitbucket-discovery", "x"),
    ] {
        assert!(matches!(catalog.add_location(kind, target), Err(LocationError::Input(_))), "{target}");
    }
    // Placeholders and Locations are no way around it.
    let text = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: spy}\nspec: {type: x, lifecycle: x, owner: x, definition: {$text: ../../../../etc/passwd}}\n";
    organisation.write(
        "a/catalog-info.yaml",
        &format!("{text}---\n{}", location("out", &["../../../etc/passwd", "/etc/passwd"])),
    );
    until("the spy", || get(&catalog, "api:default/spy").is_some());
    let spy = get(&catalog, "api:default/spy").unwrap();
    let shown = format!("{spy:?}");
    assert!(!shown.contains("root:"), "{shown}");
    until("both refusals", || status(&catalog, "location:default/out").len() == 2);
}

#[test]
fn a_slow_url_keeps_no_file_waiting() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    organisation.sources.allow.push(format!("127.0.0.1:{port}"));
    let catalog = organisation.open();
    let added = catalog.add_location("url", &format!("http://127.0.0.1:{port}/catalog-info.yaml")).unwrap();
    organisation.write("a/catalog-info.yaml", &component("shop", "two"));
    until("the change", || owner(&catalog, "shop").as_deref() == Some("two"));
    // It is waited for still: what fails is told.
    assert_eq!(status(&catalog, added.location.reference.as_str()), Vec::<String>::new());
}
