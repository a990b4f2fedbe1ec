//! Values of a tree, as `expr`'s machine computes them.

use std::sync::Arc;

use super::tree::{Binary, Each, Expr, Unary};
use super::{MAX_STEPS, Problem, Value, functions};

/// The value of `expression` where `result` is `result`.
pub(super) fn eval(expression: &Expr, result: &Value) -> Result<Value, Problem> {
    let mut machine = Machine { result, elements: Vec::new(), steps: 0 };
    machine.value(expression).map_err(|stop| match stop {
        Stop::Problem(problem) => problem,
        Stop::Chain => Problem::wrong("nil within a chain"),
    })
}

/// Why there is no value.
enum Stop {
    Problem(Problem),
    /// `?.` met nil: the chain around it is nil.
    Chain,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

struct Machine<'a> {
    result: &'a Value,
    elements: Vec<Value>,
    steps: usize,
}

impl Machine<'_> {
    fn step(&mut self, count: usize) -> Result<(), Problem> {
        self.steps = self.steps.saturating_add(count);
        if self.steps > MAX_STEPS {
            return Err(Problem::wrong(format!("more than {MAX_STEPS} steps")));
        }
        Ok(())
    }

    fn value(&mut self, expression: &Expr) -> Result<Value, Stop> {
        self.step(1)?;
        Ok(match expression {
            Expr::Nil => Value::Nil,
            Expr::Bool(truth) => Value::Bool(*truth),
            Expr::Int(number) => Value::Int(*number),
            Expr::Float(number) => Value::Float(*number),
            Expr::Str(text) => Value::Str(text.as_str().into()),
            Expr::Result => self.result.clone(),
            Expr::Element => self.elements.last().cloned().unwrap_or_default(),
            Expr::Chain(inner) => match self.value(inner) {
                Err(Stop::Chain) => Value::Nil,
                other => other?,
            },
            Expr::Unary(operator, operand) => {
                let operand = self.value(operand)?;
                match (operator, operand) {
                    (Unary::Not, operand) => Value::Bool(!truth(&operand)?),
                    (Unary::Plus, operand) => operand,
                    (Unary::Minus, Value::Int(number)) => Value::Int(number.wrapping_neg()),
                    (Unary::Minus, Value::Float(number)) => Value::Float(-number),
                    (Unary::Minus, other) => return Err(Problem::wrong(format!("- {}", other.kind())).into()),
                }
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Expr::Member { base, key, optional } => {
                let base = self.value(base)?;
                if *optional && base == Value::Nil {
                    return Err(Stop::Chain);
                }
                let key = self.value(key)?;
                fetch(&base, &key)?
            }
            Expr::Slice { base, from, to } => {
                let base = self.value(base)?;
                let to = to.as_ref().map(|to| self.value(to)).transpose()?;
                let from = from.as_ref().map(|from| self.value(from)).transpose()?;
                slice(&base, from.as_ref(), to.as_ref())?
            }
            Expr::Condition(condition, yes, no) => {
                let condition = self.value(condition)?;
                self.value(if truth(&condition)? { yes } else { no })?
            }
            Expr::List(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?.into())
            }
            Expr::Each { function, list, predicate } => {
                let list = self.value(list)?;
                self.each(*function, &list, predicate.as_deref())?
            }
            Expr::Call(function, arguments) => {
                let arguments = arguments.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                self.step(arguments.iter().filter_map(Value::items).sum())?;
                functions::call(*function, &arguments, self.result)?
            }
        })
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr) -> Result<Value, Stop> {
        let a = self.value(left)?;
        match operator {
            Binary::And if !truth(&a)? => return Ok(a),
            Binary::Or if truth(&a)? => return Ok(a),
            // As in Go, what is on the right need not be a truth value here.
            Binary::And | Binary::Or => return self.value(right),
            Binary::Coalesce if a != Value::Nil => return Ok(a),
            Binary::Coalesce => return self.value(right),
            _ => {}
        }
        let b = self.value(right)?;
        self.step(a.items().unwrap_or_default().max(b.items().unwrap_or_default()))?;
        if operator == Binary::Range {
            let (from, to) = (functions::whole(&a)?, functions::whole(&b)?);
            let size = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or_default();
            self.step(size)?;
            return Ok(Value::List((0..size as i64).map(|offset| Value::Int(from + offset)).collect()));
        }
        if operator == Binary::In {
            return Ok(Value::Bool(contains(right, &b, &a)?));
        }
        Ok(functions::binary(operator, &a, &b)?)
    }

    fn each(&mut self, function: Each, list: &Value, predicate: Option<&Expr>) -> Result<Value, Stop> {
        let Some(length) = list.items() else {
            return Err(Problem::wrong(format!("a list is wanted, not {}", list.kind())).into());
        };
        let (mut kept, mut count, mut sum) = (Vec::new(), 0_i64, Value::Int(0));
        for index in 0..length {
            self.step(1)?;
            let item = list.item(index).unwrap_or_default();
            let given = match predicate {
                None => item.clone(),
                Some(predicate) => {
                    self.elements.push(item.clone());
                    let given = self.value(predicate);
                    self.elements.pop();
                    given?
                }
            };
            match function {
                Each::All if !truth(&given)? => return Ok(Value::Bool(false)),
                Each::None if truth(&given)? => return Ok(Value::Bool(false)),
                Each::Any if truth(&given)? => return Ok(Value::Bool(true)),
                Each::Find if truth(&given)? => return Ok(item),
                Each::All | Each::None | Each::Any | Each::Find => {}
                Each::Filter if truth(&given)? => kept.push(item),
                Each::One | Each::Count if truth(&given)? => count += 1,
                Each::Filter | Each::One | Each::Count => {}
                Each::Map => kept.push(given),
                Each::Sum => sum = functions::binary(Binary::Add, &given, &sum)?,
            }
        }
        Ok(match function {
            Each::All | Each::None => Value::Bool(true),
            Each::Any => Value::Bool(false),
            Each::One => Value::Bool(count == 1),
            Each::Find => Value::Nil,
            Each::Count => Value::Int(count),
            Each::Sum => sum,
            Each::Filter | Each::Map => Value::List(kept.into()),
        })
    }
}

