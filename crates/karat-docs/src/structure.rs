//! What a page is made of, counted: what tells a lesson from directions, facts and reasons.

use crate::markdown::plain;
use crate::page::Page;

/// What a page holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// The items of its longest numbered list.
    pub steps: usize,
    /// Its blocks of code.
    pub code: usize,
    /// Those of them that are typed into a shell.
    pub commands: usize,
    /// Its definitions (`dt`).
    pub definitions: usize,
    /// Its words outside of code and tables.
    pub words: usize,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The texts of its header.
    pub head: Vec<String>,
    /// The inline code of each row's first cell, in order.
    pub rows: Vec<Vec<String>>,
}

impl Page {
    /// What the page is made of, read from its HTML.
    pub fn structure(&self) -> Structure {
        let mut reading = Reading::default();
        for piece in self.html.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
            reading.tag(tag, text);
        }
        reading.found
    }
}

#[derive(Default)]
struct Reading {
    found: Structure,
    /// The open lists: the items of a numbered one.
    lists: Vec<Option<usize>>,
    table: Option<Table>,
    /// Which cell of its row is open, from 1; 0 before the first.
    cell: usize,
    head: bool,
    row: Vec<String>,
    code: bool,
    block: bool,
}

impl Reading {
    fn tag(&mut self, tag: &str, text: &str) {
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        match name {
            "ol" => self.lists.push(Some(0)),
            "ul" => self.lists.push(None),
            "li" => {
                if let Some(Some(items)) = self.lists.last_mut() {
                    *items += 1;
                    self.found.steps = self.found.steps.max(*items);
                }
            }
            "/ol" | "/ul" => {
                self.lists.pop();
            }
            "dt" => self.found.definitions += 1,
            "pre" => {
                self.found.code += 1;
                self.block = true;
            }
            "/pre" => self.block = false,
            "table" => self.table = Some(Table::default()),
            "/table" => self.found.tables.extend(self.table.take()),
            "tr" => (self.cell, self.row) = (0, Vec::new()),
            "/tr" => {
                if let Some(table) = self.table.as_mut().filter(|_| !self.head) {
                    table.rows.push(std::mem::take(&mut self.row));
                }
            }
            "th" | "td" => {
                self.cell += 1;
                self.head = name == "th";
                if let Some(table) = self.table.as_mut().filter(|_| self.head) {
                    table.head.push(String::new());
                }
            }
            "code" => {
                let shell =
                    ["sh", "bash", "shell", "console"].iter().any(|name| tag.contains(&format!("\"language-{name}\"")));
                self.found.commands += usize::from(self.block && shell);
                self.code = true;
                if self.table.is_some() && self.cell == 1 && !self.head {
                    self.row.push(String::new());
                }
            }
            "/code" => self.code = false,
            _ => {}
        }
        // The sign of a permalink is no word.
        if !tag.contains("class=\"headerlink\"") {
            self.text(text);
        }
    }

    fn text(&mut self, text: &str) {
        match &mut self.table {
            Some(table) => match table.head.last_mut().filter(|_| self.head) {
                Some(head) => head.push_str(plain(text).trim_end()),
                None if self.code && self.cell == 1 => {
                    if let Some(code) = self.row.last_mut() {
                        code.push_str(&plain(text));
                    }
                }
                None => {}
            },
            None if !self.block => self.found.words += text.split_whitespace().count(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Structure, Table};
    use crate::Site;

    #[test]
    fn pages_are_counted() {
        let text = "# A\n\nTwo words.\n\n1. a\n2. b\n   - c\n3. d\n\n```sh\nls\n```\n\n```yaml\na: 1\n```\n\n| variable | what |\n| --- | --- |\n| `A`, `B` | `c` |\n| D | |\n\nTerm\n:   Meaning\n";
        let world: karat_source::Memory = [("docs/index.md", text)].into_iter().collect();
        let (site, _) = Site::read(&world, "");
        let table =
            Table { head: vec!["variable".into(), "what".into()], rows: vec![vec!["A".into(), "B".into()], vec![]] };
        let expected = Structure { steps: 3, code: 2, commands: 1, definitions: 1, words: 9, tables: vec![table] };
        assert_eq!(site.pages()[0].structure(), expected);
    }
}
