//! Arithmetic and functions: of the language, and those that Argo Rollouts adds.

use std::cmp::Ordering;

use super::tree::{Binary, Function};
use super::{Problem, Value};

/// An operator whose operands are both wanted.
pub(super) fn binary(operator: Binary, a: &Value, b: &Value) -> Result<Value, Problem> {
    let refused = || Problem::wrong(format!("{} {} {}", a.kind(), operator.text(), b.kind()));
    if matches!(operator, Binary::Equal | Binary::NotEqual) {
        return Ok(Value::Bool(a.same(b) == (operator == Binary::Equal)));
    }
    if let Binary::Contains | Binary::StartsWith | Binary::EndsWith = operator {
        return match (a, b) {
            (Value::Nil, _) | (_, Value::Nil) => Ok(Value::Bool(false)),
            (Value::Str(a), Value::Str(b)) => Ok(Value::Bool(match operator {
                Binary::Contains => a.contains(&**b),
                Binary::StartsWith => a.starts_with(&**b),
                _ => a.ends_with(&**b),
            })),
            _ => Err(refused()),
        };
    }
    if let (Value::Str(a), Value::Str(b)) = (a, b) {
        return match operator {
            Binary::Add => Ok(Value::Str(format!("{a}{b}").into())),
            _ => compared(operator, Some(a.cmp(b))).ok_or_else(refused),
        };
    }
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        let number = match operator {
            Binary::Add => a.wrapping_add(*b),
            Binary::Subtract => a.wrapping_sub(*b),
            Binary::Multiply => a.wrapping_mul(*b),
            Binary::Modulo if *b == 0 => return Err(Problem::wrong("integer divide by zero")),
            Binary::Modulo => a.wrapping_rem(*b),
            Binary::Divide => return Ok(Value::Float(*a as f64 / *b as f64)),
            Binary::Power => return Ok(Value::Float((*a as f64).powf(*b as f64))),
            _ => return compared(operator, Some(a.cmp(b))).ok_or_else(refused),
        };
        return Ok(Value::Int(number));
    }
    let (Some(a), Some(b)) = (a.number(), b.number()) else { return Err(refused()) };
    match operator {
        Binary::Add => Ok(Value::Float(a + b)),
        Binary::Subtract => Ok(Value::Float(a - b)),
        Binary::Multiply => Ok(Value::Float(a * b)),
        Binary::Divide => Ok(Value::Float(a / b)),
        Binary::Power => Ok(Value::Float(a.powf(b))),
        _ => compared(operator, a.partial_cmp(&b)).ok_or_else(refused),
    }
}

/// What a comparison makes of an order; NaN has none, and all are false. `None` for what is no comparison.
fn compared(operator: Binary, order: Option<Ordering>) -> Option<Value> {
    let holds = match operator {
        Binary::Less => order == Some(Ordering::Less),
        Binary::More => order == Some(Ordering::Greater),
        Binary::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Binary::MoreEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => return None,
    };
    Some(Value::Bool(holds))
}

