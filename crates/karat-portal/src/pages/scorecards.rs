//! Scorecards: the karats of everything, by thing, team, system and standard.

use std::collections::BTreeMap;

use karat_catalog::EntityRef;
use karat_diag::count;
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::model::{Entities, Grade, KINDS, Model, Scored};
use crate::parts::{
    Active, Column, Header, Query, Sort, Tab, Table, empty, hallmark, header, meter, segment, table, tabs,
};

/// The page. `by=` is entity (without it), team, system or standard.
pub fn scorecards(model: &Model, entities: &dyn Entities, query: &Query) -> Page {
    let system = |scored: &Scored<'_>| {
        let entity = entities.get(&EntityRef::new("component", "default", &scored.entity.name));
        entity.and_then(|entity| entity.text(&["spec", "system"]).map(str::to_owned)).unwrap_or_default()
    };
    let by = query.get("by").unwrap_or("entity");
    let head = Header {
        title: "Scorecards",
        question: "How well is what we run, and what would make it better?",
        actions: vec![html! { a class="button" href="/waivers" { "Waivers" } }],
        ..Header::default()
    };
    let tab = |title, key: &'static str| Tab {
        title,
        href: if key == "entity" { "/scorecards".to_owned() } else { format!("/scorecards?by={key}") },
        active: by == key,
    };
    let content = html! {
        (header(&head))
        (tabs("Ways to look at it", &[tab("Everything", "entity"), tab("By team", "team"), tab("By system", "system"), tab("By standard", "standard")]))
        @match by {
            "team" => (groups(model, query, "Team", |scored| scored.team.to_owned(), |name| words::team(model, name))),
            "system" => (groups(model, query, "System", system, |name| html! {
                @if name.is_empty() { span class="muted" { "none" } } @else { a href=(paths::entity("system", "default", name)) { (name) } }
            })),
            "standard" => (by_standard(model, query)),
            _ => (everything(model, query)),
        }
    };
    Page::new(Active::Scorecards, "Scorecards", content)
}

const COLUMNS: [Column; 6] = [
    Column::words("name", "Name"),
    Column::words("kind", "Kind"),
    Column::words("owner", "Owner"),
    Column::numbers("karats", "Karats"),
    Column::numbers("unmet", "Not met"),
    Column::numbers("waived", "Waived"),
];

fn everything(model: &Model, query: &Query) -> Markup {
    let (kind, owner, below) = (query.get("kind"), query.get("owner"), query.get("grade"));
    let sort = Sort::read(query, &COLUMNS, Sort { key: "karats", down: false });
    let all = model.scored().count();
    let mut rows: Vec<Scored<'_>> = model
        .scored()
        .filter(|scored| kind.is_none_or(|kind| scored.entity.kind.word() == kind))
        .filter(|scored| owner.is_none_or(|owner| scored.team == owner))
        .filter(|scored| below.is_none_or(|grade| Grade::of(scored.score.karats).word() == grade))
        .collect();
    rows.sort_by(|a, b| {
        let by = match sort.key {
            "kind" => a.entity.kind.cmp(&b.entity.kind),
            "owner" => a.team.cmp(b.team),
            "karats" => a.score.karats.cmp(&b.score.karats),
            "unmet" => a.score.unmet.len().cmp(&b.score.unmet.len()),
            "waived" => a.score.waived.len().cmp(&b.score.waived.len()),
            _ => a.entity.name.cmp(&b.entity.name),
        };
        sort.turn(by).then_with(|| a.entity.cmp(b.entity))
    });
    let row = |scored: &Scored<'_>| {
        let href = paths::scorecard(scored.entity);
        vec![
            html! { a href=(href) { (scored.entity.name) } },
            html! { (scored.entity.kind.word()) },
            words::team(model, scored.team),
            hallmark(scored.score.karats, None),
            html! { (scored.score.unmet.len()) },
            html! { (scored.score.waived.len()) },
        ]
    };
    html! {
        form class="filters" action="/scorecards" {
            (choice("kind", "Kind", kind, KINDS.map(|kind| (kind.word().to_owned(), kind.word().to_owned()))))
            (choice("owner", "Owner", owner, model.owners.teams.iter().map(|team| (team.name.clone(), team.title.clone()))))
            (choice("grade", "Level", below, Grade::ALL.map(|grade| (grade.word().to_owned(), grade.word().to_owned()))))
            @if let Some(sort) = query.get("sort") { input type="hidden" name="sort" value=(sort); }
            button { "Show" }
            span class="of" { (rows.len()) " of " (all) }
        }
        @if rows.is_empty() {
            (empty("Nothing is like that.", "No thing has this kind, owner and level at once.", &html! { a href="/scorecards" { "Show everything" } }))
        } @else {
            (table(&Table { caption: "Karats of everything", columns: &COLUMNS, rows: rows.iter().map(row).collect(), sort: Some((query, sort)) }))
        }
    }
}

