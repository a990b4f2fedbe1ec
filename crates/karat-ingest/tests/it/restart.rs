//! The portal ends, and starts again.

use karat_store::{Database, Entities as _};

use crate::support::{Organisation, component, location, owner, status, until};

#[test]
fn what_was_last_good_survives_while_the_file_is_broken() {
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &location("all", &["./shop.yaml", "./till.yaml", "./safe.yaml"])),
        ("a/shop.yaml", &component("shop", "one")),
        ("a/till.yaml", &component("till", "one")),
        ("a/safe.yaml", &component("safe", "one")),
    ]);
    drop(organisation.open());
    // No YAML; refused; gone, though a Location leads there.
    organisation.write("a/shop.yaml", "kind: [\n");
    organisation.write("a/till.yaml", &component("till", "''"));
    organisation.remove("a/safe.yaml");
    for _ in 0..2 {
        let catalog = organisation.open();
        for (name, says) in [("shop", "a/shop.yaml:"), ("till", "/spec/owner"), ("safe", "does not exist")] {
            assert_eq!(owner(&catalog, name).as_deref(), Some("one"), "{name}");
            let status = status(&catalog, &format!("component:default/{name}"));
            assert!(status.iter().any(|one| one.contains(says)), "{name}: {status:?}");
        }
        assert_eq!(status(&catalog, "location:default/all").len(), 2);
    }
    let catalog = organisation.open();
    organisation.write("a/shop.yaml", &component("shop", "two"));
    until("the repair", || owner(&catalog, "shop").as_deref() == Some("two"));
}

#[test]
fn a_second_start_writes_nothing_and_forgets_what_went() {
    let organisation = Organisation::new(&[(
        "a/catalog-info.yaml",
        &format!("{}---\n{}", component("shop", "one"), component("till", "one")),
    )]);
    drop(organisation.open());
    let kept = || {
        let store = Database::open(&organisation.data.path().join("karat.db")).unwrap();
        store.hashes().unwrap()
    };
    let before = kept();
    assert_eq!(before.len(), 3);
    drop(organisation.open());
    assert_eq!(kept(), before);
    organisation.write("a/catalog-info.yaml", &component("shop", "one"));
    drop(organisation.open());
    assert_eq!(kept().len(), 2);
}
