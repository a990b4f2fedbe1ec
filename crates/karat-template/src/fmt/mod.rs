//! Go's `fmt`: what `print`, `printf` and actions write.

mod float;
mod format;
mod integer;

use std::any::Any;

use crate::quote;
use crate::value::Complex;
use crate::{IntKind, Limit, Map, Str, Value};

pub use float::format_float;
pub(crate) use format::printf;

/// Values inside values inside values: deeper than this is a cycle (`set $d "self" $d`), where Go overflows its stack.
const MAX_DEPTH: usize = 500;

/// As `fmt.Sprint(value)` and an action print it, but that a nil is `<nil>` here and `<no value>` in an action. What is
/// nested deeper than 500 levels is `...`.
pub fn sprint(value: &Value) -> Str {
    match value {
        Value::Str(text) => text.clone(),
        _ => {
            let mut text = Vec::new();
            Printer::new(&mut text, usize::MAX).argument(value, 'v');
            text.into()
        }
    }
}

/// `fmt.Sprintf`.
pub fn sprintf(format: &[u8], arguments: &[Value]) -> Str {
    let mut text = Vec::new();
    // Without a bound it cannot fail.
    let _ = printf(&mut text, format, arguments, usize::MAX);
    text.into()
}

/// `fmt.Fprint` of one value to an output that may grow to `limit` bytes.
pub(crate) fn print_within(out: &mut Vec<u8>, value: &Value, limit: usize) -> Result<(), Limit> {
    let mut printer = Printer::new(out, limit);
    match value {
        Value::Str(text) => printer.out.extend_from_slice(text),
        _ => printer.argument(value, 'v'),
    }
    printer.check()
}

/// `fmt.Fprint`: spaces between two operands when neither is a string.
pub(crate) fn print_all(out: &mut Vec<u8>, values: &[Value], limit: usize) -> Result<(), Limit> {
    let mut previous_string = true;
    for value in values {
        let string = matches!(value, Value::Str(_));
        if !string && !previous_string {
            out.push(b' ');
        }
        print_within(out, value, limit)?;
        previous_string = string;
    }
    Ok(())
}

/// `fmt.Fprintln`.
pub(crate) fn print_line(out: &mut Vec<u8>, values: &[Value], limit: usize) -> Result<(), Limit> {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        print_within(out, value, limit)?;
    }
    out.push(b'\n');
    Ok(())
}

/// The flags of a verb.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "fmt's flags are independent of one another")]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
}

