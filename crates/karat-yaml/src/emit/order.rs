//! The order in which go-yaml writes keys: numbers within names by value, letters after anything else.

use super::unicode::{is_digit, is_letter};

/// Sorts keys as go-yaml does. `after_digits` is v3's rule that a letter after a digit comes first.
///
/// The original's order is not total for every set of keys, which Rust's sort may answer with a panic; a merge sort
/// takes any answer.
pub(super) fn sort<K: AsRef<[u8]>, T>(entries: &mut Vec<(K, T)>, after_digits: bool) {
    let less = |a: &(K, T), b: &(K, T)| is_less(a.0.as_ref(), b.0.as_ref(), after_digits);
    if entries.windows(2).all(|pair| !less(&pair[1], &pair[0])) {
        return;
    }
    let mut runs: Vec<Vec<(K, T)>> = Vec::with_capacity(entries.len().div_ceil(RUN));
    let mut all = std::mem::take(entries).into_iter();
    while all.len() > 0 {
        let mut run: Vec<_> = all.by_ref().take(RUN).collect();
        for end in 1..run.len() {
            let place = (0..end).rev().take_while(|&at| less(&run[end], &run[at])).last().unwrap_or(end);
            run[place..=end].rotate_right(1);
        }
        runs.push(run);
    }
    while runs.len() > 1 {
        let mut pairs = runs.into_iter();
        let mut merged = Vec::with_capacity(pairs.len().div_ceil(2));
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, less),
                None => left,
            });
        }
        runs = merged;
    }
    *entries = runs.pop().unwrap_or_default();
}

/// So many are sorted by insertion.
const RUN: usize = 16;

fn merge<E>(left: Vec<E>, right: Vec<E>, less: impl Fn(&E, &E) -> bool) -> Vec<E> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        merged.extend(if less(b, a) { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

fn is_less(a: &[u8], b: &[u8], after_digits: bool) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return is_less_in(a, b, after_digits);
    }
    let characters = |bytes: &[u8]| -> Vec<u32> {
        bytes
            .utf8_chunks()
            .flat_map(|chunk| {
                let invalid = chunk.invalid().iter().map(|_| u32::from('\u{FFFD}'));
                chunk.valid().chars().map(u32::from).chain(invalid).collect::<Vec<_>>()
            })
            .collect()
    };
    is_less_in(&characters(a), &characters(b), after_digits)
}

fn is_less_in<C: Copy + Into<u32>>(a: &[C], b: &[C], after_digits: bool) -> bool {
    let at = |text: &[C], index: usize| text[index].into();
    let Some(first) = (0..a.len().min(b.len())).find(|&index| at(a, index) != at(b, index)) else {
        return a.len() < b.len();
    };
    let (x, y) = (at(a, first), at(b, first));
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x < y,
        (false, false) => {}
        (x_is, y_is) => {
            let digits = after_digits && first > 0 && is_digit(at(a, first - 1));
            return if digits { x_is } else { y_is };
        }
    }
    let zero = u32::from('0');
    // After a digit other than 0 in the same number, the numbers go on with what differs.
    let mut start = 0;
    if x == zero || y == zero {
        let before = (0..first).rev().map(|index| at(a, index)).take_while(|&c| is_digit(c));
        start = i64::from(before.into_iter().any(|c| c != zero));
    }
    let number = |text: &[C]| {
        let digits = text[first..].iter().map(|&c| c.into()).take_while(|&c| is_digit(c));
        digits.fold((start, first), |(number, end), digit| {
            let digit = i64::from(digit) - i64::from(zero);
            (number.wrapping_mul(10).wrapping_add(digit), end + 1)
        })
    };
    let (a_number, b_number) = (number(a), number(b));
    if a_number == b_number { x < y } else { a_number < b_number }
}
