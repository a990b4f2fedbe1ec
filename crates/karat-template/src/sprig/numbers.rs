//! Numbers: conversions, integer and decimal arithmetic, rounding, sequences.

use crate::Type::{Any, Float as Double, Int, String as Text};
use crate::{Builtin, CallError, IntKind, List, Value};

use super::args::{any, fixed, int, panic, string, tail, text, variadic};
use super::cast::{to_float, to_int};
use super::decimal::Decimal;
use super::limits::check_items;
use super::print::sprint;
use super::strconv::{NumberError, parse_int};

/// The family. Integer arithmetic is in int64 and wraps; arithmetic with an `f` is in decimals and ends in a float64.
pub(super) const FUNCTIONS: &[Builtin] = &[
    // Conversions.
    fixed("int", &[Any], |_, a| go_int(to_int(any(a, 0)))),
    fixed("int64", &[Any], |_, a| int64(to_int(any(a, 0)))),
    fixed("float64", &[Any], |_, a| float(to_float(any(a, 0)))),
    fixed("atoi", &[Text], |_, a| go_int(atoi(text(a, 0)))),
    fixed("toDecimal", &[Any], |_, a| int64(parse_int(&sprint(any(a, 0))?, 8).unwrap_or(0))),
    // Integers.
    fixed("add1", &[Any], |_, a| int64(to_int(any(a, 0)).wrapping_add(1))),
    variadic("add", &[], Any, |_, a| int64(a.iter().map(to_int).fold(0, i64::wrapping_add))),
    fixed("sub", &[Any, Any], |_, a| int64(to_int(any(a, 0)).wrapping_sub(to_int(any(a, 1))))),
    variadic("mul", &[Any], Any, |_, a| int64(a.iter().map(to_int).fold(1, i64::wrapping_mul))),
    fixed("div", &[Any, Any], |_, a| divide(to_int(any(a, 0)), to_int(any(a, 1)), i64::wrapping_div)),
    fixed("mod", &[Any, Any], |_, a| divide(to_int(any(a, 0)), to_int(any(a, 1)), i64::wrapping_rem)),
    variadic("max", &[Any], Any, |_, a| int64(a.iter().map(to_int).max().unwrap_or(0))),
    variadic("biggest", &[Any], Any, |_, a| int64(a.iter().map(to_int).max().unwrap_or(0))),
    variadic("min", &[Any], Any, |_, a| int64(a.iter().map(to_int).min().unwrap_or(0))),
    // Decimals.
    fixed("add1f", &[Any], |_, a| decimals(any(a, 0), &[Value::int64(1)], Decimal::add)),
    variadic("addf", &[], Any, |_, a| decimals(&Value::Float(0.0), a, Decimal::add)),
    variadic("subf", &[Any], Any, |_, a| decimals(any(a, 0), tail(a, 1), Decimal::sub)),
    variadic("mulf", &[Any], Any, |_, a| decimals(any(a, 0), tail(a, 1), Decimal::mul)),
    variadic("divf", &[Any], Any, |_, a| decimals(any(a, 0), tail(a, 1), Decimal::div)),
    // Floats.
    variadic("maxf", &[Any], Any, |_, a| float(a.iter().map(to_float).reduce(go_max).unwrap_or(0.0))),
    variadic("minf", &[Any], Any, |_, a| float(a.iter().map(to_float).reduce(go_min).unwrap_or(0.0))),
    fixed("ceil", &[Any], |_, a| float(to_float(any(a, 0)).ceil())),
    fixed("floor", &[Any], |_, a| float(to_float(any(a, 0)).floor())),
    variadic("round", &[Any, Int], Double, |_, a| float(round(to_float(any(a, 0)), int(a, 1), tail(a, 2)))),
    // Sequences.
    fixed("until", &[Int], |_, a| ints(until_step(0, int(a, 0), if int(a, 0) < 0 { -1 } else { 1 })?)),
    fixed("untilStep", &[Int, Int, Int], |_, a| ints(until_step(int(a, 0), int(a, 1), int(a, 2))?)),
    variadic("seq", &[], Int, |_, a| string(seq(&a.iter().map(to_int).collect::<Vec<_>>())?)),
];

fn go_int(number: i64) -> Result<Value, CallError> {
    Ok(Value::Int(IntKind::Int, number))
}

fn int64(number: i64) -> Result<Value, CallError> {
    Ok(Value::Int(IntKind::Int64, number))
}

