//! `templatePatch`: a strategic merge over an Application.
//!
//! Argo CD's types declare a merge strategy nowhere but on `metadata.finalizers`, so every other list is replaced. Raw
//! objects (`valuesObject`) have no fields that Go knows: a patch may set them or replace scalars in them, but merging
//! into a mapping or list that is there is an error, as it is in Argo CD.
//!
//! Source: `k8s.io/apimachinery/pkg/util/strategicpatch` v0.33.1 with `MergeParallelList` and `IgnoreUnmatchedNulls`.

use karat_yaml::{Map, Str, Value};

use super::shape::{Names, find};
use super::types::Type;

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("unknown patch type: {directive}")]
    Directive { directive: String },
    #[error("merging into `{key}`: Argo CD knows no fields there; set the whole of it, or use `values`")]
    NoFields { key: String },
    #[error("`{key}` is no list")]
    NotAList { key: String },
    #[error("$retainKeys must be a list that names every key of the patch")]
    RetainKeys,
    #[error("the order of `{key}` in the patch is not that of its $setElementOrder list")]
    Order { key: String },
}

const DIRECTIVE: &[u8] = b"$patch";
const RETAIN: &[u8] = b"$retainKeys";
const DELETE_FROM: &[u8] = b"$deleteFromPrimitiveList/";
const ORDER: &[u8] = b"$setElementOrder/";

/// Applies `patch` to `original`, both mappings of type `ty`.
pub(crate) fn merge(ty: &Type, original: &mut Map, mut patch: Map) -> Result<(), PatchError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        match directive.as_str() {
            Some("replace") => *original = patch,
            Some("delete") => original.clear(),
            _ => return Err(PatchError::Directive { directive: text(&directive) }),
        }
        return Ok(());
    }
    retain_keys(original, &mut patch)?;
    set_order(ty, original, &mut patch)?;
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            if let (Some(Value::Seq(items)), Value::Seq(gone)) = (original.get_mut(list), &value) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if value.is_null() {
            original.remove(&key);
            continue;
        }
        match (original.get_mut(&key), value) {
            (Some(Value::Map(into)), Value::Map(value)) => merge(field(ty, &key)?.0, into, value)?,
            (Some(Value::Seq(into)), Value::Seq(value)) => {
                let merges = field(ty, &key)?.1;
                if merges {
                    merge_texts(into, &value);
                } else {
                    *into = value;
                }
            }
            (_, value) => match clean(value) {
                Some(value) => {
                    original.insert(key, value);
                }
                None => {
                    original.remove(&key);
                }
            },
        }
    }
    Ok(())
}

/// The type of a field and whether its list merges. A map or a raw object has no fields.
fn field(ty: &Type, key: &Str) -> Result<(&'static Type, bool), PatchError> {
    let no_fields = || PatchError::NoFields { key: key.lossy().into_owned() };
    match ty {
        Type::Optional(inner) => field(inner, key),
        Type::Struct(of) => {
            let field = find(of, key, Names::AnyCase).ok_or_else(no_fields)?;
            Ok((&field.ty, field.merges))
        }
        _ => Err(no_fields()),
    }
}

/// Without directives and, in what is new, without nulls. `None` if a directive says that nothing is to be kept.
fn clean(value: Value) -> Option<Value> {
    match value {
        Value::Map(map) => {
            if map.contains_key(DIRECTIVE) {
                return None;
            }
            Some(Value::Map(
                map.into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .filter_map(|(key, value)| Some((key, clean(value)?)))
                    .collect(),
            ))
        }
        Value::Seq(items) => Some(Value::Seq(items.into_iter().filter_map(clean).collect())),
        value => Some(value),
    }
}

fn retain_keys(original: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN) else { return Ok(()) };
    let keys = keys.as_seq().ok_or(PatchError::RetainKeys)?.to_vec();
    let kept = |key: &Str| keys.iter().any(|kept| matches!(kept, Value::Str(kept) if kept == key));
    let all = patch
        .iter()
        .all(|(key, value)| value.is_null() || key.starts_with(DELETE_FROM) || key.starts_with(ORDER) || kept(key));
    if !all {
        return Err(PatchError::RetainKeys);
    }
    original.retain(|key, _| kept(key));
    Ok(())
}

/// `$setElementOrder/finalizers`: merges the list and puts it into the given order.
fn set_order(ty: &Type, original: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let orders: Vec<Str> = patch.keys().filter(|key| key.starts_with(ORDER)).cloned().collect();
    for key in orders {
        let Some(order) = patch.remove(&key) else { continue };
        let name = Str::from(&key[ORDER.len()..]);
        let not_a_list = || PatchError::NotAList { key: name.lossy().into_owned() };
        let Value::Seq(order) = order else { return Err(not_a_list()) };
        let merges = field(ty, &name)?.1;
        let added = match patch.remove(&name) {
            None => None,
            Some(Value::Seq(items)) => Some(items),
            Some(_) => return Err(not_a_list()),
        };
        let before = match original.get(&name) {
            None => None,
            Some(Value::Seq(items)) => Some(items.clone()),
            Some(_) => return Err(not_a_list()),
        };
        let mut expected = order.iter();
        if !order.is_empty() && !added.iter().flatten().all(|item| expected.any(|ordered| ordered == item)) {
            return Err(PatchError::Order { key: name.lossy().into_owned() });
        }
        let merged = match (&before, added) {
            (None, None) => continue,
            (Some(before), None) => before.clone(),
            (None, Some(added)) => added,
            (Some(before), Some(added)) if merges => {
                let mut merged = before.clone();
                merge_texts(&mut merged, &added);
                merged
            }
            (Some(_), Some(added)) => added,
        };
        let before = before.unwrap_or_default();
        original.insert(name, Value::Seq(in_order(merged, &order, &before)));
    }
    Ok(())
}

/// Both lists without repetitions; what the patch names comes in its order, what only the original has keeps its place
/// among the rest.
fn merge_texts(original: &mut Vec<Value>, patch: &[Value]) {
    let before = original.clone();
    let mut both: Vec<Value> = Vec::with_capacity(original.len() + patch.len());
    for item in original.drain(..).chain(patch.iter().cloned()) {
        if !both.contains(&item) {
            both.push(item);
        }
    }
    *original = in_order(both, patch, &before);
}

/// Kubernetes' `normalizeElementOrder` for scalars: items that `order` names, in that order, merged with the others, in
/// the order of `before`; where both claim a place, the others come after what preceded them.
fn in_order(items: Vec<Value>, order: &[Value], before: &[Value]) -> Vec<Value> {
    let (mut named, others): (Vec<Value>, Vec<Value>) = items.into_iter().partition(|item| order.contains(item));
    let place = |list: &[Value], item: &Value| list.iter().position(|other| other == item);
    named.sort_by_key(|item| place(order, item));
    let mut merged = Vec::with_capacity(named.len() + others.len());
    let (mut left, mut right) = (named.into_iter().peekable(), others.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        // An item of the original order that stood before the named one goes before it.
        let first = match (place(before, other), place(before, one)) {
            (Some(other), Some(one)) => other < one,
            _ => false,
        };
        merged.extend(if first { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.kind().to_owned(), str::to_owned)
}
