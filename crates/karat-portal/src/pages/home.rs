//! Home: what needs me, who owns what, how well it is.

use karat_diag::{Severity, count};
use karat_standards::{EntityKind, Level};
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::model::{Model, Scored};
use crate::parts::{Active, Column, Header, Query, Sort, State, Table, anchor, hallmark, header, meter, notice, table};

/// A waiver that ends within so many days is told of.
const SOON: i32 = 30;
/// So many findings are shown before a link to the rest.
const SHOWN: usize = 8;

/// The page. `team=` narrows it to one team.
pub fn home(model: &Model, query: &Query) -> Page {
    let team = query.get("team").filter(|name| model.owners.teams.iter().any(|team| team.name == *name));
    let head = Header {
        title: &model.title,
        question: "What needs me, who owns what, and how well is it?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        (unread(model))
        (chooser(model, team))
        (needs(model, team))
        (teams(model, query))
        (numbers(model))
    };
    Page::new(Active::Home, "Home", content)
}

/// What could not be read comes before everything: the verdict is not about it.
fn unread(model: &Model) -> Markup {
    let errors: Vec<_> = model.verdict.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let Some(first) = errors.first() else { return html! {} };
    notice(
        State::Bad,
        &html! {
            p { strong { (count(errors.len(), "file")) " could not be read or rendered." } " What is below is not about that." }
            p class="mono" {
                @if let Some(place) = first.places.first() {
                    a href=(paths::source(&place.file, place.span.map_or(0, |span| span.start.line))) { (place) } ": "
                }
                (words::said(&first.message))
            }
        },
    )
}

fn chooser(model: &Model, team: Option<&str>) -> Markup {
    html! {
        form class="filters" action="/" {
            div {
                label for="team" { "Show what concerns" }
                select id="team" name="team" {
                    option value="" { "every team" }
                    @for one in &model.owners.teams { option value=(one.name) selected[team == Some(one.name.as_str())] { (one.title) } }
                }
            }
            button { "Show" }
        }
    }
}

fn needs(model: &Model, team: Option<&str>) -> Markup {
    let mine = |owner: &str| team.is_none_or(|team| owner == team);
    let musts = model.all_findings(|finding| {
        finding.waiver.is_none()
            && finding.level == Level::Must
            && (finding.affected.entities.is_empty() && team.is_none()
                || finding.affected.entities.iter().any(|entity| mine(model.owners.team(entity))))
    });
    let soon = model.today.checked_add(jiff::Span::new().days(SOON)).unwrap_or(model.today);
    let mut ending: Vec<_> = model
        .verdict
        .decided
        .waivers
        .iter()
        .filter(|waiver| waiver.accepted.until <= soon)
        .filter(|waiver| team.is_none_or(|team| waiver.accepted.owner.rsplit(['/', ':']).next() == Some(team)))
        .collect();
    ending.sort_by_key(|waiver| waiver.accepted.until);
    html! {
        section aria-labelledby="needs" {
            h2 id="needs" { "What needs " @if team.is_some() { "the team" } @else { "somebody" } }
            @if musts.is_empty() && ending.is_empty() {
                (notice(State::Good, &html! {
                    "Nothing. Every standard that must be met is met, and no waiver ends within " (SOON) " days."
                }))
            }
            @if !musts.is_empty() {
                ul class="rows" {
                    @for (finding, diagnostic) in musts.iter().take(SHOWN) {
                        li {
                            span {
                                (State::Bad.word("must")) " "
                                @let entity = finding.affected.entities.first();
                                @match entity {
                                    Some(entity) => a href={ (paths::scorecard(entity)) "#" (anchor(&finding.standard)) } { (words::said(&diagnostic.message)) },
                                    None => a href=(paths::standard(&finding.standard)) { (words::said(&diagnostic.message)) },
                                }
                            }
                            span class="small muted" {
                                @for entity in finding.affected.entities.iter().take(2) { (entity.name) " · " }
                                (finding.standard)
                            }
                        }
                    }
                }
                @if musts.len() > SHOWN {
                    p { a href="/standards?met=no" { "Show all " (musts.len()) " by standard" } }
                }
            }
            @if !ending.is_empty() {
                ul class="rows" {
                    @for waiver in ending.iter().take(SHOWN) {
                        @let over = waiver.accepted.until < model.today;
                        li {
                            span {
                                (if over { State::Bad.word("ended") } else { State::Attention.word("ends") }) " "
                                a href="/waivers" { "Waiver of " (waiver.standard) }
                            }
                            span class="small muted" { (words::day(model, waiver.accepted.until)) }
                        }
                    }
                }
            }
        }
    }
}