fn truth(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Err(Problem::wrong(format!("{} is no bool", other.kind()))),
    }
}

fn fetch(base: &Value, key: &Value) -> Result<Value, Problem> {
    let missing = || Problem::wrong(format!("cannot fetch {key} from {}", base.kind()));
    match base {
        Value::Map(fields) => match key {
            Value::Str(name) => Ok(fields.get(&**name).cloned().unwrap_or_default()),
            Value::Nil => Ok(fields.get("").cloned().unwrap_or_default()),
            _ => Err(missing()),
        },
        Value::Floats(_) | Value::List(_) => {
            let length = base.items().unwrap_or_default();
            place(key, length)?.and_then(|index| base.item(index)).ok_or_else(missing)
        }
        // Go gives a byte of a string.
        Value::Str(text) => {
            let index = place(key, text.len())?;
            index
                .and_then(|index| text.as_bytes().get(index))
                .map(|byte| Value::Int((*byte).into()))
                .ok_or_else(missing)
        }
        _ => Err(missing()),
    }
}

/// The place that an index means, from the end if it is negative.
fn place(key: &Value, length: usize) -> Result<Option<usize>, Problem> {
    let index = functions::whole(key)?;
    let index = if index < 0 { index.saturating_add(length as i64) } else { index };
    Ok(usize::try_from(index).ok())
}

fn slice(base: &Value, from: Option<&Value>, to: Option<&Value>) -> Result<Value, Problem> {
    let length = match base {
        Value::Str(text) => text.len(),
        other => other.items().ok_or_else(|| Problem::wrong(format!("cannot slice {}", base.kind())))?,
    };
    let bound = |bound: Option<&Value>, absent: usize| -> Result<usize, Problem> {
        match bound {
            None => Ok(absent),
            Some(bound) => Ok(place(bound, length)?.unwrap_or_default().min(length)),
        }
    };
    let to = bound(to, length)?;
    let from = bound(from, 0)?.min(to);
    Ok(match base {
        Value::Str(text) => {
            Value::Str(text.get(from..to).ok_or_else(|| Problem::wrong("a slice within a character"))?.into())
        }
        Value::Floats(items) => Value::Floats(items[from..to].into()),
        Value::List(items) => Value::List(items[from..to].into()),
        _ => Value::Nil,
    })
}

/// `needle in list`.
fn contains(written: &Expr, list: &Value, needle: &Value) -> Result<bool, Problem> {
    // `expr` makes a set of a list of written strings, and a set of strings cannot be asked for anything else.
    if let Expr::List(items) = written
        && !items.is_empty()
        && items.iter().all(|item| matches!(item, Expr::Str(_)))
    {
        return match (needle, list) {
            (Value::Str(_), Value::List(items)) => Ok(items.contains(needle)),
            (Value::Nil, Value::List(items)) => Ok(items.contains(&Value::Str(Arc::from("")))),
            _ => Err(Problem::wrong(format!("{} in a list of strings", needle.kind()))),
        };
    }
    match (list, needle) {
        (Value::Nil, _) => Ok(false),
        (Value::Map(fields), Value::Str(name)) => Ok(fields.contains_key(&**name)),
        (Value::Map(fields), Value::Nil) => Ok(fields.contains_key("")),
        (Value::Floats(_) | Value::List(_), _) => {
            let length = list.items().unwrap_or_default();
            Ok((0..length).any(|index| list.item(index).is_some_and(|item| item.same(needle))))
        }
        _ => Err(Problem::wrong(format!("{} in {}", needle.kind(), list.kind()))),
    }
}
