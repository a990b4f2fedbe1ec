//! Defaults and choices. "Empty" is the zero value of a type, or nothing in it; a struct never is.

use crate::Type::{Any, Bool, String as Text};
use crate::{Builtin, Value};

use super::args::{any, boolean, fixed, text, truth, variadic};

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    // `default "x" .Values.missing`: without a second argument, the default.
    variadic("default", &[Any], Any, |_, a| {
        Ok(a.get(1).filter(|given| given.truth()).unwrap_or_else(|| any(a, 0)).clone())
    }),
    fixed("empty", &[Any], |_, a| boolean(!any(a, 0).truth())),
    variadic("coalesce", &[], Any, |_, a| Ok(a.iter().find(|value| value.truth()).cloned().unwrap_or_default())),
    variadic("all", &[], Any, |_, a| boolean(a.iter().all(Value::truth))),
    variadic("any", &[], Any, |_, a| boolean(a.iter().any(Value::truth))),
    fixed("ternary", &[Any, Any, Bool], |_, a| Ok(any(a, usize::from(!truth(a, 2))).clone())),
    fixed("fail", &[Text], |_, a| Err(crate::CallError::Failed(text(a, 0).clone()))),
];