const TEAMS: [Column; 5] = [
    Column::words("name", "Team"),
    Column::words("kind", "Kind"),
    Column::words("owns", "Owns"),
    Column::numbers("fine", "At 24K"),
    Column::numbers("karats", "Lowest"),
];

fn teams(model: &Model, query: &Query) -> Markup {
    let sort = Sort::read(query, &TEAMS, Sort { key: "name", down: false });
    let mut rows: Vec<_> = model
        .owners
        .teams
        .iter()
        .map(|team| (team, model.scored().filter(|scored| scored.team == team.name).collect::<Vec<Scored<'_>>>()))
        .collect();
    let fine = |owned: &[Scored<'_>]| owned.iter().filter(|scored| scored.score.karats == 24).count();
    let lowest = |owned: &[Scored<'_>]| owned.iter().map(|scored| scored.score.karats).min();
    rows.sort_by(|(a, x), (b, y)| {
        let by = match sort.key {
            "kind" => a.kind.cmp(&b.kind),
            "owns" => x.len().cmp(&y.len()),
            "fine" => fine(x).cmp(&fine(y)),
            "karats" => lowest(x).cmp(&lowest(y)),
            _ => a.title.cmp(&b.title),
        };
        sort.turn(by).then_with(|| a.title.cmp(&b.title))
    });
    let row = |(team, owned): &(&crate::model::Team, Vec<Scored<'_>>)| {
        let services = owned.iter().filter(|scored| scored.entity.kind == EntityKind::Service).collect::<Vec<_>>();
        let href = format!("/scorecards?owner={}", crate::parts::segment(&team.name));
        vec![
            html! { a href=(paths::team(&team.name)) { (team.title) } },
            html! { (team.kind) },
            html! {
                @if services.is_empty() { a href=(href) { (count(owned.len(), "thing")) } }
                @else {
                    @for (index, scored) in services.iter().enumerate() {
                        @if index > 0 { ", " }
                        a href=(paths::scorecard(scored.entity)) { (scored.entity.name) }
                    }
                    @if owned.len() > services.len() { " and " a href=(href) { (owned.len() - services.len()) " more" } }
                }
            },
            meter(fine(owned), owned.len(), ""),
            html! { @match lowest(owned) { Some(karats) => (hallmark(karats, Some(&href))), None => span class="muted" { "–" } } },
        ]
    };
    html! {
        section aria-labelledby="teams" {
            h2 id="teams" { "Who owns what" }
            (table(&Table {
                caption: "Teams, what they own, and its karats",
                columns: &TEAMS,
                rows: rows.iter().map(row).collect(),
                sort: Some((query, sort)),
            }))
        }
    }
}

fn numbers(model: &Model) -> Markup {
    let subject = &model.verdict.subject;
    let tiles = [
        ("Applications", subject.applications.len(), "/fleet"),
        ("Objects", subject.objects.len(), "/fleet"),
        ("Clusters", subject.clusters.len(), "/scorecards?kind=cluster"),
        ("Repositories", subject.repositories.len(), "/scorecards?kind=repository"),
        ("Standards", model.verdict.standards.all().len(), "/standards"),
        ("Waivers", model.verdict.decided.waivers.len(), "/waivers"),
    ];
    html! {
        section aria-labelledby="numbers" {
            h2 id="numbers" { "What there is" }
            dl class="tiles" { @for (name, number, href) in tiles { div { dt { (name) } dd { a href=(href) { (number) } } } } }
        }
    }
}
