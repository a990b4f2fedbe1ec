//! shopspring/decimal 1.4, as far as Sprig's `addf`, `subf`, `mulf` and `divf` use it: exact decimals of any size, with
//! division to 16 places.

use std::cmp::Ordering;

use crate::CallError;
use crate::fmt::format_float;

use super::print::shortest;

/// How many digits a number may have: a float64 needs at most 325, so products of many hundreds fit.
const MAX_DIGITS: usize = 20_000;
/// shopspring's `DivisionPrecision`.
const DIVISION_PLACES: i64 = 16;
/// One limb holds nine digits.
const LIMB: u64 = 1_000_000_000;

/// `(-1)^negative * magnitude * 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    /// Little-endian, in base 10^9, without leading zeros: zero is empty.
    magnitude: Vec<u32>,
    exponent: i64,
}

impl Decimal {
    /// From the shortest decimal text that reads back as `number`.
    pub(super) fn from_float(number: f64) -> Result<Self, CallError> {
        if !number.is_finite() {
            return Err(format!("Cannot create a Decimal from {}", format_float(number, 'g', None)).into());
        }
        let (digits, exponent) = shortest(number);
        let digits = digits.trim_end_matches('0');
        let value: u64 = digits.parse().unwrap_or(0);
        Ok(Self {
            negative: number < 0.0,
            magnitude: trimmed(vec![(value % LIMB) as u32, (value / LIMB) as u32]),
            exponent: if value == 0 { 0 } else { i64::from(exponent) + 1 - digits.len() as i64 },
        })
    }

    /// The nearest float64.
    pub(super) fn to_float(&self) -> f64 {
        let digits: String = match self.magnitude.split_last() {
            None => return 0.0,
            Some((top, rest)) => rest.iter().rev().fold(top.to_string(), |digits, limb| digits + &format!("{limb:09}")),
        };
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}e{}", self.exponent).parse().unwrap_or(0.0)
    }

    pub(super) fn add(&self, other: &Self) -> Result<Self, CallError> {
        let exponent = self.exponent.min(other.exponent);
        let left = scaled(&self.magnitude, self.exponent - exponent)?;
        let right = scaled(&other.magnitude, other.exponent - exponent)?;
        let (negative, magnitude) = if self.negative == other.negative {
            (self.negative, add(&left, &right))
        } else if compare(&left, &right) == Ordering::Less {
            (other.negative, sub(&right, &left))
        } else {
            (self.negative, sub(&left, &right))
        };
        Ok(Self { negative: negative && !magnitude.is_empty(), magnitude, exponent })
    }

    pub(super) fn sub(&self, other: &Self) -> Result<Self, CallError> {
        self.add(&Self { negative: !other.negative, ..other.clone() })
    }

    pub(super) fn mul(&self, other: &Self) -> Result<Self, CallError> {
        check_limbs(self.magnitude.len() + other.magnitude.len())?;
        let exponent = self.exponent + other.exponent;
        if exponent.unsigned_abs() > MAX_DIGITS as u64 {
            return Err(too_large());
        }
        let magnitude = mul(&self.magnitude, &other.magnitude);
        Ok(Self { negative: self.negative != other.negative && !magnitude.is_empty(), magnitude, exponent })
    }

    /// To 16 places, half away from zero.
    pub(super) fn div(&self, other: &Self) -> Result<Self, CallError> {
        if other.magnitude.is_empty() {
            return Err("decimal division by 0".into());
        }
        let shift = self.exponent - other.exponent + DIVISION_PLACES;
        let left = scaled(&self.magnitude, shift.max(0))?;
        let right = scaled(&other.magnitude, (-shift).max(0))?;
        let (mut magnitude, rest) = div_rem(&left, &right);
        if compare(&add(&rest, &rest), &right) != Ordering::Less {
            magnitude = add(&magnitude, &[1]);
        }
        let negative = self.negative != other.negative && !magnitude.is_empty();
        Ok(Self { negative, magnitude, exponent: -DIVISION_PLACES })
    }
}

fn too_large() -> CallError {
    format!("the number has more than {MAX_DIGITS} digits").into()
}

fn check_limbs(limbs: usize) -> Result<(), CallError> {
    if limbs * 9 > MAX_DIGITS { Err(too_large()) } else { Ok(()) }
}

/// Times `10^places`.
fn scaled(magnitude: &[u32], places: i64) -> Result<Vec<u32>, CallError> {
    let places = usize::try_from(places).unwrap_or(0);
    check_limbs(magnitude.len() + places / 9 + 1)?;
    let mut limbs = vec![0; places / 9];
    limbs.extend(mul(magnitude, &[10u32.pow((places % 9) as u32)]));
    Ok(trimmed(limbs))
}

fn trimmed(mut limbs: Vec<u32>) -> Vec<u32> {
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    limbs
}

fn compare(left: &[u32], right: &[u32]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

fn add(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut carry = 0;
    let mut sum: Vec<u32> = (0..left.len().max(right.len()))
        .map(|at| {
            let limb = limb(left, at) + limb(right, at) + carry;
            carry = limb / LIMB;
            (limb % LIMB) as u32
        })
        .collect();
    sum.push(carry as u32);
    trimmed(sum)
}

/// `left - right`, where `left` is not smaller.
fn sub(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut borrow = 0;
    let difference = (0..left.len())
        .map(|at| {
            let limb = limb(left, at) + LIMB - limb(right, at) - borrow;
            borrow = u64::from(limb < LIMB);
            (limb % LIMB) as u32
        })
        .collect();
    trimmed(difference)
}

fn mul(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut product = vec![0u32; left.len() + right.len()];
    for (offset, &factor) in left.iter().enumerate() {
        let mut carry = 0;
        for (at, limb) in product.iter_mut().enumerate().skip(offset).take(right.len() + 1) {
            let value = u64::from(*limb) + u64::from(factor) * self::limb(right, at - offset) + carry;
            *limb = (value % LIMB) as u32;
            carry = value / LIMB;
        }
    }
    trimmed(product)
}

/// Long division; each limb of the quotient is found by bisection, as divisors are short. Most numbers are shorter yet.
fn div_rem(left: &[u32], right: &[u32]) -> (Vec<u32>, Vec<u32>) {
    if let (Some(left), Some(right)) = (small(left), small(right)) {
        return (limbs(left / right), limbs(left % right));
    }
    let mut quotient = vec![0; left.len()];
    let mut rest: Vec<u32> = Vec::new();
    for (at, &limb) in left.iter().enumerate().rev() {
        rest.insert(0, limb);
        rest = trimmed(rest);
        let (mut low, mut high) = (0, LIMB);
        while high - low > 1 {
            let middle = low.midpoint(high);
            match compare(&mul(right, &[middle as u32]), &rest) {
                Ordering::Greater => high = middle,
                _ => low = middle,
            }
        }
        rest = sub(&rest, &mul(right, &[low as u32]));
        quotient[at] = low as u32;
    }
    (trimmed(quotient), rest)
}

/// The number, if it surely fits 128 bits.
fn small(limbs: &[u32]) -> Option<u128> {
    let add = |sum: u128, limb: &u32| sum * u128::from(LIMB) + u128::from(*limb);
    (limbs.len() <= 4).then(|| limbs.iter().rev().fold(0, add))
}

fn limbs(mut number: u128) -> Vec<u32> {
    let mut limbs = Vec::new();
    while number > 0 {
        limbs.push((number % u128::from(LIMB)) as u32);
        number /= u128::from(LIMB);
    }
    limbs
}

fn limb(limbs: &[u32], at: usize) -> u64 {
    limbs.get(at).copied().unwrap_or(0).into()
}