/// A function; `result` is what `isNil` and `default` look at, whatever they are given.
pub(super) fn call(function: Function, arguments: &[Value], result: &Value) -> Result<Value, Problem> {
    let first = arguments.first().unwrap_or(&Value::Nil);
    let refused = || Problem::wrong(format!("{function:?} of {}", first.kind()));
    Ok(match function {
        Function::AsInt => match first {
            Value::Int(number) => Value::Int(*number),
            Value::Float(number) => Value::Int(truncated(*number)),
            Value::Str(text) => Value::Int(integer(text).ok_or_else(refused)?),
            _ => return Err(refused()),
        },
        Function::Int => match first {
            Value::Str(text) => Value::Int(integer(text).ok_or_else(refused)?),
            other => Value::Int(whole(other)?),
        },
        Function::AsFloat | Function::Float => match first {
            Value::Str(text) => Value::Float(float(text).ok_or_else(refused)?),
            other => Value::Float(other.number().ok_or_else(refused)?),
        },
        // Only a float64 is taken: `isNaN(len(result))` is an error.
        Function::IsNaN | Function::IsInf => match first {
            Value::Float(number) if function == Function::IsNaN => Value::Bool(number.is_nan()),
            Value::Float(number) => Value::Bool(number.is_infinite()),
            _ => return Err(refused()),
        },
        Function::IsNil => Value::Bool(*result == Value::Nil),
        Function::Default if *result == Value::Nil => arguments.get(1).cloned().unwrap_or_default(),
        Function::Default => result.clone(),
        Function::Len => match first {
            Value::Str(text) => Value::Int(text.chars().count() as i64),
            Value::Map(fields) => Value::Int(fields.len() as i64),
            other => Value::Int(other.items().ok_or_else(refused)? as i64),
        },
        Function::Abs => match first {
            Value::Int(number) => Value::Int(number.wrapping_abs()),
            Value::Float(number) if *number < 0.0 => Value::Float(-number),
            Value::Float(number) => Value::Float(*number),
            _ => return Err(refused()),
        },
        Function::Ceil => Value::Float(first.number().ok_or_else(refused)?.ceil()),
        Function::Floor => Value::Float(first.number().ok_or_else(refused)?.floor()),
        Function::Round => Value::Float(first.number().ok_or_else(refused)?.round()),
        Function::Min => extreme(arguments, Binary::More)?,
        Function::Max => extreme(arguments, Binary::Less)?,
        Function::Mean => {
            let numbers = numbers(arguments)?;
            let count = numbers.len() as f64;
            Value::Float(if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<f64>() / count })
        }
        Function::Median => {
            let mut numbers = numbers(arguments)?;
            // Go puts NaN first.
            numbers.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
            let middle = numbers.len() / 2;
            let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
            Value::Float(if numbers.len() % 2 == 1 || numbers.is_empty() {
                at(middle)
            } else {
                (at(middle - 1) + at(middle)) / 2.0
            })
        }
        Function::First => end(first, 0),
        Function::Last => end(first, first.items().unwrap_or_default().saturating_sub(1)),
        Function::Lower | Function::Upper => match first {
            Value::Str(text) if function == Function::Lower => Value::Str(text.to_lowercase().into()),
            Value::Str(text) => Value::Str(text.to_uppercase().into()),
            _ => return Err(refused()),
        },
    })
}

fn end(list: &Value, index: usize) -> Value {
    list.item(index).unwrap_or_default()
}

/// The first of the numbers that no other beats.
fn extreme(arguments: &[Value], beaten: Binary) -> Result<Value, Problem> {
    let mut best: Option<Value> = None;
    if let [one] = arguments
        && one.items().is_none()
        && one.number().is_none()
    {
        return Ok(one.clone());
    }
    let mut offer = |value: Value| -> Result<(), Problem> {
        let better = match &best {
            None => true,
            Some(best) => binary(beaten, best, &value)? == Value::Bool(true),
        };
        if better {
            best = Some(value);
        }
        Ok(())
    };
    for argument in arguments {
        for value in flat(argument)? {
            offer(value)?;
        }
    }
    Ok(best.unwrap_or_default())
}

fn numbers(arguments: &[Value]) -> Result<Vec<f64>, Problem> {
    let mut numbers = Vec::new();
    for argument in arguments {
        numbers.extend(flat(argument)?.iter().filter_map(Value::number));
    }
    Ok(numbers)
}

/// A number, or those of a list and of the lists in it.
fn flat(argument: &Value) -> Result<Vec<Value>, Problem> {
    let Some(length) = argument.items() else {
        return match argument.number() {
            Some(_) => Ok(vec![argument.clone()]),
            None => Err(Problem::wrong(format!("{} among numbers", argument.kind()))),
        };
    };
    let mut numbers = Vec::with_capacity(length);
    for index in 0..length {
        numbers.extend(flat(&end(argument, index))?);
    }
    Ok(numbers)
}

/// A number as a whole one, cut off at the point.
pub(super) fn whole(value: &Value) -> Result<i64, Problem> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Float(number) => Ok(truncated(*number)),
        other => Err(Problem::wrong(format!("int({})", other.kind()))),
    }
}

/// Go's conversion on amd64: what does not fit is the least integer.
fn truncated(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) { number as i64 } else { i64::MIN }
}

/// Go's `strconv.ParseInt(text, 10, 64)`.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Go's `strconv.ParseFloat(text, 64)` for decimal texts.
fn float(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let named = text.contains(|sign: char| sign.is_alphabetic() && !matches!(sign, 'e' | 'E'));
    let signed_nan = number.is_nan() && text.starts_with(['+', '-']);
    (!signed_nan && (named || number.is_finite())).then_some(number)
}
