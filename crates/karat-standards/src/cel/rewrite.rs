//! From what was written to what the interpreter does right.
//!
//! The `cel` crate has no checking phase and a few habits that must not decide about a finding: selecting a field of
//! what is no mapping gives `false` instead of an error, lists of different make are never equal, maps are copied at
//! each step, unknown names surface only when they are reached. So each expression is checked and rewritten once:
//!
//! - `a.b` becomes `a["b"]`, and `has(a.b)` becomes `"b" in a`: both are errors on what is no mapping;
//! - `a == b` becomes a call that compares across makes, unless one side is a literal;
//! - arguments of other functions, and what is put into lists and maps, are copied into the crate's own types first, which
//!   would panic on others;
//! - every step of a comprehension counts against the budget;
//! - unknown variables and functions, and what is not supported, are errors of the standard.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators as op};

use super::functions::{ALLOWED, EQUALS, PLAIN, SIZE, TICK};

/// Rewrites `expression`, in which only `variables` are known.
pub(super) fn rewrite(expression: &mut IdedExpr, variables: &[&str]) -> Result<Uses, String> {
    let mut walk = Walk { variables, bound: Vec::new(), uses: Uses::default() };
    walk.visit(expression)?;
    Ok(walk.uses)
}

/// What an expression uses.
#[derive(Debug, Default)]
pub(super) struct Uses {
    pub(super) variables: BTreeSet<String>,
    /// The fields of `objects`: kinds.
    pub(super) kinds: BTreeSet<String>,
    /// Whether `objects` is used other than by a field.
    pub(super) all_kinds: bool,
}

struct Walk<'v> {
    variables: &'v [&'v str],
    /// Variables of the comprehensions around.
    bound: Vec<String>,
    uses: Uses,
}

