//! What is kept is got.

use karat_store::{Change, Database, Entities, Location, Locations, Record, Tasks};

use crate::record;

fn put(record: Record) -> Change {
    Change::Put(Box::new(record))
}

#[test]
fn locations_are_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/karat.db");
    let store: Box<dyn Locations> = Box::new(Database::open(&path).unwrap());
    let one = Location { id: "1".to_owned(), kind: "url".to_owned(), target: "https://b.example".to_owned() };
    let two =
        Location { id: "2".to_owned(), kind: "file".to_owned(), target: "a'; DROP TABLE locations; --".to_owned() };
    assert!(store.add_location(&one).unwrap() && store.add_location(&two).unwrap());
    assert!(!store.add_location(&Location { id: "3".to_owned(), ..one.clone() }).unwrap());
    drop(store);
    let store = Database::open(&path).unwrap();
    assert_eq!(store.locations().unwrap(), [two.clone(), one]);
    assert!(store.remove_location("1").unwrap() && !store.remove_location("1").unwrap());
    assert_eq!(store.locations().unwrap(), [two]);
}

#[test]
fn a_record_without_a_good_form_keeps_the_one_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let store = Database::open(&folder.path().join("karat.db")).unwrap();
    let entities: &dyn Entities = &store;
    entities.change_entities(vec![put(record("a", "1")), put(record("b", "1"))]).unwrap();
    entities.change_entities(vec![put(Record { good: None, ..record("a", "2") })]).unwrap();
    let wanted = Record { good: Some("good 1".to_owned()), ..record("a", "2") };
    assert_eq!(entities.entity("component:default/a").unwrap(), Some(wanted.clone()));
    assert_eq!(entities.entities_of("file:a.yaml").unwrap(), [wanted]);
    let show = Change::Show {
        reference: "component:default/b".to_owned(),
        body: "body 3".to_owned(),
        hash: "hash 3".to_owned(),
    };
    entities.change_entities(vec![show, Change::Remove("component:default/a".to_owned())]).unwrap();
    let shown = Record { body: "body 3".to_owned(), hash: "hash 3".to_owned(), ..record("b", "1") };
    assert_eq!(entities.entity("component:default/b").unwrap(), Some(shown));
    assert_eq!(entities.hashes().unwrap(), [("component:default/b".to_owned(), "hash 3".to_owned())]);
}

#[test]
fn readers_go_on_while_somebody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Database::open(&folder.path().join("karat.db")).unwrap();
    // Two entities that always say the same: a reader never sees one without the other.
    let both = |text: &str| vec![put(record("a", text)), put(record("b", text))];
    store.change_entities(both("0")).unwrap();
    let writer = {
        let store = store.clone();
        std::thread::spawn(move || (1..200).for_each(|round| store.change_entities(both(&round.to_string())).unwrap()))
    };
    while !writer.is_finished() {
        let hashes = store.hashes().unwrap();
        assert_eq!(hashes[0].1, hashes[1].1);
    }
    writer.join().unwrap();
}

#[test]
fn lines_of_tasks_stay_in_their_order_until_they_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("karat.db");
    let store = Database::open(&path).unwrap();
    let tasks: &dyn Tasks = &store;
    let mut wanted = Vec::new();
    for number in 0..1_000 {
        let (task, line) = (format!("task {}", number % 3), format!("line {number}"));
        // Nobody waits for most, and what is waited for comes after them.
        if number % 100 == 99 {
            tasks.add_task_line(&task, line.clone()).unwrap();
            assert_eq!(tasks.task_lines().unwrap().len(), number + 1);
        } else {
            tasks.note_task_line(&task, line.clone());
        }
        wanted.push((task, line));
    }
    assert_eq!(tasks.task_lines().unwrap(), wanted);
    tasks.remove_tasks(vec!["task 0".to_owned(), "task 2".to_owned(), "nobody".to_owned()]).unwrap();
    drop(store);
    wanted.retain(|(task, _)| task == "task 1");
    assert_eq!(Database::open(&path).unwrap().task_lines().unwrap(), wanted);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for file in fs_err::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
        }
    }
}
