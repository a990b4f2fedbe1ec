//! A matrix: things by places.

use maud::{Markup, html};

/// What is where two meet.
#[derive(Debug)]
pub enum Cell {
    /// Something.
    Some(Markup),
    /// Nothing.
    None,
}

/// Rows of cells under columns. A wide one scrolls by itself, and the keyboard reaches it.
pub fn matrix(caption: &str, corner: &str, columns: &[Markup], rows: &[(Markup, Vec<Cell>)]) -> Markup {
    html! {
        div class="framed scroll" tabindex="0" role="region" aria-label=(caption) {
            table class="matrix" {
                caption class="hide" { (caption) }
                thead { tr { th scope="col" { (corner) } @for column in columns { th scope="col" { (column) } } } }
                tbody {
                    @for (name, cells) in rows {
                        tr {
                            th scope="row" { (name) }
                            @for cell in cells {
                                td {
                                    @match cell {
                                        Cell::Some(what) => (what),
                                        Cell::None => { span class="muted" aria-hidden="true" { "–" } span class="hide" { "not there" } },
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
