//! Tables: a head that stays, an order that stands in the URL, rows that the keys `j` and `k` walk.

use std::cmp::Ordering;

use maud::{Markup, html};

use super::Query;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What the URL calls it; empty if the table cannot be ordered by it.
    pub key: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// Whether it holds numbers.
    pub number: bool,
}

impl Column {
    /// A column of words that can be ordered by.
    pub const fn words(key: &'static str, title: &'static str) -> Self {
        Self { key, title, number: false }
    }

    /// A column of numbers that can be ordered by.
    pub const fn numbers(key: &'static str, title: &'static str) -> Self {
        Self { key, title, number: true }
    }

    /// A column that cannot be ordered by.
    pub const fn other(title: &'static str) -> Self {
        Self { key: "", title, number: false }
    }
}

/// The order of a table: `sort=karats` is from the least, `sort=-karats` from the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column's key.
    pub key: &'static str,
    /// From the most.
    pub down: bool,
}

impl Sort {
    /// The order that a URL asks for, if there is such a column.
    pub fn read(query: &Query, columns: &[Column], otherwise: Self) -> Self {
        let Some(asked) = query.get("sort") else { return otherwise };
        let (key, down) = asked.strip_prefix('-').map_or((asked, false), |key| (key, true));
        let known = columns.iter().find(|column| !column.key.is_empty() && column.key == key);
        known.map_or(otherwise, |column| Self { key: column.key, down })
    }

    /// Turns a comparison of the least first into this order.
    pub fn turn(self, ordering: Ordering) -> Ordering {
        if self.down { ordering.reverse() } else { ordering }
    }
}

/// A table.
#[derive(Debug)]
pub struct Table<'t> {
    /// What it lists, for readers of the screen.
    pub caption: &'t str,
    /// Its columns.
    pub columns: &'t [Column],
    /// Its rows. The first cell names the row.
    pub rows: Vec<Vec<Markup>>,
    /// The page and the order of the rows, if that can be chosen.
    pub sort: Option<(&'t Query, Sort)>,
}

/// The table.
pub fn table(table: &Table<'_>) -> Markup {
    html! {
        div class="framed" {
            table class="stack" {
                caption class="hide" { (table.caption) }
                thead { tr { @for column in table.columns { (head(column, table.sort)) } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @let column = table.columns.get(index).copied().unwrap_or(Column::other(""));
                                @if index == 0 {
                                    th scope="row" { (cell) }
                                } @else {
                                    td class=[column.number.then_some("num")] data-label=[(!column.title.is_empty()).then_some(column.title)] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn head(column: &Column, sort: Option<(&Query, Sort)>) -> Markup {
    let class = column.number.then_some("num");
    let Some((query, sort)) = sort.filter(|_| !column.key.is_empty()) else {
        return html! {
            @if column.title.is_empty() { td {} } @else { th scope="col" class=[class] { (column.title) } }
        };
    };
    let here = sort.key == column.key;
    let (said, arrow) = match (here, sort.down) {
        (false, _) => (None, ""),
        (true, false) => (Some("ascending"), " ↑"),
        (true, true) => (Some("descending"), " ↓"),
    };
    // Numbers are asked for from the most, words from A.
    let down = if here { !sort.down } else { column.number };
    let next = format!("{}{}", if down { "-" } else { "" }, column.key);
    html! {
        th scope="col" class=[class] aria-sort=[said] {
            a href=(query.with("sort", &next).with("page", "")) { (column.title) span aria-hidden="true" { (arrow) } }
        }
    }
}
