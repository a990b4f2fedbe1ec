//! The functions that expressions may call: those of Kubernetes, and a few of our own behind the rewriting.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cel::common::value::Val;
use cel::objects::{Key, Map};
use cel::{Context, ExecutionError, FunctionContext, Value};
use kube_cel::KubeCelExt;
use regex::Regex;

use super::tree::{entries, equal, items};

/// Counts an iteration, and stops the evaluation when there were too many.
pub(super) const TICK: &str = "karat.tick";
/// Copies a value into the `cel` crate's own types, which its functions expect.
pub(super) const PLAIN: &str = "karat.plain";
/// `==` for two values that may be of different make.
pub(super) const EQUALS: &str = "karat.equals";
/// `size` without copying.
pub(super) const SIZE: &str = "karat.size";

/// What one evaluation may iterate, over all its comprehensions together. The API server's budget for one expression is
/// a million units of cost and an iteration costs a few of them.
pub(super) const ITERATIONS: u32 = 200_000;

/// Names that expressions may call: what Kubernetes 1.36 has and what the crates implement. Anything else is refused
/// when a standard is read, so that a misspelt function is an error of the standard and not of every object.
pub(super) const ALLOWED: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "duration",
    "timestamp",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "replace",
    "split",
    "substring",
    "trim",
    "join",
    "reverse",
    "strings.quote",
    "isSorted",
    "sum",
    "min",
    "max",
    "slice",
    "sort",
    "flatten",
    "distinct",
    "first",
    "last",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "find",
    "findAll",
    "url",
    "isURL",
    "getScheme",
    "getHost",
    "getHostname",
    "getPort",
    "getEscapedPath",
    "getQuery",
    "ip",
    "isIP",
    "ip.isCanonical",
    "family",
    "isLoopback",
    "isUnspecified",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isGlobalUnicast",
    "cidr",
    "isCIDR",
    "containsIP",
    "containsCIDR",
    "prefixLength",
    "masked",
    "semver",
    "isSemver",
    "major",
    "minor",
    "patch",
    "isGreaterThan",
    "isLessThan",
    "compareTo",
    "quantity",
    "isQuantity",
    "isInteger",
    "asInteger",
    "asApproximateFloat",
    "sign",
    "add",
    "sub",
    "format",
    "math.greatest",
    "math.least",
    "base64.encode",
    "base64.decode",
];

/// Registers everything on `context`. `iterations` is the counter that [`TICK`] counts down.
pub(super) fn register(context: &mut Context<'_>, iterations: Arc<AtomicU32>, patterns: Arc<Patterns>) {
    context.register_all();
    add(context, TICK, move |_| {
        match iterations.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(_) => Err(ExecutionError::function_error("all, exists, map or filter", "more than 200,000 iterations")),
        }
    });
    add(context, PLAIN, |call| plain(argument(call, 0)?.as_ref()));
    add(context, EQUALS, |call| Ok(Value::Bool(equal(argument(call, 0)?.as_ref(), argument(call, 1)?.as_ref()))));
    add(context, SIZE, |call| {
        let value = argument(call, 0)?;
        let value = value.as_ref();
        let size = if let Some(items) = items(value) {
            items.len()
        } else if let Some(entries) = entries(value) {
            entries.len()
        } else {
            match Value::try_from(value)? {
                Value::String(text) => text.chars().count(),
                Value::Bytes(bytes) => bytes.len(),
                other => return Err(wrong("size", &other)),
            }
        };
        Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
    });
    // The crate's `contains` answers "no" about what is no string, its `string` refuses booleans, and its `matches`
    // compiles the expression each time.
    add(context, "contains", |call| {
        let text = this(call)?;
        let part = argument_value(call, usize::from(call.this.is_none()))?;
        Ok(Value::Bool(string(&text, "contains")?.contains(string(&part, "contains")?)))
    });
    add(context, "matches", move |call| {
        let text = this(call)?;
        let pattern = argument_value(call, usize::from(call.this.is_none()))?;
        let (text, pattern) = (string(&text, "matches")?, string(&pattern, "matches")?);
        Ok(Value::Bool(patterns.get(pattern)?.is_match(text)))
    });
}

/// Compiled regular expressions, shared by all engines of a run.
#[derive(Debug, Default)]
pub(super) struct Patterns(Mutex<HashMap<String, Regex>>);

impl Patterns {
    fn get(&self, pattern: &str) -> Result<Regex, ExecutionError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
        let regex = regex.map_err(|error| ExecutionError::function_error("matches", error))?;
        // Patterns are written in standards: a handful. Those made from objects must not pile up.
        if known.len() >= 256 {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

fn add(
    context: &mut Context<'_>,
    name: &str,
    function: impl Fn(&FunctionContext<'_, '_>) -> Result<Value, ExecutionError> + Send + Sync + 'static,
) {
    context.add_function(name, move |call: &FunctionContext<'_, '_>| function(call));
}

fn argument<'c>(call: &FunctionContext<'c, '_>, index: usize) -> Result<std::borrow::Cow<'c, dyn Val>, ExecutionError> {
    let expression =
        call.args.get(index).ok_or_else(|| ExecutionError::invalid_argument_count(index + 1, call.args.len()))?;
    Value::resolve_val(expression, call.ptx)
}

fn argument_value(call: &FunctionContext<'_, '_>, index: usize) -> Result<Value, ExecutionError> {
    plain(argument(call, index)?.as_ref())
}

fn this(call: &FunctionContext<'_, '_>) -> Result<Value, ExecutionError> {
    match &call.this {
        Some(value) => Ok(value.clone()),
        None => argument_value(call, 0),
    }
}

fn string<'v>(value: &'v Value, function: &str) -> Result<&'v str, ExecutionError> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(wrong(function, other)),
    }
}

fn wrong(function: &str, value: &Value) -> ExecutionError {
    ExecutionError::function_error(function, format!("not on {}", value.type_of()))
}

/// `value` in the `cel` crate's own types, all the way down.
pub(super) fn plain(value: &dyn Val) -> Result<Value, ExecutionError> {
    if let Some(items) = items(value) {
        return Ok(Value::List(Arc::new(items.into_iter().map(plain).collect::<Result<_, _>>()?)));
    }
    if let Some(entries) = entries(value) {
        let map = entries.into_iter().map(|(key, value)| Ok((Key::from(key), plain(value)?)));
        return Ok(Value::Map(Map { map: Arc::new(map.collect::<Result<_, ExecutionError>>()?) }));
    }
    Value::try_from(value)
}
