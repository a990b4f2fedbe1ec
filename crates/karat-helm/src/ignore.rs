//! `.helmignore`: which files of a chart's folder are not part of the chart.

use crate::wildcard::Wildcard;

/// The rules, in order.
#[derive(Clone, Debug)]
pub(crate) struct Ignore(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    pattern: Wildcard,
    /// The rule has a `/` (other than at its end), so it is compared with the whole path, not with the last name.
    whole: bool,
    /// `!`: ends the search for everything that does *not* match. That is not what git does, and it is what Helm does.
    negated: bool,
    /// A `/` at the end.
    folders_only: bool,
}

/// Every rule is compared with every file.
const RULE_LIMIT: usize = 2000;

impl Ignore {
    /// Reads a `.helmignore` file (empty: none) and adds the rule that Helm always has: dot files in `templates/`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (index, line) in text.lines().chain(["templates/.?*"]).enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if rules.len() == RULE_LIMIT {
                return Err(format!("line {}: more than {RULE_LIMIT} rules", index + 1));
            }
            rules.push(rule(line).map_err(|message| format!("line {}: {message}: {line}", index + 1))?);
        }
        Ok(Self(rules))
    }

    /// Whether `path` (relative to the chart) is left out. What is below an ignored folder is left out with it.
    pub(crate) fn ignores(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let name = if rule.whole { path } else { path.rsplit('/').next().unwrap_or(path) };
            if rule.negated {
                if (rule.folders_only && !is_folder) || !rule.pattern.matches(name) {
                    return true;
                }
            } else if (is_folder || !rule.folders_only) && rule.pattern.matches(name) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Result<Rule, &'static str> {
    if line.contains("**") {
        return Err("double-star (**) syntax is not supported");
    }
    // The line as written must compile, too: that is where Helm looks for syntax errors.
    Wildcard::new(line).map_err(|_| "syntax error in pattern")?;
    let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
    let whole = line.contains('/');
    let line = line.strip_prefix('/').unwrap_or(line);
    Ok(Rule { pattern: Wildcard::new(line).map_err(|_| "syntax error in pattern")?, whole, negated, folders_only })
}

#[cfg(test)]
mod tests {
    use super::Ignore;

    #[test]
    fn rules_as_in_helm() {
        let ignore = Ignore::parse("# comment\n.git/\n*.bak\n/top.txt\ndocs/*.md\n").expect("rules");
        for (path, folder, expected) in [
            (".git", true, true),
            (".git", false, false),
            ("a/b.bak", false, true),
            ("top.txt", false, true),
            ("a/top.txt", false, false),
            ("docs/a.md", false, true),
            ("docs/a/b.md", false, false),
            ("templates/.hidden.yaml", false, true),
            ("templates/a.yaml", false, false),
        ] {
            assert_eq!(ignore.ignores(path, folder), expected, "{path}");
        }
        let negated = Ignore::parse("!keep.txt\n").expect("rules");
        assert!(negated.ignores("other.txt", false));
        assert!(!negated.ignores("keep.txt", false));
        assert!(Ignore::parse("a/**").is_err());
        assert!(Ignore::parse("a[").is_err());
    }
}
