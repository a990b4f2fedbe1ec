//! Files change.

use std::time::Duration;

use karat_catalog::{EntityRef, Query, Uid};
use karat_ingest::LocationError;

use crate::support::{Organisation, component, get, location, owner, status, until};

/// The promise. The quickest of some changes keeps it also when others work on the machine.
const SOON: Duration = Duration::from_millis(100);

#[test]
fn a_changed_file_is_seen_at_once() {
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    let catalog = organisation.open();
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("one"));
    let mut took = Vec::new();
    for round in 0..10 {
        let team = format!("team-{round}");
        organisation.write("a/catalog-info.yaml", &component("shop", &team));
        took.push(until("the change", || owner(&catalog, "shop") == Some(team.clone())));
    }
    took.sort_unstable();
    println!("a change is seen after {:?} at best, {:?} in the middle, {:?} at worst", took[0], took[5], took[9]);
    assert!(took[0] < SOON, "{took:?}");
    // Found by what it says now, and by nothing that it said.
    let found = |team: &str| {
        let filter = format!("spec.owner={team}");
        catalog.now().query(&Query::from_params(&[("filter", &filter)]).unwrap()).total
    };
    assert_eq!((found("team-9"), found("team-8"), found("one")), (1, 0, 0));
}

#[test]
fn a_broken_file_leaves_what_was_last_good_and_says_where() {
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    let catalog = organisation.open();
    organisation.write("a/catalog-info.yaml", "kind: [\n");
    until("the status", || !status(&catalog, "component:default/shop").is_empty());
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("one"));
    let message = status(&catalog, "component:default/shop").remove(0);
    assert!(message.contains("a/catalog-info.yaml:"), "{message}");
    let problems = catalog.now().problems(&"component:default/shop".parse().unwrap());
    assert_eq!(&*problems[0].place.file, "a/catalog-info.yaml");
    assert!(problems[0].place.line > 0);

    // One that is read and refused: the field's line.
    organisation.write("a/catalog-info.yaml", &component("shop", "''"));
    until("the other status", || {
        status(&catalog, "component:default/shop").iter().any(|one| one.contains("/spec/owner"))
    });
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("one"));
    assert_eq!(catalog.now().problems(&"component:default/shop".parse().unwrap())[0].place.line, 8);

    organisation.write("a/catalog-info.yaml", &component("shop", "two"));
    until("the repair", || owner(&catalog, "shop").as_deref() == Some("two"));
    assert!(status(&catalog, "component:default/shop").is_empty());
    assert!(catalog.now().problems(&"component:default/shop".parse().unwrap()).is_empty());
}

#[test]
fn a_repository_brings_its_entities_and_takes_them_with_it() {
    let organisation = Organisation::new(&[]);
    let catalog = organisation.open();
    assert!(catalog.now().is_empty());
    organisation.write("a/catalog-info.yaml", &location("all", &["./more/*.yaml"]));
    organisation.write("a/more/shop.yaml", &component("shop", "one"));
    until("the entities", || owner(&catalog, "shop").is_some());
    organisation.write("a/more/till.yaml", &component("till", "one"));
    until("what a new file brings", || owner(&catalog, "till").is_some());
    // Its file is gone, its Location is there: an orphan.
    organisation.remove("a/more/till.yaml");
    let is_orphan =
        |name: &str| get(&catalog, name).is_some_and(|entity| entity.annotation("backstage.io/orphan") == Some("true"));
    until("the orphan", || is_orphan("component:default/till"));
    // The provider does not lead there any more: all of it goes, at once.
    organisation.remove("a/catalog-info.yaml");
    until("the end", || catalog.now().len() == 1);
    assert!(is_orphan("component:default/till"));
    let uid = Uid::of(&"component:default/till".parse().unwrap());
    catalog.remove_entity(uid).unwrap();
    assert!(catalog.now().is_empty());
    assert!(matches!(catalog.remove_entity(uid), Err(LocationError::NoEntity(_))));
}

#[test]
fn a_pattern_that_cannot_be_followed_leads_where_it_did() {
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &location("all", &["./more/*.yaml"])),
        ("a/more/shop.yaml", &component("shop", "one")),
    ]);
    let catalog = organisation.open();
    organisation.write("a/catalog-info.yaml", &location("all", &["./more/[.yaml"]));
    until("the status", || !status(&catalog, "location:default/all").is_empty());
    let shop = get(&catalog, "component:default/shop").unwrap();
    assert_eq!(shop.annotation("backstage.io/orphan"), None);
    // One that can be followed, and leads nowhere, is another thing.
    organisation.write("a/catalog-info.yaml", &location("all", &["./nothing/*.yaml"]));
    until("the orphan", || {
        get(&catalog, "component:default/shop").is_some_and(|shop| shop.annotation("backstage.io/orphan").is_some())
    });
}

#[test]
fn a_change_of_many_entities_is_seen_as_a_whole() {
    let many =
        |team: &str| (0..1_000).map(|one| format!("---\n{}", component(&format!("c{one}"), team))).collect::<String>();
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &many("team-0"))]);
    let catalog = organisation.open();
    let view = catalog.now();
    let owners = || {
        let facets = view.facets(&["spec.owner".to_owned()], None);
        facets[0].1.iter().map(|facet| (facet.value.clone(), facet.count)).collect::<Vec<_>>()
    };
    for round in 1..4 {
        let team = format!("team-{round}");
        organisation.replace("a/catalog-info.yaml", &many(&team));
        until("the change", || {
            let owners = owners();
            assert!(owners.len() == 1 && owners[0].1 == 1_000, "{owners:?}");
            owners[0].0 == team
        });
    }
    organisation.remove("a/catalog-info.yaml");
    until("the end", || {
        assert!([0, 1_001].contains(&view.len()), "{}", view.len());
        view.is_empty()
    });
}

