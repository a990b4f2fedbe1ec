//! What `expr`'s optimizer does that can be seen: `x and false` is false whatever `x` does.

use super::Problem;
use super::tree::{Binary, Expr, Unary};

/// Takes constants together, from the leaves up.
pub(super) fn fold(expression: Expr) -> Result<Expr, Problem> {
    let inner = |boxed: Box<Expr>| -> Result<Box<Expr>, Problem> { Ok(Box::new(fold(*boxed)?)) };
    let all = |items: Vec<Expr>| items.into_iter().map(fold).collect::<Result<Vec<_>, _>>();
    let optional = |boxed: Option<Box<Expr>>| boxed.map(inner).transpose();
    Ok(match expression {
        Expr::Unary(operator, operand) => match (operator, fold(*operand)?) {
            (Unary::Minus, Expr::Int(number)) => Expr::Int(number.wrapping_neg()),
            (Unary::Minus, Expr::Float(number)) => Expr::Float(-number),
            (Unary::Plus, number @ (Expr::Int(_) | Expr::Float(_))) => number,
            (Unary::Not, Expr::Bool(truth)) => Expr::Bool(!truth),
            (operator, operand) => Expr::Unary(operator, Box::new(operand)),
        },
        Expr::Binary(operator, left, right) => binary(operator, fold(*left)?, fold(*right)?)?,
        Expr::Member { base, key, optional } => Expr::Member { base: inner(base)?, key: inner(key)?, optional },
        Expr::Chain(chain) => Expr::Chain(inner(chain)?),
        Expr::Slice { base, from, to } => Expr::Slice { base: inner(base)?, from: optional(from)?, to: optional(to)? },
        Expr::Condition(condition, yes, no) => Expr::Condition(inner(condition)?, inner(yes)?, inner(no)?),
        Expr::List(items) => Expr::List(all(items)?),
        Expr::Each { function, list, predicate } => {
            Expr::Each { function, list: inner(list)?, predicate: optional(predicate)? }
        }
        Expr::Call(function, arguments) => Expr::Call(function, all(arguments)?),
        leaf => leaf,
    })
}

fn binary(operator: Binary, left: Expr, right: Expr) -> Result<Expr, Problem> {
    let float = |expression: &Expr| match expression {
        Expr::Int(number) => Some(*number as f64),
        Expr::Float(number) => Some(*number),
        _ => None,
    };
    Ok(match (operator, &left, &right) {
        (Binary::And, Expr::Bool(true), _) | (Binary::Or, Expr::Bool(false), _) => right,
        (Binary::And, _, Expr::Bool(true)) | (Binary::Or, _, Expr::Bool(false)) => left,
        (Binary::And, Expr::Bool(false), _) | (Binary::And, _, Expr::Bool(false)) => Expr::Bool(false),
        (Binary::Or, Expr::Bool(true), _) | (Binary::Or, _, Expr::Bool(true)) => Expr::Bool(true),
        (Binary::Equal, Expr::Int(a), Expr::Int(b)) => Expr::Bool(a == b),
        (Binary::Equal, Expr::Str(a), Expr::Str(b)) => Expr::Bool(a == b),
        (Binary::Equal, Expr::Bool(a), Expr::Bool(b)) => Expr::Bool(a == b),
        (Binary::Add, Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_add(*b)),
        (Binary::Subtract, Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_sub(*b)),
        (Binary::Multiply, Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_mul(*b)),
        (Binary::Modulo, Expr::Int(_), Expr::Int(0)) => return Err(Problem::wrong("integer divide by zero")),
        (Binary::Modulo, Expr::Int(a), Expr::Int(b)) => Expr::Int(a.wrapping_rem(*b)),
        (Binary::Add, Expr::Str(a), Expr::Str(b)) => Expr::Str(format!("{a}{b}")),
        _ => {
            let folded = float(&left).zip(float(&right)).and_then(|(a, b)| match operator {
                Binary::Add => Some(a + b),
                Binary::Subtract => Some(a - b),
                Binary::Multiply => Some(a * b),
                Binary::Divide => Some(a / b),
                Binary::Power => Some(a.powf(b)),
                _ => None,
            });
            folded.map_or_else(|| Expr::Binary(operator, Box::new(left), Box::new(right)), Expr::Float)
        }
    })
}
