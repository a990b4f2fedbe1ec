//! Types, checked before anything is evaluated, as `expr.Compile` does: what cannot be right is an error also where a
//! shorter way round would have been taken.

use super::tree::{Binary, Each, Expr, Function, Unary};
use super::{Problem, Value};

/// What is known of a value before it is there.
#[derive(Clone, Debug, PartialEq)]
enum Type {
    /// Anything.
    Unknown,
    Nil,
    Bool,
    Int,
    Float,
    Str,
    /// Go's `[]float64`.
    Floats,
    /// Go's `[]any`; what is known of its items.
    List(Box<Self>),
    Map,
}

impl Type {
    fn of(value: &Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Float,
            Value::Str(_) => Self::Str,
            Value::Floats(_) => Self::Floats,
            Value::List(_) => Self::list(Self::Unknown),
            Value::Map(_) => Self::Map,
        }
    }

    fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    fn item(&self) -> Option<Self> {
        match self {
            Self::Floats => Some(Self::Float),
            Self::List(item) => Some((**item).clone()),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::Floats | Self::List(_))
    }

    /// Whether `==` may compare the two.
    fn compares(&self, other: &Self) -> bool {
        matches!(self, Self::Unknown | Self::Nil)
            || matches!(other, Self::Unknown | Self::Nil)
            || self.is_number() && other.is_number()
            || self.is_list() && other.is_list()
            || self == other
    }

    /// Whether both may be as wanted: each is, or is unknown.
    fn both(&self, other: &Self, wanted: fn(&Self) -> bool) -> bool {
        (self.is_unknown() || wanted(self)) && (other.is_unknown() || wanted(other))
    }

    fn shown(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Nil => "nil",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Str => "string",
            Self::Floats => "[]float64",
            Self::List(_) => "[]interface {}",
            Self::Map => "map[string]interface {}",
        }
    }
}

/// Checks `expression` for a `result` of the kind of `result`, and writes whole numbers as floats where a function takes
/// nothing else.
pub(super) fn check(expression: &mut Expr, result: &Value) -> Result<(), Problem> {
    Checker { result: Type::of(result), elements: Vec::new() }.visit(expression).map(drop)
}

struct Checker {
    result: Type,
    /// What `#` is, the innermost predicate last.
    elements: Vec<Type>,
}

