//! A page as a file that needs nothing else but one style sheet.

use karat_docs::{Entry, Page, Quadrant};

use super::Docs;

/// Where the style sheet is, from the site's root.
pub(super) const STYLE: &str = "assets/karat.css";
pub(super) const CSS: &str = include_str!("style.css");

/// The file of a page: `how-to/release/index.html`.
pub(super) fn file(page: &Page) -> String {
    if page.url.ends_with(".html") { page.url.clone() } else { format!("{}index.html", page.url) }
}

/// The whole page as HTML.
pub(super) fn draw(docs: &Docs, page: &Page) -> String {
    let site = &docs.site;
    let up = "../".repeat(page.url.matches('/').count());
    let mut out = String::with_capacity(page.html.len() + 8_192);
    let text = |out: &mut String, text: &str| {
        for character in text.chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                _ => out.push(character),
            }
        }
    };
    let link = |out: &mut String, class: &str, url: &str, title: &str| {
        out.push_str(&format!("<a{class} href=\""));
        text(out, url);
        out.push_str("\">");
        text(out, title);
        out.push_str("</a>");
    };
    out.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    text(&mut out, &format!("{} · {}", page.title, site.name()));
    out.push_str(&format!("</title><link rel=\"stylesheet\" href=\"{up}{STYLE}\"></head><body>\n<header>"));
    link(&mut out, "", if up.is_empty() { "./" } else { &up }, site.name());
    out.push_str("</header>\n<nav aria-label=\"Pages\"><ul>");
    let mut open: Vec<Step<'_>> = site.nav().entries.iter().rev().map(Step::Entry).collect();
    while let Some(step) = open.pop() {
        match step {
            Step::End => out.push_str("</ul></li>"),
            Step::Entry(Entry::Section { title, entries }) => {
                out.push_str("<li><span>");
                text(&mut out, title);
                out.push_str("</span><ul>");
                open.push(Step::End);
                open.extend(entries.iter().rev().map(Step::Entry));
            }
            Step::Entry(Entry::Link { title, url }) => {
                out.push_str("<li>");
                let url = if url.contains("://") { url.clone() } else { format!("{up}{url}") };
                link(&mut out, "", &url, title);
                out.push_str("</li>");
            }
            Step::Entry(Entry::Page { path, .. }) => {
                let Some(there) = site.page(path) else { continue };
                out.push_str("<li>");
                let here = if there.path == page.path { " aria-current=\"page\"" } else { "" };
                let url = format!("{up}{}", there.url);
                link(&mut out, here, if url.is_empty() { "./" } else { &url }, &there.title);
                out.push_str("</li>");
            }
        }
    }
    out.push_str("</ul></nav>\n<main><article>");
    if let Some(quadrant) = page.quadrant {
        out.push_str(&format!("<p class=\"quadrant\">{}</p>", purpose(quadrant)));
    }
    // Cleaned by an allow-list in `karat-docs`: nothing in it runs.
    out.push_str(&page.html);
    out.push_str("</article>\n<footer>");
    if let Some(change) = docs.changes.get(&page.source) {
        let day = jiff::Timestamp::from_second(change.seconds).map(|time| time.strftime("%-d %B %Y").to_string());
        out.push_str("<p>Last changed ");
        text(&mut out, &format!("{} by {}", day.unwrap_or_default(), change.author));
        out.push_str("</p>");
    }
    if let Some(edit) = &page.edit_url {
        out.push_str("<p>");
        link(&mut out, "", edit, "Edit this page");
        out.push_str("</p>");
    }
    for (rel, word, near) in [("prev", "Before", &page.previous), ("next", "Next", &page.next)] {
        if let Some(near) = near {
            out.push_str(&format!("<p>{word}: "));
            let url = format!("{up}{}", near.url);
            link(&mut out, &format!(" rel=\"{rel}\""), if url.is_empty() { "./" } else { &url }, &near.title);
            out.push_str("</p>");
        }
    }
    out.push_str("</footer></main>\n");
    if page.toc.len() > 2 {
        out.push_str("<aside aria-label=\"On this page\"><ul>");
        for heading in page.toc.iter().filter(|heading| matches!(heading.level, 2 | 3)) {
            out.push_str(&format!("<li class=\"level-{}\">", heading.level));
            link(&mut out, "", &format!("#{}", heading.id), &heading.text);
            out.push_str("</li>");
        }
        out.push_str("</ul></aside>");
    }
    out.push_str("</body></html>\n");
    out
}

enum Step<'e> {
    Entry(&'e Entry),
    End,
}

fn purpose(quadrant: Quadrant) -> &'static str {
    match quadrant {
        Quadrant::Tutorial => "Tutorial: learn it by doing",
        Quadrant::HowTo => "How-to: reach a goal",
        Quadrant::Reference => "Reference: look it up",
        Quadrant::Explanation => "Explanation: understand why",
    }
}
