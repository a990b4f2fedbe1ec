//! Code with a number before each line, which is its link.

use maud::{Markup, html};

/// A line of a file.
#[derive(Clone, Debug, Default)]
pub struct Line<'l> {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub text: &'l str,
    /// Whether it is what is spoken of.
    pub here: bool,
    /// The part that is meant, in characters from 0: the first, and the one after the last.
    pub mark: Option<(usize, usize)>,
}

/// Lines of `file`. Each number is a link: to `href` with the number, or to the line on this page.
pub fn code(file: &Markup, lines: &[Line<'_>], href: Option<&dyn Fn(usize) -> String>) -> Markup {
    html! {
        figure class="code" tabindex="0" {
            figcaption { (file) }
            pre {
                @for line in lines {
                    span class={ "l" @if line.here { " here" } } id=[href.is_none().then(|| format!("L{}", line.number))] {
                        @match href {
                            Some(href) => a href=(href(line.number)) aria-label={ "Line " (line.number) } { (line.number) },
                            None => a href={ "#L" (line.number) } aria-label={ "Line " (line.number) } { (line.number) },
                        }
                        (marked(line))
                    }
                }
            }
        }
    }
}

fn marked(line: &Line<'_>) -> Markup {
    let Some((from, to)) = line.mark.filter(|(from, to)| from < to) else { return html! { (line.text) "\n" } };
    let at = |number: usize| line.text.char_indices().nth(number).map_or(line.text.len(), |(at, _)| at);
    let (from, to) = (at(from), at(to));
    html! { (&line.text[..from]) mark { (&line.text[from..to]) } (&line.text[to..]) "\n" }
}
