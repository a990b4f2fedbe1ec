//! A generator's template over the ApplicationSet's: `mergo.Merge` without options, on Go structs.
//!
//! What the generator leaves at its zero value is filled in; so it can add and replace, never take away: `prune: false`
//! does not override `prune: true`.

use karat_yaml::Value;

use super::shape::is_zero;
use super::types::Type;

/// Fills what is zero in `target` from `source`. Both have been through [`super::shape`].
pub(crate) fn fill(ty: &Type, target: &mut Value, source: &Value) {
    match ty {
        Type::Struct(of) => {
            let (Some(into), Some(from)) = (target.as_map_mut(), source.as_map()) else { return };
            for field in of.fields {
                let Some(value) = from.get(field.name.as_bytes()) else { continue };
                match into.get_mut(field.name.as_bytes()) {
                    Some(present) => fill(&field.ty, present, value),
                    None => {
                        into.insert(field.name.into(), value.clone());
                    }
                }
            }
        }
        Type::Texts | Type::Flags => match (target.as_map_mut(), source.as_map()) {
            (Some(into), Some(from)) => {
                for (key, value) in from {
                    let empty = into.get(key).is_none_or(|present| is_zero(&Type::Text, present));
                    if empty {
                        into.insert(key.clone(), value.clone());
                    }
                }
            }
            _ => replace_if_zero(ty, target, source),
        },
        // A pointer is followed: what it points to may be zero, and is filled then.
        Type::Optional(inner) if !target.is_null() => {
            if !source.is_null() {
                fill(inner, target, source);
            }
        }
        _ => replace_if_zero(ty, target, source),
    }
}

fn replace_if_zero(ty: &Type, target: &mut Value, source: &Value) {
    if is_zero(ty, target) {
        *target = source.clone();
    }
}
