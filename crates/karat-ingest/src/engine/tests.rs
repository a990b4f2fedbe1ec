//! What only the thread itself can be told: time passes, changes are missed.

use std::path::Path;

use super::*;

fn open(folder: &Path, data: &Path) -> (Catalog, Database) {
    let repositories = vec![crate::Repository { folder: String::new(), revision: None }];
    let sources = Sources { repositories, allow: Vec::new() };
    let store = Database::open(&data.join("karat.db")).unwrap();
    (start(Settings { folder: folder.to_owned(), store: store.clone(), sources }).unwrap(), store)
}

/// Tells the thread something, and waits until it has worked that out.
fn tell(catalog: &Catalog, message: Message) {
    let (done, waiting) = mpsc::channel();
    catalog.0.engine.send(message).unwrap();
    catalog.0.engine.send(Message::Registered(done)).unwrap();
    waiting.recv().unwrap();
}

#[test]
fn an_orphan_goes_with_the_second_tick_and_what_only_it_led_to() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let location = |name: &str, target: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {{target: {target}}}\n"
        )
    };
    let write = |path: &str, text: String| fs_err::write(folder.path().join(path), text).unwrap();
    write("catalog-info.yaml", location("one", "./two.yaml"));
    write("two.yaml", location("two", "./three.yaml"));
    write("three.yaml", location("three", "./four.yaml"));
    let (catalog, store) = open(folder.path(), data.path());
    let is = |name: &str| catalog.now().get(&format!("location:default/{name}").parse().unwrap());
    let is_orphan = |name: &str| is(name).is_some_and(|one| one.annotation("backstage.io/orphan").is_some());
    let tick = || tell(&catalog, Message::Tick);
    tick();
    tick();
    assert!(is("two").is_some() && is("three").is_some());
    write("catalog-info.yaml", location("one", "./elsewhere.yaml"));
    while !is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(is_orphan("three"));
    tick();
    assert!(is("two").is_some());
    // It is named again: no orphan any more.
    write("catalog-info.yaml", location("one", "./two.yaml"));
    while is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    tick();
    tick();
    assert!(is("two").is_some());
    write("catalog-info.yaml", location("one", "./elsewhere.yaml"));
    while !is_orphan("two") {
        std::thread::sleep(Duration::from_millis(1));
    }
    tick();
    tick();
    assert!(is("one").is_some() && is("two").is_none() && is("three").is_none());
    assert_eq!(store.hashes().unwrap().len(), 2);
}