/// Prints values under flags.
pub(super) struct Printer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) flags: Flags,
    /// How long `out` may become.
    pub(super) limit: usize,
    too_deep: bool,
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, limit: usize) -> Self {
        Self { out, flags: Flags::default(), limit, too_deep: false }
    }

    pub(super) fn check(&self) -> Result<(), Limit> {
        if self.too_deep {
            return Err(Limit::Depth(MAX_DEPTH));
        }
        if self.out.len() > self.limit { Err(Limit::Output(self.limit)) } else { Ok(()) }
    }

    /// Prints one operand.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match verb {
            'T' => return self.string(value.go_type().as_bytes(), 's'),
            'p' => return self.pointer(value),
            _ => {}
        }
        match value {
            Value::Nil if verb == 'v' => self.pad(b"<nil>"),
            _ => self.value(value, verb, 0),
        }
    }

    /// `%!verb(type=value)`: the verb does not fit.
    fn bad_verb(&mut self, value: &Value, verb: char, depth: usize) {
        self.put(&format!("%!{verb}("));
        if matches!(value, Value::Nil) {
            self.put("<nil>");
        } else {
            self.put(value.go_type());
            self.put("=");
            self.value(value, 'v', depth);
        }
        self.put(")");
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_DEPTH || self.out.len() > self.limit {
            self.too_deep |= depth > MAX_DEPTH;
            return self.put("...");
        }
        match value {
            // Only `Errorf` knows `%w`.
            value if verb == 'w' => self.bad_verb(value, verb, depth),
            Value::Nil if depth > 0 => self.put(if self.flags.sharp_v { "interface {}(nil)" } else { "<nil>" }),
            Value::Nil => self.bad_verb(value, verb, depth),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(value, verb, depth),
            },
            Value::Int(kind, number) => self.integer(*kind, *number, value, verb, depth),
            Value::Float(number) => self.float_verb(*number, value, verb, depth),
            Value::Str(text) => match verb {
                'v' if self.flags.sharp_v => self.string(text, 'q'),
                'v' => self.string(text, 's'),
                's' | 'x' | 'X' | 'q' => self.string(text, verb),
                _ => self.bad_verb(value, verb, depth),
            },
            Value::Bytes(bytes) => self.bytes(bytes, value, verb, depth),
            Value::List(list) => {
                if self.flags.sharp_v {
                    self.put(list.go_type());
                    if list.is_nil() {
                        return self.put("(nil)");
                    }
                }
                self.items(list.items().iter(), verb, depth);
            }
            Value::Map(map) => self.map(map, verb, depth),
            Value::Object(object) => {
                if let Some(Complex(real, imaginary)) = (&**object as &dyn Any).downcast_ref() {
                    return self.complex(*real, *imaginary, value, verb, depth);
                }
                match verb {
                    'v' | 's' => self.string(&object.print(), 's'),
                    'x' | 'X' | 'q' => self.string(&object.print(), verb),
                    _ => {
                        self.put(&format!("%!{verb}({}=", object.go_type()));
                        self.out.extend_from_slice(&object.print());
                        self.put(")");
                    }
                }
            }
        }
    }

    fn items<'v>(&mut self, items: impl Iterator<Item = &'v Value>, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        self.put(if sharp { "{" } else { "[" });
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.put(if sharp { ", " } else { " " });
            }
            self.value(item, verb, depth + 1);
            if self.out.len() > self.limit {
                break;
            }
        }
        self.put(if sharp { "}" } else { "]" });
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.put(map.go_type());
            if map.is_nil() {
                return self.put("(nil)");
            }
        }
        self.put(if sharp { "{" } else { "map[" });
        for (index, (key, value)) in map.borrow().iter().enumerate() {
            if index > 0 {
                self.put(if sharp { ", " } else { " " });
            }
            self.value(&Value::Str(key.clone()), verb, depth + 1);
            self.put(":");
            self.value(value, verb, depth + 1);
            if self.out.len() > self.limit {
                break;
            }
        }
        self.put(if sharp { "}" } else { "]" });
    }

    fn bytes(&mut self, bytes: &Str, value: &Value, verb: char, depth: usize) {
        match verb {
            'v' | 'd' if self.flags.sharp_v => {
                // At the top Go knows the type as `[]byte`.
                self.put(if depth == 0 { "[]byte{" } else { "[]uint8{" });
                for (index, byte) in bytes.iter().enumerate() {
                    self.put(&format!("{}{byte:#x}", if index > 0 { ", " } else { "" }));
                }
                self.put("}");
            }
            's' | 'x' | 'X' | 'q' => self.string(bytes, verb),
            _ => {
                let items: Vec<Value> = bytes.iter().map(|byte| Value::Int(IntKind::Uint8, (*byte).into())).collect();
                let _ = value;
                self.items(items.iter(), verb, depth);
            }
        }
    }

    fn float_verb(&mut self, number: f64, value: &Value, verb: char, depth: usize) {
        match verb {
            'v' => self.float(number, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float(number, verb, None),
            'f' | 'e' | 'E' => self.float(number, verb, Some(6)),
            'F' => self.float(number, 'f', Some(6)),
            _ => self.bad_verb(value, verb, depth),
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, value: &Value, verb: char, depth: usize) {
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            // The value prints itself, so its type is said here.
            return self.bad_verb(value, verb, depth);
        }
        let plus = self.flags.plus;
        self.put("(");
        self.float_verb(real, value, verb, depth);
        self.flags.plus = true;
        self.float_verb(imaginary, value, verb, depth);
        self.put("i)");
        self.flags.plus = plus;
    }

    /// A string under `s`, `q`, `x` or `X`.
    fn string(&mut self, text: &[u8], verb: char) {
        if matches!(verb, 'x' | 'X') {
            return self.hex(text, verb);
        }
        let text = match self.flags.precision {
            Some(precision) => {
                let length: usize = quote::chars(text).take(precision).map(|(_, bytes)| bytes.len()).sum();
                &text[..length]
            }
            None => text,
        };
        match verb {
            'q' if self.flags.sharp && quote::can_backquote(text) => self.pad(&[b"`", text, b"`"].concat()),
            'q' if self.flags.plus => self.pad(quote::quote_ascii(text).as_bytes()),
            'q' => self.pad(quote::quote(text).as_bytes()),
            _ => self.pad(text),
        }
    }

    fn hex(&mut self, text: &[u8], verb: char) {
        let flags = self.flags;
        let text = &text[..text.len().min(flags.precision.unwrap_or(usize::MAX))];
        let mut hex = String::with_capacity(text.len() * 2 + 2);
        for (index, byte) in text.iter().enumerate() {
            if flags.space && index > 0 {
                hex.push(' ');
            }
            if flags.sharp && (flags.space || index == 0) {
                hex.push_str(if verb == 'X' { "0X" } else { "0x" });
            }
            hex.push_str(&if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(hex.as_bytes());
    }

    /// Addresses differ from run to run in Go; here they are always the same.
    fn pointer(&mut self, value: &Value) {
        let pointer = match value {
            Value::List(_) | Value::Map(_) | Value::Bytes(_) => true,
            Value::Object(object) => matches!(object.kind(), "ptr" | "map" | "slice"),
            _ => false,
        };
        if !pointer {
            return self.bad_verb(value, 'p', 0);
        }
        let nil = match value {
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            _ => false,
        };
        let sharp = self.flags.sharp;
        self.flags.sharp = !sharp;
        self.digits(if nil { 0 } else { 0xc0_0001_2000 }, false, 16, 'v');
        self.flags.sharp = sharp;
    }

    pub(super) fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, byte);
    }

    /// Writes a text in the field that the width asks for.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width else {
            return self.out.extend_from_slice(text);
        };
        let missing = width.saturating_sub(quote::chars(text).count());
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.extend_from_slice(text);
        }
    }
}
