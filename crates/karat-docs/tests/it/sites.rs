//! Sites: configuration, navigation, links, what is around a page.

use karat_docs::{Entry, Kind, Quadrant, Site, openapi};
use karat_source::Memory;

fn world(files: &[(&str, &str)]) -> Memory {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn a_page_knows_what_is_around_it() {
    let world = world(&[
        (
            "a/mkdocs.yml",
            "site_name: A\nrepo_url: https://github.com/b/a\nnav:\n  - index.md\n  - How to:\n      - Roll back: release.md\n  - Reference: [reference/x.md]\n",
        ),
        ("a/docs/index.md", "# Home of A\n\nHello [back](release.md#roll-back).\n"),
        ("a/docs/release.md", "# Release\n\nFirst words.\n\n## Roll back\n\nSecond *words*.\n"),
        ("a/docs/reference/x.md", "---\ntitle: X it is\ndescription: All of X\n---\nNo heading.\n"),
        ("a/docs/images/p.png", "x"),
    ]);
    let (site, problems) = Site::read(&world, "a");
    assert_eq!(problems, []);
    let page = site.page("release.md").unwrap();
    assert_eq!((page.title.as_str(), page.url.as_str()), ("Roll back", "release/"));
    assert_eq!(page.source, "a/docs/release.md");
    assert_eq!(page.edit_url.as_deref(), Some("https://github.com/b/a/edit/master/docs/release.md"));
    assert_eq!((page.quadrant, page.sections.as_slice()), (Some(Quadrant::HowTo), ["How to".to_owned()].as_slice()));
    assert_eq!(page.previous.as_ref().map(|page| page.title.as_str()), Some("Home of A"));
    assert_eq!(page.next.as_ref().map(|page| page.path.as_str()), Some("reference/x.md"));
    assert_eq!(site.page("release/").map(|page| &page.path), Some(&"release.md".to_owned()));
    assert_eq!(site.page("reference/x/index.html").and_then(|page| page.description.as_deref()), Some("All of X"));
    assert_eq!(site.home().map(|page| page.url.as_str()), Some(""));
    assert_eq!(site.asset("images/p.png").map(|asset| asset.media_type), Some("image/png"));
    assert!(matches!(&site.nav().entries[1], Entry::Section { title, .. } if title == "How to"));
    let entries = site.search_entries();
    let found: Vec<(&str, &str, &str)> =
        entries.iter().map(|entry| (entry.location.as_str(), entry.title.as_str(), entry.text.as_str())).collect();
    assert_eq!(
        found,
        [
            ("", "Home of A", "Hello back."),
            ("release/", "Roll back", "First words."),
            ("release/#roll-back", "Roll back", "Second words."),
            ("reference/x/", "X it is", "No heading."),
        ]
    );
}

#[test]
fn links_that_lead_nowhere_are_told_where_they_stand() {
    let world = world(&[
        ("mkdocs.yml", "site_name: A\nnav:\n  - index.md\n  - gone.md\n"),
        (
            "docs/index.md",
            "# A\n\nText, then [one](b.md#part) and\n[two](c.md), [three](b), [four](/b/),\n![five](x.png)\n\n!!! note\n    [six](#nowhere)\n\n    [fine](https://example.com), [fine](#a), [fine](b.md).\n",
        ),
        ("docs/b.md", "# B\n\n## Another part\n"),
    ]);
    let (_, problems) = Site::read(&world, "");
    let told: Vec<String> = problems.iter().map(|problem| format!("{problem}; {}", problem.fix)).collect();
    assert_eq!(
        told,
        [
            "docs/index.md:3:12: the link `b.md#part` leads nowhere: b.md has no part `part`; did you mean #another-part?",
            "docs/index.md:4:1: the link `c.md` leads nowhere: there is no c.md in the documentation; link to a file below docs_dir, or to the full address of what is elsewhere",
            "docs/index.md:4:14: the link `b` leads nowhere: there is no b in the documentation; did you mean b.md?",
            "docs/index.md:4:26: the link `/b/` starts at the server's root, where the site may not be; link to the file, from this one",
            "docs/index.md:5:1: the link `x.png` leads nowhere: there is no x.png in the documentation; link to a file below docs_dir, or to the full address of what is elsewhere",
            "docs/index.md:8:1: the link `#nowhere` leads nowhere: index.md has no part `nowhere`; link to one of its headings, or to the page",
            "mkdocs.yml:2:1: the page b.md is not in `nav`, so no reader finds it; add it to `nav`, or name it in `not_in_nav`",
            "mkdocs.yml:4:5: there is no page gone.md; write the page, or take it out of `nav`",
        ]
    );
}

#[test]
fn what_is_not_there_is_said() {
    let (site, problems) = Site::read(&world(&[("README.md", "# Read me\n\n[a](b.md)\n")]), "");
    assert_eq!(site.home().map(|page| (page.title.as_str(), page.source.as_str())), Some(("Read me", "README.md")));
    assert!(problems.iter().any(|problem| problem.kind == Kind::Link && problem.file == "README.md"));
    let (site, problems) = Site::read(&world(&[("mkdocs.yml", "site_name: A\ndocs_dir: pages\n")]), "");
    assert!(site.home().is_none());
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn apis_are_drawn() {
    let text = include_str!("../../../../myhealth/apps/records/api/openapi.yaml");
    let (api, problems) = openapi::read("api/openapi.yaml", text.as_bytes());
    assert_eq!(problems, []);
    assert!(!api.title.is_empty() && !api.operations.is_empty() && !api.schemas.is_empty());
    for operation in &api.operations {
        assert!(api.html.contains(&format!("id=\"{}\"", operation.id)), "{operation:?}");
    }
    // Every link within the page leads somewhere.
    for target in api.html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(api.html.contains(&format!("id=\"{target}\"")), "{target}");
    }
}