fn float(number: f64) -> Result<Value, CallError> {
    Ok(Value::Float(number))
}

/// `strconv.Atoi` with its error dropped: what is out of range is clamped, what is no number is 0.
fn atoi(text: &[u8]) -> i64 {
    match parse_int(text, 10) {
        Ok(number) | Err(NumberError::Range(number)) => number,
        Err(NumberError::Syntax) => 0,
    }
}

fn divide(left: i64, right: i64, operation: fn(i64, i64) -> i64) -> Result<Value, CallError> {
    if right == 0 { Err(panic("integer divide by zero")) } else { int64(operation(left, right)) }
}

fn decimals(
    first: &Value,
    others: &[Value],
    operation: fn(&Decimal, &Decimal) -> Result<Decimal, CallError>,
) -> Result<Value, CallError> {
    let mut result = Decimal::from_float(to_float(first))?;
    for other in others {
        result = operation(&result, &Decimal::from_float(to_float(other))?)?;
    }
    float(result.to_float())
}

/// Go's `math.Max`: an infinity wins over NaN, NaN over all else, and 0 over -0.
fn go_max(left: f64, right: f64) -> f64 {
    if left == f64::INFINITY || right == f64::INFINITY {
        f64::INFINITY
    } else if left.is_nan() || right.is_nan() {
        f64::NAN
    } else if left == 0.0 && right == 0.0 {
        left + right
    } else {
        left.max(right)
    }
}

/// Go's `math.Min`.
fn go_min(left: f64, right: f64) -> f64 {
    -go_max(-left, -right)
}

/// Sprig's `round`: up if the fraction is at least `on` (0.5), else down. Negative numbers always go down.
fn round(value: f64, places: i64, on: &[Value]) -> f64 {
    let on = on.first().map_or(0.5, to_float);
    let power = power_of_ten(places);
    let digits = power * value;
    let rounded = if digits - digits.trunc() >= on { digits.ceil() } else { digits.floor() };
    rounded / power
}

/// Go's `math.Pow(10, places)`, with its rounding: by squaring a fraction and counting powers of two apart.
fn power_of_ten(places: i64) -> f64 {
    if places == 0 || places == 1 {
        return if places == 0 { 1.0 } else { 10.0 };
    }
    let (mut fraction, mut exponent) = (1.0f64, 0i32);
    let (mut square, mut square_exponent) = (0.625f64, 4i32);
    let mut bits = (places as f64).abs() as u64;
    while bits != 0 {
        if square_exponent > 1 << 12 {
            exponent += square_exponent;
            break;
        }
        if bits & 1 == 1 {
            fraction *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent <<= 1;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    if places < 0 { ldexp(1.0 / fraction, -exponent) } else { ldexp(fraction, exponent) }
}

/// `fraction * 2^exponent` for a fraction between 2^-60 and 2^60, rounded once.
fn ldexp(fraction: f64, exponent: i32) -> f64 {
    match exponent {
        1000.. => ldexp(fraction * 2f64.powi(1000), exponent - 1000),
        ..-1200 => 0.0,
        // In two exact steps and one that may round.
        -1200..-900 => fraction * 2f64.powi(-800) * 2f64.powi(exponent + 800),
        _ => fraction * 2f64.powi(exponent),
    }
}

/// The integers from `start` to before `stop`.
fn until_step(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let span = i128::from(stop) - i128::from(start);
    if step == 0 || (span < 0) != (step < 0) {
        return Ok(Vec::new());
    }
    let count = (span.abs() + i128::from(step).abs() - 1) / i128::from(step).abs();
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    check_items(count)?;
    Ok((0..count as i64).map(|position| start.wrapping_add(position.wrapping_mul(step))).collect())
}

fn ints(numbers: Vec<i64>) -> Result<Value, CallError> {
    let numbers = numbers.into_iter().map(|number| Value::Int(IntKind::Int, number)).collect();
    Ok(Value::List(List::typed("[]int", numbers)))
}

/// As `seq(1)`: `END`, `START END` or `START STEP END`, inclusive, as text.
fn seq(numbers: &[i64]) -> Result<String, CallError> {
    let (start, step, end) = match *numbers {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] if end >= start || step <= 0 => (start, step, end),
        _ => return Ok(String::new()),
    };
    let beyond = end.wrapping_add(if end < start { -1 } else { 1 });
    let numbers: Vec<String> = until_step(start, beyond, step)?.iter().map(i64::to_string).collect();
    Ok(numbers.join(" "))
}
