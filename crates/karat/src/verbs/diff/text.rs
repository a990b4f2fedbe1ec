//! A difference for people: at a terminal, and in a pull request.

use std::fmt::Write;

use karat_diag::count;
use karat_fleet::diff::{
    ApplicationDifference, ApplicationFate, ApplicationKind, Change, Difference, Edit, Loss, Lost, ObjectDifference,
    ObjectFate, ObjectKind, Totals,
};
use karat_kube::Identity;
use karat_yaml::{Escape, Value};

/// Values longer than this are cut: a difference is read, and the file has the rest.
const VALUE_WIDTH: usize = 160;

pub(super) fn human(difference: &Difference, quiet: bool) -> String {
    let mut text = String::new();
    if !quiet {
        body(&mut text, difference);
    }
    let _ = writeln!(text, "{}", verdict(difference));
    text
}

pub(super) fn markdown(difference: &Difference) -> String {
    let mut text = format!("**{}**\n", verdict(difference));
    let mut inner = String::new();
    body(&mut inner, difference);
    if !inner.is_empty() {
        // A fence longer than any in the text, so that no value can end it.
        let longest = inner.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = write!(text, "\n{fence}diff\n{inner}{fence}\n");
    }
    text
}

fn body(text: &mut String, difference: &Difference) {
    if !difference.losses.is_empty() {
        let _ = writeln!(text, "! Lost:");
        for loss in &difference.losses {
            let _ = writeln!(text, "!   {}", lost(loss));
        }
        text.push('\n');
    }
    let mut place = None;
    for application in &difference.applications {
        let here = (&application.environment, &application.cluster);
        if place != Some(here) {
            let totals = difference.totals.get(&(here.0.clone(), here.1.clone())).copied().unwrap_or_default();
            let _ = writeln!(text, "{}: {}", destination(here.0, here.1), changed(totals));
            place = Some(here);
        }
        one(text, application);
        text.push('\n');
    }
}

fn verdict(difference: &Difference) -> String {
    if difference.applications.is_empty() {
        return "no difference: the fleet stays as it is".to_owned();
    }
    let mut all = Totals::default();
    for totals in difference.totals.values() {
        all.applications += totals.applications;
        all.added += totals.added;
        all.removed += totals.removed;
        all.changed += totals.changed;
        all.renamed += totals.renamed;
    }
    let deleted = difference.losses.iter().filter(|loss| is_deleted(&loss.what)).count();
    let orphaned = difference.losses.len() - deleted;
    format!(
        "{} on {}: {}; {deleted} deleted, {orphaned} orphaned",
        count(all.applications, "application"),
        count(difference.totals.len(), "cluster"),
        objects(all),
    )
}

fn changed(totals: Totals) -> String {
    format!("{}, {}", count(totals.applications, "application"), objects(totals))
}

fn objects(totals: Totals) -> String {
    let Totals { added, removed, changed, renamed, .. } = totals;
    let renamed = if renamed > 0 { format!(", {renamed} renamed") } else { String::new() };
    format!("{added} added, {removed} removed, {changed} changed{renamed}")
}

fn destination(environment: &str, cluster: &str) -> String {
    match (environment, cluster) {
        (_, "") => "no cluster".to_owned(),
        ("", cluster) => cluster.to_owned(),
        (environment, cluster) => format!("{environment}, {cluster}"),
    }
}

fn is_deleted(lost: &Lost) -> bool {
    match lost {
        Lost::Application { fate, .. } => *fate == ApplicationFate::Deleted,
        Lost::Object { fate, .. } => *fate == ObjectFate::Deleted,
    }
}

fn lost(loss: &Loss) -> String {
    let place = destination(&loss.environment, &loss.cluster);
    match &loss.what {
        Lost::Application { fate, objects } => {
            let objects = count(*objects, "object");
            let fate = match fate {
                ApplicationFate::Deleted => format!("deleted, with its {objects}"),
                ApplicationFate::ObjectsStay => format!("deleted; its {objects} stay, and nothing tends them"),
                ApplicationFate::Stays => format!("stays with its {objects}, and nothing renews it"),
            };
            format!("Application {} ({place}): {fate}", loss.application)
        }
        Lost::Object { identity, fate } => {
            format!("{} of {} ({place}): {}", object(identity), loss.application, object_fate(*fate))
        }
    }
}

fn object_fate(fate: ObjectFate) -> &'static str {
    match fate {
        ObjectFate::Deleted => "deleted",
        ObjectFate::Stays => "stays, and nothing tends it",
    }
}

fn one(text: &mut String, application: &ApplicationDifference) {
    let (sign, what) = match &application.kind {
        ApplicationKind::Added => ('+', String::new()),
        ApplicationKind::Removed(_) => ('-', String::new()),
        ApplicationKind::Renamed { from, .. } => ('~', format!(" (was {from})")),
        ApplicationKind::Changed => ('~', String::new()),
    };
    let _ = writeln!(text, "{sign} {}{what}", application.name);
    changes(text, &application.spec);
    for object in &application.objects {
        part(text, object);
    }
    if !application.causes.is_empty() {
        let _ = writeln!(text, "    because of {}", application.causes.join(", "));
    }
}

fn part(text: &mut String, difference: &ObjectDifference) {
    let name = object(&difference.identity);
    match &difference.kind {
        ObjectKind::Added => {
            let _ = writeln!(text, "+   {name}");
        }
        ObjectKind::Removed(fate) => {
            let _ = writeln!(text, "-   {name}: {}", object_fate(*fate));
        }
        ObjectKind::Changed(parts) => {
            let _ = writeln!(text, "~   {name}");
            changes(text, parts);
        }
        ObjectKind::Renamed { from, fate, changes: parts } => {
            let _ = writeln!(text, "~   {name} (was {}; the old one is {})", object(from), object_fate(*fate));
            changes(text, parts);
        }
        ObjectKind::Moved { from, changes: parts } => {
            let _ = writeln!(text, "~   {name} (moved from Application {from})");
            changes(text, parts);
        }
    }
}

fn changes(text: &mut String, changes: &[Change]) {
    for change in changes {
        let label = clean(&change.label);
        let _ = match &change.edit {
            Edit::Added(new) => writeln!(text, "+     {label}: {}", shown(new)),
            Edit::Removed(old) => writeln!(text, "-     {label}: {}", shown(old)),
            Edit::Changed { old, new } => {
                writeln!(text, "-     {label}: {}\n+     {label}: {}", shown(old), shown(new))
            }
        };
    }
}

fn object(identity: &Identity) -> String {
    clean(&identity.to_string())
}

/// A value on one line, cut where it is long.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Str(text) => text.lossy().into_owned(),
        other => karat_yaml::to_json(other, Escape::Raw).unwrap_or_else(|error| error.to_string()),
    };
    let mut text = clean(&text.replace('\n', "\\n"));
    if let Some((end, _)) = text.char_indices().nth(VALUE_WIDTH) {
        text.truncate(end);
        text.push_str(" ...");
    }
    text
}

/// Without control characters: names and values are not ours, and a terminal obeys them.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
