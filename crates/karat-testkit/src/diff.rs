//! The difference of two texts, as a person reads it.

use similar::TextDiff;

/// The most lines of a difference that are shown: the first ones tell, the rest drowns them.
const LINES: usize = 80;

/// A unified diff from `expected` to `actual`, cut after 80 lines. Trailing blanks and carriage returns are made
/// visible, because they are what one searches for longest.
pub fn unified(expected_name: &str, expected: &str, actual_name: &str, actual: &str) -> String {
    let diff = TextDiff::from_lines(expected, actual);
    let text = diff.unified_diff().context_radius(3).header(expected_name, actual_name).to_string();
    let mut shown = String::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == LINES {
            shown.push_str(&format!("... {} more lines\n", text.lines().count() - LINES));
            break;
        }
        visible(line, &mut shown);
    }
    shown
}

/// Appends `line` with its trailing blanks shown as `·` and carriage returns as `␍`, where it is a changed line.
fn visible(line: &str, out: &mut String) {
    let content = line.strip_suffix('\n').unwrap_or(line);
    if !content.starts_with(['+', '-']) {
        out.push_str(line);
        return;
    }
    let (sign, rest) = content.split_at(1);
    let kept = rest.trim_end_matches([' ', '\t', '\r']);
    out.push_str(sign);
    out.push_str(kept);
    for c in rest[kept.len()..].chars() {
        out.push(match c {
            ' ' => '·',
            '\t' => '→',
            _ => '␍',
        });
    }
    out.push_str(&line[content.len()..]);
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn shows_what_the_eye_misses() {
        let text = unified("golden", "a\nb\n", "actual", "a\nb \r\n");
        assert_eq!(text, "--- golden\n+++ actual\n@@ -1,2 +1,2 @@\n a\n-b\n+b·␍\n");
    }

    #[test]
    fn cuts_long_differences() {
        let long = "x\n".repeat(1000);
        let text = unified("golden", "", "actual", &long);
        assert!(text.ends_with("... 923 more lines\n"), "{}", &text[text.len() - 60..]);
    }
}
