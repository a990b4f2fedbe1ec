//! Go's `strconv` for the numbers of YAML.

/// `strconv.ParseInt(text, 0, 64)`; the text has no `_`.
pub(super) fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    signed(negative, parse_uint(digits)?)
}

pub(super) fn signed(negative: bool, magnitude: u64) -> Option<i64> {
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// `strconv.ParseUint(text, 0, 64)`: a prefix tells the base, and so does a leading zero.
pub(super) fn parse_uint(text: &[u8]) -> Option<u64> {
    match text {
        [b'0', b'x' | b'X', digits @ ..] => parse_base(digits, 16),
        [b'0', b'o' | b'O', digits @ ..] => parse_base(digits, 8),
        [b'0', b'b' | b'B', digits @ ..] => parse_base(digits, 2),
        [b'0', digits @ ..] if !digits.is_empty() => parse_base(digits, 8),
        digits => parse_base(digits, 10),
    }
}

pub(super) fn parse_base(digits: &[u8], base: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = char::from(digit).to_digit(base)?;
        number.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    })
}

/// Whether `text` is a decimal float as YAML writes it: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
pub(super) fn is_float(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = text;
    if let [b'-' | b'+', after @ ..] = rest {
        rest = after;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', after @ ..] = rest {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = match after {
            [b'-' | b'+', after @ ..] => after,
            after => after,
        };
        let exponent = digits(after);
        if exponent == 0 {
            return false;
        }
        rest = &after[exponent..];
    }
    rest.is_empty()
}

/// A finite float from a text that [`is_float`]; out of range is no number, as in Go.
pub(super) fn parse_float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `strconv.ParseFloat` of a text that starts with a dot: underscores may stand between digits.
pub(super) fn parse_dotted(text: &[u8]) -> Option<f64> {
    if !text.contains(&b'_') {
        return is_float(text).then(|| parse_float(text))?;
    }
    let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let joined = text.iter().enumerate().all(|(at, &byte)| byte != b'_' || between(at));
    let plain: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
    (joined && is_float(&plain)).then(|| parse_float(&plain))?
}

/// `strconv.FormatFloat(number, 'g', -1, 64)`.
pub(crate) fn display(number: f64) -> String {
    match Shortest::of(number) {
        Some(shortest) => shortest.general(),
        None => non_finite(number),
    }
}

/// `strconv.FormatFloat(number, 'g', -1, 32)`.
pub(crate) fn display_32(number: f64) -> String {
    match Shortest::of_32(number as f32) {
        Some(shortest) => shortest.general(),
        None => non_finite(f64::from(number as f32)),
    }
}

fn non_finite(number: f64) -> String {
    let text = match number {
        _ if number.is_nan() => "NaN",
        _ if number > 0.0 => "+Inf",
        _ => "-Inf",
    };
    text.to_owned()
}

/// A finite float as `encoding/json` writes it: `e` below 1e-6 and from 1e21.
pub(crate) fn display_json(number: f64) -> String {
    let size = number.abs();
    let Some(shortest) = Shortest::of(number) else { return non_finite(number) };
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // One digit of an exponent is enough here.
        return shortest.exponential(1);
    }
    shortest.plain()
}

/// The fewest digits that tell a float from its neighbours.
struct Shortest {
    negative: bool,
    digits: String,
    /// The decimal point stands after `exponent + 1` digits.
    exponent: i32,
}

impl Shortest {
    fn of(number: f64) -> Option<Self> {
        let text = format!("{number:e}");
        // With so many digits two decimals may be equally near. Rust takes the greater one, Go the even one.
        let tied = |precision| Some(format!("{number:.precision$e}")).filter(|text| text.parse() == Ok(number));
        number.is_finite().then(|| Self::parse(&text, 16, tied))
    }

    fn of_32(number: f32) -> Option<Self> {
        let text = format!("{number:e}");
        let tied = |precision| Some(format!("{number:.precision$e}")).filter(|text| text.parse() == Ok(number));
        number.is_finite().then(|| Self::parse(&text, 7, tied))
    }

    fn parse(text: &str, many: usize, nearest: impl FnOnce(usize) -> Option<String>) -> Self {
        let read = |text: &str| {
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
            Self { negative: text.starts_with('-'), digits, exponent: exponent.parse().unwrap_or(0) }
        };
        let shortest = read(text);
        let len = shortest.digits.len();
        if len < many {
            return shortest;
        }
        nearest(len - 1).map_or(shortest, |text| read(&text))
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    /// `%g`: an exponent below -4 or from 6 on is written with `e`.
    fn general(&self) -> String {
        if (-4..6).contains(&self.exponent) { self.plain() } else { self.exponential(2) }
    }

    fn exponential(&self, width: usize) -> String {
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if self.exponent < 0 { '-' } else { '+' };
        format!("{}{first}{point}{rest}e{sign}{:0width$}", self.sign(), self.exponent.abs())
    }

    fn plain(&self) -> String {
        let mut text = String::from(self.sign());
        write_plain(&mut text, &self.digits, self.exponent);
        text
    }
}

/// Digits with the point after `exponent + 1` of them.
fn write_plain(text: &mut String, digits: &str, exponent: i32) {
    if exponent < 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        text.push_str(digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', whole - digits.len()));
    } else {
        text.push_str(&digits[..whole]);
        text.push('.');
        text.push_str(&digits[whole..]);
    }
}

/// A float that JSON writes without a point and that go-yaml and Kubernetes then read as an integer: its digits. Past
/// 2^53 they are the shortest that tell the float, filled up with zeros.
pub(crate) fn integral_json(number: f64) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 {
        return None;
    }
    if number.abs() <= EXACT {
        return Some((number as i64).to_string());
    }
    let text = display_json(number);
    (parse_int(text.as_bytes()).is_some() || parse_uint(text.as_bytes()).is_some()).then_some(text)
}
