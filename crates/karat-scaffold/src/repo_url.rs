//! `repoUrl`: where a repository is to be, as Backstage's picker writes it: `host?owner=o&repo=r`.

/// A repository that a template names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoUrl {
    /// `git.example.com`, with a port if there is one.
    pub host: String,
    /// The user, organisation or group.
    pub owner: Option<String>,
    /// The repository's name.
    pub repo: String,
    /// Azure's organisation.
    pub organization: Option<String>,
    /// Bitbucket Cloud's workspace.
    pub workspace: Option<String>,
    /// Bitbucket's or Azure's project, GitLab's project id.
    pub project: Option<String>,
}

impl RepoUrl {
    /// Reads one.
    ///
    /// # Errors
    /// What is missing or not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("`{text}` is not a repository (host?owner=name&repo=name): {what}");
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let host = place.split(['/', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host).to_owned();
        let legal = |character: char| character.is_ascii_alphanumeric() || ".-_:[]".contains(character);
        if host.is_empty() || !host.chars().all(legal) {
            return Err(wrong("the host"));
        }
        let query = query.split('#').next().unwrap_or_default();
        let parameter = |name: &str| {
            let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let found = pairs.map(|(key, value)| (decoded(key), decoded(value))).find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim_matches('/').to_owned())
        };
        let url = Self {
            owner: parameter("owner"),
            repo: parameter("repo").unwrap_or_default(),
            organization: parameter("organization"),
            workspace: parameter("workspace"),
            project: parameter("project"),
            host,
        };
        // Which parts a host needs; one that we do not know is taken for a host like GitHub.
        let needed: &[(&str, &Option<String>)] = match url.host.as_str() {
            "bitbucket.org" => &[("workspace", &url.workspace), ("project", &url.project)],
            "dev.azure.com" => &[("project", &url.project)],
            "gitlab.com" if url.project.is_some() => &[],
            _ => &[("owner", &url.owner)],
        };
        let empty = |part: &Option<String>| part.as_deref().unwrap_or_default().is_empty();
        if let Some((name, _)) = needed.iter().find(|(_, part)| empty(part)) {
            return Err(wrong(&format!("`{name}` is missing")));
        }
        if url.repo.is_empty() && !(url.host == "gitlab.com" && url.project.is_some()) {
            return Err(wrong("`repo` is missing"));
        }
        Ok(url)
    }

    /// What git clones.
    pub fn remote(&self) -> String {
        format!("{}.git", self.web())
    }

    /// The page of the repository.
    pub fn web(&self) -> String {
        let owner = self.owner.as_deref().or(self.workspace.as_deref()).or(self.project.as_deref()).unwrap_or_default();
        format!("https://{}/{owner}/{}", self.host, self.repo)
    }
}

/// A part of a query: `+` is a space, `%41` is `A`.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped =
            bytes.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (bytes[at], escaped) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
