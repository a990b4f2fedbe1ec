//! Pipes in code within tables: Python-Markdown does not split a cell there, GFM asks for a backslash.

use std::borrow::Cow;

/// A line of a table with the pipes in its code spans escaped; any other line as it is.
pub(super) fn escape_pipes(line: &str) -> Cow<'_, str> {
    if !line.trim_start().starts_with('|') || !line.contains('`') {
        return Cow::Borrowed(line);
    }
    let bytes = line.as_bytes();
    let run = |at: usize| bytes[at..].iter().take_while(|byte| **byte == b'`').count();
    let mut out = String::with_capacity(line.len() + 8);
    let (mut from, mut at) = (0, 0);
    // Lengths for which no closing run is left: each is looked for once, so the work is linear.
    let mut hopeless = Vec::new();
    while at < bytes.len() {
        if bytes[at] != b'`' || (at > 0 && bytes[at - 1] == b'\\') {
            at += 1;
            continue;
        }
        let ticks = run(at);
        let start = at + ticks;
        at = start;
        if hopeless.contains(&ticks) {
            continue;
        }
        let mut close = start;
        while close < bytes.len() {
            if bytes[close] == b'`' {
                let length = run(close);
                if length == ticks {
                    break;
                }
                close += length;
            } else {
                close += 1;
            }
        }
        if close >= bytes.len() {
            hopeless.push(ticks);
            continue;
        }
        out.push_str(&line[from..start]);
        let mut before = b' ';
        for character in line[start..close].chars() {
            if character == '|' && before != b'\\' {
                out.push('\\');
            }
            before = u8::try_from(character).unwrap_or(b' ');
            out.push(character);
        }
        from = close;
        at = close + ticks;
    }
    if from == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::escape_pipes;

    #[test]
    fn pipes_in_code_do_not_split_cells() {
        assert_eq!(escape_pipes("| `a | b` | c |"), "| `a \\| b` | c |");
        assert_eq!(escape_pipes("| `a \\| b` | ``c ` | d`` |"), "| `a \\| b` | ``c ` \\| d`` |");
        assert_eq!(escape_pipes("| `a | b |"), "| `a | b |");
        assert_eq!(escape_pipes("`a | b`"), "`a | b`");
    }
}