impl Checker {
    fn visit(&mut self, expression: &mut Expr) -> Result<Type, Problem> {
        Ok(match expression {
            Expr::Nil => Type::Nil,
            Expr::Bool(_) => Type::Bool,
            Expr::Int(_) => Type::Int,
            Expr::Float(_) => Type::Float,
            Expr::Str(_) => Type::Str,
            Expr::Result => self.result.clone(),
            Expr::Element => self.elements.last().cloned().unwrap_or(Type::Unknown),
            Expr::Chain(inner) => self.visit(inner)?,
            Expr::Unary(operator, operand) => {
                let operand = self.visit(operand)?;
                match operator {
                    Unary::Not if matches!(operand, Type::Bool | Type::Unknown) => Type::Bool,
                    Unary::Plus | Unary::Minus if operand.is_number() || operand.is_unknown() => operand,
                    _ => return Err(Problem::wrong(format!("{operator:?} of {}", operand.shown()))),
                }
            }
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.visit(left)?, self.visit(right)?);
                binary(*operator, &left, &right)?
            }
            Expr::Member { base, key, .. } => {
                let (base, key_type) = (self.visit(base)?, self.visit(key)?);
                match &base {
                    Type::Unknown => Type::Unknown,
                    Type::Map if matches!(key_type, Type::Str | Type::Unknown) => Type::Unknown,
                    Type::Floats | Type::List(_) if matches!(key_type, Type::Int | Type::Unknown) => {
                        base.item().unwrap_or(Type::Unknown)
                    }
                    _ => return Err(Problem::wrong(format!("{} has no {}", base.shown(), key_type.shown()))),
                }
            }
            Expr::Slice { base, from, to } => {
                let base = self.visit(base)?;
                match &base {
                    // As in Go: what the bounds are is not looked at then.
                    Type::Unknown => return Ok(base),
                    Type::Str | Type::Floats | Type::List(_) => {}
                    _ => return Err(Problem::wrong(format!("cannot slice {}", base.shown()))),
                }
                for bound in [from, to].into_iter().flatten() {
                    let bound = self.visit(bound)?;
                    if !matches!(bound, Type::Int | Type::Unknown) {
                        return Err(Problem::wrong(format!("{} as a bound", bound.shown())));
                    }
                }
                base
            }
            Expr::Condition(condition, yes, no) => {
                let condition = self.visit(condition)?;
                if !matches!(condition, Type::Bool | Type::Unknown) {
                    return Err(Problem::wrong(format!("{} as a condition", condition.shown())));
                }
                match (self.visit(yes)?, self.visit(no)?) {
                    (Type::Nil, other) | (other, Type::Nil) => other,
                    (Type::List(a), Type::List(b)) if a != b => Type::list(Type::Unknown),
                    (yes, no) if yes == no => yes,
                    _ => Type::Unknown,
                }
            }
            Expr::List(items) => {
                let types = items.iter_mut().map(|item| self.visit(item)).collect::<Result<Vec<_>, _>>()?;
                let same = types.windows(2).all(|pair| {
                    std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1])
                        || pair.iter().all(|item| matches!(item, Type::Nil | Type::Unknown))
                });
                Type::list(types.last().filter(|_| same).cloned().unwrap_or(Type::Unknown))
            }
            Expr::Each { function, list, predicate } => {
                let list = self.visit(list)?;
                if !list.is_list() && !list.is_unknown() {
                    return Err(Problem::wrong(format!("a list is wanted, not {}", list.shown())));
                }
                let item = list.item().unwrap_or(Type::Unknown);
                let predicate = match predicate {
                    None => None,
                    Some(predicate) => {
                        self.elements.push(item.clone());
                        let given = self.visit(predicate)?;
                        self.elements.pop();
                        Some(given)
                    }
                };
                each(*function, item, predicate)?
            }
            Expr::Call(function, arguments) => self.call(*function, arguments)?,
        })
    }

    fn call(&mut self, function: Function, arguments: &mut [Expr]) -> Result<Type, Problem> {
        let types = arguments.iter_mut().map(|item| self.visit(item)).collect::<Result<Vec<_>, _>>()?;
        let wanted = match function {
            Function::Default => 2..=2,
            Function::Min | Function::Max | Function::Mean | Function::Median => 1..=usize::MAX,
            _ => 1..=1,
        };
        let (true, Some(first)) = (wanted.contains(&types.len()), types.first()) else {
            return Err(Problem::wrong(format!("{function:?} with {} arguments", types.len())));
        };
        let refused = || Problem::wrong(format!("{function:?} of {}", first.shown()));
        Ok(match function {
            Function::AsInt => Type::Int,
            Function::AsFloat => Type::Float,
            Function::IsNil => Type::Bool,
            Function::Default => Type::Unknown,
            Function::IsNaN | Function::IsInf => {
                match first {
                    Type::Int => arguments.iter_mut().for_each(floaten),
                    Type::Float | Type::Unknown => {}
                    _ => return Err(refused()),
                }
                Type::Bool
            }
            Function::Len => match first {
                Type::Str | Type::Map | Type::Floats | Type::List(_) | Type::Unknown => Type::Int,
                _ => return Err(refused()),
            },
            Function::Abs if first.is_number() || first.is_unknown() => first.clone(),
            Function::Ceil | Function::Floor | Function::Round if first.is_number() || first.is_unknown() => {
                Type::Float
            }
            Function::Int if first.is_number() || matches!(first, Type::Str | Type::Unknown) => Type::Int,
            Function::Float if first.is_number() || matches!(first, Type::Str | Type::Unknown) => Type::Float,
            Function::Min | Function::Max | Function::Mean | Function::Median => {
                for argument in &types {
                    if argument.is_unknown() || argument.is_list() {
                        return Ok(Type::Unknown);
                    }
                    if !argument.is_number() {
                        return Err(refused());
                    }
                }
                first.clone()
            }
            Function::First | Function::Last => match first {
                Type::Floats => Type::Float,
                Type::List(_) | Type::Unknown => Type::Unknown,
                _ => return Err(refused()),
            },
            Function::Lower | Function::Upper if matches!(first, Type::Str | Type::Unknown) => Type::Str,
            _ => return Err(refused()),
        })
    }
}

