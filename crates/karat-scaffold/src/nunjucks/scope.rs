//! Variables: where a name is looked up, and which one `set` changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::Value;

/// A frame of variables within others.
#[derive(Debug)]
pub(super) struct Scope {
    parent: Option<Rc<Self>>,
    /// `set` below this frame stays in it: macros and blocks.
    isolated: bool,
    variables: RefCell<BTreeMap<Rc<str>, Value>>,
}

impl Scope {
    /// The outermost frame.
    pub(super) fn root(variables: impl IntoIterator<Item = (Rc<str>, Value)>) -> Rc<Self> {
        let variables = RefCell::new(variables.into_iter().collect());
        Rc::new(Self { parent: None, isolated: true, variables })
    }

    /// A frame within `parent`.
    pub(super) fn within(parent: &Rc<Self>, isolated: bool) -> Rc<Self> {
        Rc::new(Self { parent: Some(Rc::clone(parent)), isolated, variables: RefCell::default() })
    }

    /// Looks a name up, outwards.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some(value) = current.variables.borrow().get(name) {
                return Some(value.clone());
            }
            scope = current.parent.as_deref();
        }
        None
    }

    /// Sets a variable of this very frame.
    pub(super) fn bind(&self, name: &Rc<str>, value: Value) {
        self.variables.borrow_mut().insert(Rc::clone(name), value);
    }

    /// `{% set %}`: the nearest frame that has the name, but not beyond an isolated one; else this frame.
    pub(super) fn assign(&self, name: &Rc<str>, value: Value) {
        let mut scope = self;
        loop {
            if scope.variables.borrow().contains_key(name) {
                return scope.bind(name, value);
            }
            match (&scope.parent, scope.isolated) {
                (Some(parent), false) => scope = parent,
                _ => return self.bind(name, value),
            }
        }
    }
}
