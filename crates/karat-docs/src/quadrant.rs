//! The four kinds of documentation of Diátaxis (<https://diataxis.fr>).

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quadrant {
    /// A lesson: the reader does something and learns by it.
    Tutorial,
    /// Directions: the reader has a goal and gets there.
    HowTo,
    /// Facts to look up.
    Reference,
    /// Reasons and connections.
    Explanation,
}

impl Quadrant {
    /// All four, in the order of a reader's path.
    pub const ALL: [Self; 4] = [Self::Tutorial, Self::HowTo, Self::Reference, Self::Explanation];

    /// The name that readers see.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tutorial => "Tutorial",
            Self::HowTo => "How-to",
            Self::Reference => "Reference",
            Self::Explanation => "Explanation",
        }
    }

    /// The stable word: `tutorial`, `how-to`, `reference`, `explanation`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::HowTo => "how-to",
            Self::Reference => "reference",
            Self::Explanation => "explanation",
        }
    }

    /// The quadrant that a folder, or a section of the navigation, is named after.
    pub fn of_name(name: &str) -> Option<Self> {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match name.as_str() {
            "tutorial" | "tutorials" | "lessons" => Some(Self::Tutorial),
            "howto" | "howtos" | "howtoguides" | "guides" | "runbook" | "runbooks" => Some(Self::HowTo),
            "reference" | "references" => Some(Self::Reference),
            "explanation" | "explanations" | "concepts" | "background" => Some(Self::Explanation),
            _ => None,
        }
    }

    /// The quadrant of a page: by its section of the navigation, else by the nearest folder that names one.
    pub fn of(path: &str, sections: &[&str]) -> Option<Self> {
        let folders = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        sections.iter().find_map(|name| Self::of_name(name)).or_else(|| folders.rsplit('/').find_map(Self::of_name))
    }
}