impl Walk<'_> {
    fn visit(&mut self, node: &mut IdedExpr) -> Result<(), String> {
        match &mut node.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => {
                let before = self.uses.all_kinds;
                self.visit(&mut select.operand)?;
                if matches!(&select.operand.expr, Expr::Ident(name) if name == "objects") {
                    self.uses.kinds.insert(select.field.clone());
                    self.uses.all_kinds = before;
                }
                let operand = std::mem::take(select.operand.as_mut());
                let field = literal(LiteralValue::String(select.field.as_str().into()));
                node.expr =
                    if select.test { call(op::IN, [field, operand]) } else { call(op::INDEX, [operand, field]) };
                Ok(())
            }
            Expr::List(list) => {
                if !list.optional_indices.is_empty() {
                    return Err(OPTIONAL.to_owned());
                }
                list.elements.iter_mut().try_for_each(|element| {
                    self.visit(element)?;
                    plain(element);
                    Ok(())
                })
            }
            Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) if entry.optional => Err(OPTIONAL.to_owned()),
                EntryExpr::MapEntry(entry) => {
                    self.visit(&mut entry.key)?;
                    self.visit(&mut entry.value)?;
                    plain(&mut entry.key);
                    plain(&mut entry.value);
                    Ok(())
                }
                EntryExpr::StructField(_) => Err(STRUCT.to_owned()),
            }),
            Expr::Comprehension(comprehension) => {
                if comprehension.iter_var2.is_some() {
                    return Err("comprehensions over two variables are not supported".to_owned());
                }
                self.visit(&mut comprehension.iter_range)?;
                self.visit(&mut comprehension.accu_init)?;
                self.bound.push(comprehension.accu_var.clone());
                self.bound.push(comprehension.iter_var.clone());
                self.visit(&mut comprehension.loop_cond)?;
                self.visit(&mut comprehension.loop_step)?;
                self.visit(&mut comprehension.result)?;
                self.bound.truncate(self.bound.len() - 2);
                let condition = std::mem::take(&mut comprehension.loop_cond);
                let tick = IdedExpr { id: 0, expr: call(TICK, []) };
                comprehension.loop_cond = IdedExpr { id: 0, expr: call(op::LOGICAL_AND, [tick, condition]) };
                Ok(())
            }
            Expr::Call(called) => {
                if is_operator(&called.func_name) {
                    self.operator(called)
                } else {
                    self.function(called)
                }
            }
            Expr::Struct(_) => Err(STRUCT.to_owned()),
            Expr::Unspecified => Err("an empty expression".to_owned()),
        }
    }

    fn variable(&mut self, name: &str) -> Result<(), String> {
        if self.bound.iter().any(|bound| bound == name) {
            return Ok(());
        }
        if self.variables.contains(&name) {
            self.uses.variables.insert(name.to_owned());
            self.uses.all_kinds |= name == "objects";
            return Ok(());
        }
        Err(format!("unknown variable `{name}`; known here: {}", self.variables.join(", ")))
    }

    fn operator(&mut self, called: &mut CallExpr) -> Result<(), String> {
        if matches!(called.func_name.as_str(), op::OPT_SELECT | op::OPT_INDEX) {
            return Err(OPTIONAL.to_owned());
        }
        called.args.iter_mut().try_for_each(|argument| self.visit(argument))?;
        let compares = matches!(called.func_name.as_str(), op::EQUALS | op::NOT_EQUALS);
        if compares && !called.args.iter().any(is_scalar) {
            let negated = called.func_name == op::NOT_EQUALS;
            called.func_name = EQUALS.to_owned();
            if negated {
                let equal = IdedExpr { id: 0, expr: Expr::Call(std::mem::take(called)) };
                let Expr::Call(negation) = call(op::LOGICAL_NOT, [equal]) else { return Ok(()) };
                *called = negation;
            }
        }
        Ok(())
    }

    fn function(&mut self, called: &mut CallExpr) -> Result<(), String> {
        // `sets.contains(…)` parses as a call of `contains` on a variable `sets`.
        let namespace = called.target.as_deref().and_then(|target| match &target.expr {
            Expr::Ident(prefix) if !self.bound.contains(prefix) && !self.variables.contains(&prefix.as_str()) => {
                Some(prefix.clone())
            }
            _ => None,
        });
        let name = match &namespace {
            Some(prefix) => format!("{prefix}.{}", called.func_name),
            None => called.func_name.clone(),
        };
        if !ALLOWED.contains(&name.as_str()) {
            return Err(format!("unknown function `{name}`"));
        }
        if namespace.is_none()
            && let Some(target) = &mut called.target
        {
            self.visit(target)?;
        }
        called.args.iter_mut().try_for_each(|argument| self.visit(argument))?;
        if name == "size" {
            if let Some(target) = called.target.take() {
                called.args.insert(0, *target);
            }
            if called.args.len() != 1 {
                return Err("`size` takes one value".to_owned());
            }
            called.func_name = SIZE.to_owned();
            return Ok(());
        }
        if namespace.is_none()
            && let Some(target) = &mut called.target
        {
            plain(target);
        }
        called.args.iter_mut().for_each(plain);
        Ok(())
    }
}

const OPTIONAL: &str = "optional values (`?.`, `[?]`) are not supported; use `has()`";
const STRUCT: &str = "messages (`Type{…}`) are not supported";

/// Wraps `argument`, unless it is a scalar already.
fn plain(argument: &mut IdedExpr) {
    if !is_scalar(argument) {
        let inner = std::mem::take(argument);
        *argument = IdedExpr { id: inner.id, expr: call(PLAIN, [inner]) };
    }
}

fn is_scalar(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Literal(literal) if !matches!(literal, LiteralValue::Null))
}

fn is_operator(name: &str) -> bool {
    name.contains('_') || name.starts_with('@')
}

fn call<const N: usize>(name: &str, args: [IdedExpr; N]) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args: args.into() })
}

fn literal(value: LiteralValue) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Literal(value) }
}
