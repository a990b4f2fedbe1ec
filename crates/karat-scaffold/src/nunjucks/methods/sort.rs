//! Sorting by an order that may contradict itself.

use std::cmp::Ordering;

use crate::nunjucks::budget::{Budget, Outcome};
use crate::nunjucks::value::Value;

/// Sorted stably, undefined last. Ours and not the standard library's, which may give up on an order that contradicts
/// itself, as JavaScript's comparison of texts with numbers does: short lists go the way that V8 goes, so that even those
/// come out alike.
pub(crate) fn sorted(
    items: Vec<Value>,
    budget: &Budget,
    mut compare: impl FnMut(&Value, &Value) -> Outcome<Ordering>,
) -> Outcome<Vec<Value>> {
    const SHORT: usize = 63;
    let (undefined, items): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| matches!(item, Value::Undefined));
    let mut runs: Vec<Vec<Value>> = Vec::new();
    for chunk in items.chunks(SHORT) {
        budget.spend(chunk.len() * 6)?;
        runs.push(inserted(chunk.to_vec(), &mut compare)?);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            let right = pairs.next().unwrap_or_default();
            budget.spend(left.len() + right.len())?;
            let mut run = Vec::with_capacity(left.len() + right.len());
            let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
            while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
                run.extend(if compare(second, first)?.is_lt() { right.next() } else { left.next() });
            }
            run.extend(left);
            run.extend(right);
            merged.push(run);
        }
        runs = merged;
    }
    let mut items = runs.pop().unwrap_or_default();
    items.extend(undefined);
    Ok(items)
}

/// Sorted by binary insertion after the run that the list begins with.
fn inserted(
    mut items: Vec<Value>,
    compare: &mut impl FnMut(&Value, &Value) -> Outcome<Ordering>,
) -> Outcome<Vec<Value>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let falls = compare(&items[1], &items[0])?.is_lt();
    let mut run = 2;
    while run < items.len() && compare(&items[run], &items[run - 1])?.is_lt() == falls {
        run += 1;
    }
    if falls {
        items[..run].reverse();
    }
    for start in run..items.len() {
        let (mut left, mut right) = (0, start);
        while left < right {
            let middle = left + (right - left) / 2;
            if compare(&items[start], &items[middle])?.is_lt() {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        items[left..=start].rotate_right(1);
    }
    Ok(items)
}