#[test]
fn relations_follow_on_both_sides() {
    let group =
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: one}\nspec: {type: team, children: []}\n";
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &location("all", &["./shop.yaml", "./teams.yaml"])),
        ("a/shop.yaml", &component("shop", "one")),
        ("a/teams.yaml", group),
    ]);
    let catalog = organisation.open();
    let owns = || {
        let team = get(&catalog, "group:default/one").unwrap();
        team.at(&["relations"]).and_then(|all| all.as_array()).is_some_and(|all| !all.is_empty())
    };
    assert!(owns());
    organisation.write("a/shop.yaml", &component("shop", "two"));
    until("the other side", || !owns());
    organisation.write("a/shop.yaml", &component("shop", "one"));
    until("the other side again", owns);
}

#[test]
fn what_placeholders_bring_in_is_followed() {
    let api = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: shop}\nspec: {type: openapi, lifecycle: production, owner: one, definition: {$text: ./openapi.yaml}}\n";
    let organisation = Organisation::new(&[("a/catalog-info.yaml", api)]);
    let catalog = organisation.open();
    assert!(status(&catalog, "api:default/shop")[0].contains("openapi.yaml"));
    let definition = || {
        let api = get(&catalog, "api:default/shop")?;
        api.text(&["spec", "definition"]).map(str::to_owned)
    };
    organisation.write("a/openapi.yaml", "openapi: 3.1.0\n");
    until("the definition", || definition().as_deref() == Some("openapi: 3.1.0\n"));
    organisation.write("a/openapi.yaml", "openapi: 3.2.0\n");
    until("the new definition", || definition().as_deref() == Some("openapi: 3.2.0\n"));
    // Gone: the last good one stays, and says so.
    organisation.remove("a/openapi.yaml");
    until("the status", || !status(&catalog, "api:default/shop").is_empty());
    assert_eq!(definition().as_deref(), Some("openapi: 3.2.0\n"));
}

#[test]
fn locations_are_registered_and_forgotten() {
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &component("shop", "one")),
        ("b/more.yaml", &format!("{}---\n{}", component("till", "one"), location("next", &["./deep.yaml"]))),
        ("b/deep.yaml", &component("safe", "one")),
    ]);
    let catalog = organisation.open();
    let tried = catalog.try_location("file", "b/more.yaml").unwrap();
    assert!(!tried.exists);
    let names: Vec<String> = tried.entities.iter().map(|entity| entity.reference().to_string()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(owner(&catalog, "till"), None);

    let added = catalog.add_location("file", "b/more.yaml").unwrap();
    assert_eq!(owner(&catalog, "safe").as_deref(), Some("one"));
    assert!(catalog.try_location("file", "./b/more.yaml").unwrap().exists);
    assert!(matches!(catalog.add_location("file", "b/more.yaml"), Err(LocationError::Exists(_))));
    assert!(matches!(catalog.add_location("file", "a/catalog-info.yaml"), Err(LocationError::Exists(_))));
    let ancestry = catalog.now().ancestry(&"component:default/safe".parse().unwrap());
    let parents: Vec<(String, usize)> =
        ancestry.iter().map(|(one, parents)| (one.to_string(), parents.len())).collect();
    assert_eq!(parents.len(), 3, "{parents:?}");
    assert_eq!(parents[1].0, "location:default/next");
    assert_eq!(ancestry[2], (added.location.reference.clone(), Vec::<EntityRef>::new()));

    let locations = catalog.locations().unwrap();
    assert_eq!(locations.len(), 2);
    assert!(matches!(catalog.remove_location(&locations[0].id), Err(LocationError::Own)));
    catalog.remove_location(&added.location.id).unwrap();
    assert_eq!((owner(&catalog, "till"), owner(&catalog, "safe")), (None, None));
    assert_eq!(catalog.now().len(), 2);
    assert!(matches!(catalog.remove_location(&added.location.id), Err(LocationError::Missing(_))));
}

#[test]
fn of_two_places_the_organisations_own_counts() {
    let organisation = Organisation::new(&[
        ("a/catalog-info.yaml", &component("shop", "owner")),
        ("0/thief.yaml", &component("shop", "thief")),
    ]);
    let catalog = organisation.open();
    catalog.add_location("file", "0/thief.yaml").unwrap();
    assert_eq!(owner(&catalog, "shop").as_deref(), Some("owner"));
    let problems = catalog.now().problems(&"component:default/shop".parse().unwrap());
    assert!(problems[0].to_string().starts_with("0/thief.yaml:1:1: "), "{problems:?}");
    organisation.remove("a/catalog-info.yaml");
    until("the other one", || owner(&catalog, "shop").as_deref() == Some("thief"));
}

#[test]
fn a_refresh_brings_back_what_was_removed() {
    let organisation = Organisation::new(&[("a/catalog-info.yaml", &component("shop", "one"))]);
    let catalog = organisation.open();
    let location = catalog.locations().unwrap().remove(0).reference;
    let uid = Uid::of(&"component:default/shop".parse().unwrap());
    catalog.remove_entity(uid).unwrap();
    assert_eq!(owner(&catalog, "shop"), None);
    catalog.refresh(&location);
    until("the entity", || owner(&catalog, "shop").is_some());
}
