//! Types and kinds, by Go's names.

use crate::Type::{Any, String as Text};
use crate::{Builtin, Value};

use super::args::{any, boolean, fixed, string, text};
use super::equal::deep_equal;

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("typeOf", &[Any], |_, a| string(any(a, 0).go_type())),
    fixed("typeIs", &[Text, Any], |_, a| boolean(*text(a, 0) == any(a, 1).go_type())),
    fixed("typeIsLike", &[Text, Any], |_, a| boolean(is_like(text(a, 0), any(a, 1)))),
    fixed("kindOf", &[Any], |_, a| string(any(a, 0).kind())),
    fixed("kindIs", &[Text, Any], |_, a| boolean(*text(a, 0) == any(a, 1).kind())),
    fixed("deepEqual", &[Any, Any], |i, a| boolean(deep_equal(i, any(a, 0), any(a, 1))?)),
];

/// Whether the value has the type or is a pointer to it.
fn is_like(target: &[u8], value: &Value) -> bool {
    let name = value.go_type().as_bytes();
    name == target || name.strip_prefix(b"*") == Some(target)
}
