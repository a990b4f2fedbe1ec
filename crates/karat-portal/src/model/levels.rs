//! Grades of gold: what jewellers stamp. A group has the grade that all of its members have.

/// A grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Less than 14 karats.
    Base,
    /// 14 or more.
    Fourteen,
    /// 18 or more.
    Eighteen,
    /// 22 or more.
    TwentyTwo,
    /// All 24.
    Fine,
}

impl Grade {
    /// All grades, the best first.
    pub const ALL: [Self; 5] = [Self::Fine, Self::TwentyTwo, Self::Eighteen, Self::Fourteen, Self::Base];

    /// The grade of so many karats.
    pub fn of(karats: u8) -> Self {
        match karats {
            24.. => Self::Fine,
            22..24 => Self::TwentyTwo,
            18..22 => Self::Eighteen,
            14..18 => Self::Fourteen,
            ..14 => Self::Base,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "24K",
            Self::TwentyTwo => "22K and up",
            Self::Eighteen => "18K and up",
            Self::Fourteen => "14K and up",
            Self::Base => "under 14K",
        }
    }
}
