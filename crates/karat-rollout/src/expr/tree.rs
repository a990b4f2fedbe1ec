//! The tree of an expression.

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Plus,
    Minus,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    More,
    LessEqual,
    MoreEqual,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Coalesce,
}

impl Binary {
    /// The operator, its precedence, and whether it binds to the right.
    pub(super) fn of(text: &str) -> Option<(Self, u16, bool)> {
        Some(match text {
            "or" | "||" => (Self::Or, 10, false),
            "and" | "&&" => (Self::And, 15, false),
            "==" => (Self::Equal, 20, false),
            "!=" => (Self::NotEqual, 20, false),
            "<" => (Self::Less, 20, false),
            ">" => (Self::More, 20, false),
            "<=" => (Self::LessEqual, 20, false),
            ">=" => (Self::MoreEqual, 20, false),
            "in" => (Self::In, 20, false),
            "contains" => (Self::Contains, 20, false),
            "startsWith" => (Self::StartsWith, 20, false),
            "endsWith" => (Self::EndsWith, 20, false),
            ".." => (Self::Range, 25, false),
            "+" => (Self::Add, 30, false),
            "-" => (Self::Subtract, 30, false),
            "*" => (Self::Multiply, 60, false),
            "/" => (Self::Divide, 60, false),
            "%" => (Self::Modulo, 60, false),
            "**" | "^" => (Self::Power, 100, true),
            "??" => (Self::Coalesce, 500, false),
            _ => return None,
        })
    }

    pub(super) fn is_comparison(self) -> bool {
        matches!(self, Self::Less | Self::More | Self::LessEqual | Self::MoreEqual)
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::More => ">",
            Self::LessEqual => "<=",
            Self::MoreEqual => ">=",
            Self::In => "in",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Range => "..",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "**",
            Self::Coalesce => "??",
        }
    }
}

/// A function of the language that takes a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    All,
    None,
    Any,
    One,
    Filter,
    Map,
    Find,
    Count,
    Sum,
}

impl Each {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "all" => Self::All,
            "none" => Self::None,
            "any" => Self::Any,
            "one" => Self::One,
            "filter" => Self::Filter,
            "map" => Self::Map,
            "find" => Self::Find,
            "count" => Self::Count,
            "sum" => Self::Sum,
            _ => return None,
        })
    }
}

/// A function that takes values: of the language, or of Argo Rollouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    AsInt,
    AsFloat,
    IsNaN,
    IsInf,
    IsNil,
    Default,
    Len,
    Abs,
    Ceil,
    Floor,
    Round,
    Int,
    Float,
    Min,
    Max,
    Mean,
    Median,
    First,
    Last,
    Lower,
    Upper,
}

impl Function {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "asInt" => Self::AsInt,
            "asFloat" => Self::AsFloat,
            "isNaN" => Self::IsNaN,
            "isInf" => Self::IsInf,
            "isNil" => Self::IsNil,
            "default" => Self::Default,
            "len" => Self::Len,
            "abs" => Self::Abs,
            "ceil" => Self::Ceil,
            "floor" => Self::Floor,
            "round" => Self::Round,
            "int" => Self::Int,
            "float" => Self::Float,
            "min" => Self::Min,
            "max" => Self::Max,
            "mean" => Self::Mean,
            "median" => Self::Median,
            "first" => Self::First,
            "last" => Self::Last,
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            _ => return None,
        })
    }
}

/// What `expr` knows and we do not: refused by name rather than taken for an unknown one.
pub(super) const UNSUPPORTED: &[&str] = &[
    "bitand",
    "bitnand",
    "bitnot",
    "bitor",
    "bitshl",
    "bitshr",
    "bitushr",
    "bitxor",
    "concat",
    "date",
    "duration",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatten",
    "fromBase64",
    "fromJSON",
    "fromPairs",
    "get",
    "groupBy",
    "hasPrefix",
    "hasSuffix",
    "indexOf",
    "join",
    "keys",
    "lastIndexOf",
    "now",
    "reduce",
    "repeat",
    "replace",
    "reverse",
    "sort",
    "sortBy",
    "split",
    "splitAfter",
    "string",
    "take",
    "timezone",
    "toBase64",
    "toJSON",
    "toPairs",
    "trim",
    "trimPrefix",
    "trimSuffix",
    "type",
    "uniq",
    "values",
    "$env",
];

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    /// `result`, the one variable there is.
    Result,
    /// `#`: what a predicate is asked about.
    Element,
    Unary(Unary, Box<Self>),
    Binary(Binary, Box<Self>, Box<Self>),
    /// `base[key]`, `base.key`, `base?.key`.
    Member {
        base: Box<Self>,
        key: Box<Self>,
        optional: bool,
    },
    /// What gives nil as a whole where `?.` within meets nil.
    Chain(Box<Self>),
    Slice {
        base: Box<Self>,
        from: Option<Box<Self>>,
        to: Option<Box<Self>>,
    },
    Condition(Box<Self>, Box<Self>, Box<Self>),
    List(Vec<Self>),
    Each {
        function: Each,
        list: Box<Self>,
        predicate: Option<Box<Self>>,
    },
    Call(Function, Vec<Self>),
}

impl Expr {
    /// How many nodes there are.
    pub(super) fn size(&self) -> usize {
        1 + match self {
            Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Str(_) | Self::Result | Self::Element => {
                0
            }
            Self::Unary(_, a) | Self::Chain(a) => a.size(),
            Self::Binary(_, a, b) | Self::Member { base: a, key: b, .. } => a.size() + b.size(),
            Self::Slice { base, from, to } => {
                base.size() + from.as_ref().map_or(0, |a| a.size()) + to.as_ref().map_or(0, |a| a.size())
            }
            Self::Condition(a, b, c) => a.size() + b.size() + c.size(),
            Self::List(items) | Self::Call(_, items) => items.iter().map(Self::size).sum(),
            Self::Each { list, predicate, .. } => list.size() + predicate.as_ref().map_or(0, |a| a.size()),
        }
    }
}