/// A filter with its choices.
pub(super) fn choice(
    name: &str,
    label: &str,
    chosen: Option<&str>,
    choices: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    html! {
        div {
            label for={ "by-" (name) } { (label) }
            select id={ "by-" (name) } name=(name) {
                option value="" { "any" }
                @for (value, title) in choices { option value=(value) selected[chosen == Some(value.as_str())] { (title) } }
            }
        }
    }
}

const GROUPS: [Column; 5] = [
    Column::words("name", "Group"),
    Column::other("Level"),
    Column::numbers("fine", "At 24K"),
    Column::numbers("unmet", "Not met"),
    Column::numbers("karats", "Lowest"),
];

fn groups(
    model: &Model,
    query: &Query,
    title: &'static str,
    group: impl Fn(&Scored<'_>) -> String,
    link: impl Fn(&str) -> Markup,
) -> Markup {
    let mut columns = GROUPS;
    columns[0].title = title;
    let sort = Sort::read(query, &columns, Sort { key: "karats", down: false });
    let mut all: BTreeMap<String, Vec<Scored<'_>>> = BTreeMap::new();
    for scored in model.scored() {
        all.entry(group(&scored)).or_default().push(scored);
    }
    let mut rows: Vec<_> = all.into_iter().collect();
    let lowest = |members: &[Scored<'_>]| members.iter().map(|scored| scored.score.karats).min().unwrap_or(24);
    let fine = |members: &[Scored<'_>]| members.iter().filter(|scored| scored.score.karats == 24).count();
    let unmet = |members: &[Scored<'_>]| members.iter().map(|scored| scored.score.unmet.len()).sum::<usize>();
    rows.sort_by(|(a, x), (b, y)| {
        let by = match sort.key {
            "fine" => fine(x).cmp(&fine(y)),
            "unmet" => unmet(x).cmp(&unmet(y)),
            "karats" => lowest(x).cmp(&lowest(y)),
            _ => a.cmp(b),
        };
        sort.turn(by).then_with(|| a.cmp(b))
    });
    let row = |(name, members): &(String, Vec<Scored<'_>>)| {
        let href = (title == "Team" && !name.is_empty()).then(|| format!("/scorecards?owner={}", segment(name)));
        vec![
            link(name),
            html! { (Grade::of(lowest(members)).word()) },
            meter(fine(members), members.len(), ""),
            html! { (unmet(members)) },
            hallmark(lowest(members), href.as_deref()),
        ]
    };
    html! {
        p class="muted prose" { "A group has the level that all of its members have: its lowest." }
        (table(&Table { caption: "Karats by group", columns: &columns, rows: rows.iter().map(row).collect(), sort: Some((query, sort)) }))
    }
}

const STANDARDS: [Column; 5] = [
    Column::words("name", "Standard"),
    Column::words("level", "Level"),
    Column::numbers("karats", "Costs"),
    Column::numbers("unmet", "Not met by"),
    Column::numbers("waived", "Waived for"),
];

fn by_standard(model: &Model, query: &Query) -> Markup {
    let sort = Sort::read(query, &STANDARDS, Sort { key: "unmet", down: true });
    let unmet = |id: &str| model.scored().filter(|scored| scored.score.unmet.contains_key(id)).count();
    let waived = |id: &str| model.scored().filter(|scored| scored.score.waived.contains(id)).count();
    let mut rows: Vec<_> =
        model.verdict.standards.all().iter().map(|one| (one, unmet(&one.id), waived(&one.id))).collect();
    rows.sort_by(|a, b| {
        let by = match sort.key {
            "level" => a.0.level.cmp(&b.0.level),
            "karats" => a.0.karats.cmp(&b.0.karats),
            "unmet" => a.1.cmp(&b.1),
            "waived" => a.2.cmp(&b.2),
            _ => a.0.id.cmp(&b.0.id),
        };
        sort.turn(by).then_with(|| a.0.id.cmp(&b.0.id))
    });
    let rows = rows.iter().map(|(standard, unmet, waived)| {
        vec![
            html! { a href=(paths::standard(&standard.id)) { (standard.id) } },
            html! { (words::level(standard.level)) },
            html! { (standard.karats) "K" },
            html! { @if *unmet == 0 { span class="muted" { "none" } } @else { (count(*unmet, "thing")) } },
            html! { (waived) },
        ]
    });
    table(&Table {
        caption: "Standards and who misses them",
        columns: &STANDARDS,
        rows: rows.collect(),
        sort: Some((query, sort)),
    })
}