fn binary(operator: Binary, left: &Type, right: &Type) -> Result<Type, Problem> {
    let is_string = |kind: &Type| *kind == Type::Str;
    let given = match operator {
        Binary::Equal | Binary::NotEqual => left.compares(right).then_some(Type::Bool),
        Binary::Or | Binary::And => left.both(right, |kind| *kind == Type::Bool).then_some(Type::Bool),
        Binary::Less | Binary::More | Binary::LessEqual | Binary::MoreEqual => {
            (left.both(right, Type::is_number) || left.both(right, is_string)).then_some(Type::Bool)
        }
        Binary::Add | Binary::Subtract | Binary::Multiply => match (left, right) {
            (Type::Int, Type::Int) => Some(Type::Int),
            (left, right) if left.is_number() && right.is_number() => Some(Type::Float),
            (Type::Str, Type::Str) if operator == Binary::Add => Some(Type::Str),
            _ => (left.both(right, Type::is_number) || operator == Binary::Add && left.both(right, is_string))
                .then_some(Type::Unknown),
        },
        Binary::Divide | Binary::Power => left.both(right, Type::is_number).then_some(Type::Float),
        Binary::Modulo => left.both(right, |kind| *kind == Type::Int).then_some(Type::Int),
        Binary::Range => left.both(right, |kind| *kind == Type::Int).then(|| Type::list(Type::Int)),
        Binary::Contains | Binary::StartsWith | Binary::EndsWith => left.both(right, is_string).then_some(Type::Bool),
        Binary::In => match right {
            Type::Map => matches!(left, Type::Str | Type::Unknown),
            Type::Floats | Type::List(_) => right.item().is_some_and(|item| left.compares(&item)),
            Type::Str => left.is_unknown(),
            Type::Unknown => true,
            _ => false,
        }
        .then_some(Type::Bool),
        Binary::Coalesce => Some(match (left, right) {
            (Type::Nil, other) | (other, Type::Nil) => other.clone(),
            (left, right) if left == right => left.clone(),
            _ => Type::Unknown,
        }),
    };
    given.ok_or_else(|| Problem::wrong(format!("{} {} {}", left.shown(), operator.text(), right.shown())))
}

fn each(function: Each, item: Type, predicate: Option<Type>) -> Result<Type, Problem> {
    if predicate == Some(Type::Nil) {
        return Err(Problem::wrong("a predicate that gives nil"));
    }
    let truth = !matches!(function, Each::Map | Each::Sum);
    if let Some(given) = predicate.as_ref().filter(|given| truth && !matches!(given, Type::Bool | Type::Unknown)) {
        return Err(Problem::wrong(format!("a predicate that gives {}", given.shown())));
    }
    Ok(match function {
        Each::All | Each::None | Each::Any | Each::One => Type::Bool,
        Each::Count => Type::Int,
        Each::Filter => Type::list(item),
        Each::Map => Type::list(predicate.unwrap_or(Type::Unknown)),
        Each::Find => item,
        Each::Sum => predicate.unwrap_or(item),
    })
}

/// Whole numbers, also under `+`, `-` and `*`, as floats.
fn floaten(expression: &mut Expr) {
    match expression {
        Expr::Int(number) => *expression = Expr::Float(*number as f64),
        Expr::Unary(_, operand) => floaten(operand),
        Expr::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, left, right) => {
            floaten(left);
            floaten(right);
        }
        _ => {}
    }
}
