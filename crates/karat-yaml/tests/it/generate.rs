//! Values that are hard to write: seeded, so that every run and the oracle see the same ones.

use karat_yaml::{Map, Str, Value};

/// SplitMix64: small, and good enough to choose with.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Strings that mean something unquoted, or nearly do.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "", " ", "~", "null", "Null", "NULL", "nULL", "true", "True", "tRUE", "yes", "Yes", "no", "on", "Off", "y", "N",
    "=", "<<", "-", "--", "---", "--- a", "...", "... b", "?", "? a", ":", ": a", ":a", "a:", "a: b", "a:b", "#",
    "# a", "a #b", "a#b", "&a", "*a", "!a", "!!str", "|", "|-", ">", ">+", "'", "''", "'a'", "\"", "\"a\"", "%",
    "%YAML", "@a", "`a`", "{", "}", "{}", "[", "]", "[]", "{{ .Values.a }}", ",", "a,b", "a]b", "a}b", "0", "00",
    "007", "08", "0o7", "0o8", "0o-7", "0x1F", "0xg", "0b1", "0b2", "-0b1", "0b-1", "+1", "-1", "1_000", "_1", "1_",
    "1e3", "1E3", "1e", "e1", ".5", ".", ".5e", "5.", "+.5", "-.5e-3", "._5", ".5_5", "1.2.3", "1.0", "1e400", ".inf",
    "-.inf", "+.INF", ".nan", ".NaN", ".Nan", "inf", "NaN", "190:20:30", "1:2", "1:60", "1:2:3.4", "-1:2", "1_0:59",
    "12:30:45", "0:0", "1:", "2001-01-01", "2001-1-1", "2001-13-01", "2001-02-29", "2004-02-29",
    "2001-12-14T21:59:43.10-05:00", "2001-12-14t21:59:43Z", "2001-12-14 21:59:43", "2001-12-14  21:59:43.1",
    "2001-12-14 21:59:43.10 -5", "2001-12-14T25:00:00Z", "2001-12-14T1:2:3,5Z", "20011214", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808",
    "-9223372036854775809", "0x7fffffffffffffff", "0xffffffffffffffff", "1.7976931348623157e308", "5e-324",
    "1.2.3-rc.1", "v1", "1Gi", "100m", "50%", "key=value", "http://a.b/c?d=e#f", "a\\b", "C:\\dir", "\\n", "$(a)",
    "a b", "a  b", " a", "a ", "\ta", "a\tb", "a\t", "\n", "\n\n", "a\n", "a\n\n", "\na", "a\nb", "a\nb\n", " a\nb",
    "a \nb", "a\n b\n", "a\n\tb\n", "a\n\n\nb\n\n\n", "\n a\n", "a\r\nb", "a\rb", "\r", "a\u{85}b", "a\u{2028}b",
    "a\u{2029}", "\u{2028}a\n", "a\n\u{2028}", "#!/bin/sh\nset -e\necho \"$A: b\" # c\n",
    "key: value\nother: |\n  text\n", "\u{0}", "a\u{1}b", "\u{7}\u{8}\u{b}\u{c}\u{1b}", "\u{7f}", "a\u{7f}", "\u{80}",
    "a\u{9f}b", "\u{a0}", "a\u{a0}b", "\u{ad}", "\u{feff}", "\u{feff}a", "a\u{feff}", "\u{fffd}", "\u{fffe}",
    "\u{ffff}", "\u{d7ff}\u{e000}", "ä", "ß: ö", "日本語", "日本語: テスト", "😀", "a 😀 b", "\u{10ffff}", "e\u{301}",
    "<a href=\"b\">&c</a>", "a & b", "a > b", "a < b", "a | b", "- a", "-a", "?a", "a?", "a ?b", "a, b", "a -b",
    "a: ", "a:\t", "a :b", "a : b", "a\t#b", "!", "! a", "& a", "* a", "% a", "a!b", "a&b", "a*b", "a'b", "a''b",
    "it's", "say \"hi\"",
];

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "lorem", "ipsum", "dolor", "sit", "amet,", "a", "of", "it's", "\"so\"", "end.", "key:", "#no", "x#y",
    "http://x.y/z:8080", "ünïcode", "日本", "1", "2.5", "true", "null", "-", "&", "supercalifragilisticexpialidocious",
    "a:b", "{x}", "[y]", "%", "\\",
];

const GAPS: &[&str] = &[" ", " ", " ", " ", " ", " ", "  ", "   ", "\n", "\n\n", "\n  ", " \n", "\t", ""];

/// Pieces of keys, chosen so that the natural order of keys is put to the test.
#[rustfmt::skip]
const KEY_PIECES: &[&str] = &[
    "a", "b", "B", "z", "0", "1", "2", "9", "00", "01", "10", "19", "100", "-", "_", ".", "/", " ", "é", "日", "٣",
    "Ⅷ", "key", "app", ":", "e\u{301}",
];

/// A string of words with gaps, often longer than the 80 columns at which v2 folds.
fn prose(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(40) {
        text.push_str(random.pick(PIECES));
        let gap = if random.chance(85) { " " } else { random.pick(GAPS) };
        text.push_str(gap);
    }
    if random.chance(80) {
        text.truncate(text.trim_end().len());
    }
    text
}

/// Any characters at all, mostly printable.
fn noise(random: &mut Random) -> String {
    #[rustfmt::skip]
    const ODD: &[char] = &[
        ' ', ' ', '\n', '\t', ':', '#', '-', '\'', '"', '\\', ',', '[', '{', '?', '&', '*', '!', '|', '>', '%', '@',
        '`', '~', '0', '1', '.', '_', 'e', '\r', '\u{0}', '\u{1b}', '\u{7f}', '\u{85}', '\u{a0}', '\u{2028}',
        '\u{feff}', '\u{fffd}', 'é', '日', '😀',
    ];
    (0..random.below(14))
        .map(
            |_| {
                if random.chance(40) { char::from(b'a' + random.below(26) as u8) } else { ODD[random.below(ODD.len())] }
            },
        )
        .collect()
}

fn string(random: &mut Random) -> String {
    match random.below(10) {
        0..5 => random.pick(WORDS).to_owned(),
        5..7 => prose(random),
        7 => noise(random),
        8 => format!("{}{}", random.pick(WORDS), random.pick(WORDS)),
        _ => random.pick(PIECES).to_owned(),
    }
}

fn key(random: &mut Random) -> String {
    match random.below(12) {
        0..7 => (0..=random.below(4)).map(|_| random.pick(KEY_PIECES)).collect(),
        7..9 => random.pick(WORDS).to_owned(),
        9 => random.pick(PIECES).to_owned(),
        10 => noise(random),
        // Around the limits of a simple key: 128 bytes when written, 1024 characters when read.
        _ => {
            let len = [120, 127, 128, 129, 160, 161, 1000, 1021, 1022, 1023, 1100][random.below(11)];
            let unit = random.pick(&["k", "k", "k ", "\"", "é"]);
            unit.repeat(len / unit.len())
        }
    }
}

fn float(random: &mut Random) -> f64 {
    #[rustfmt::skip]
    const KNOWN: &[f64] = &[
        0.0, -0.0, 0.1, 1.0, -1.0, 1.5, 100.0, 999_999.0, 1e6, 1_234_567.0, 1e15, 1e16, 1e18, 1e19, 1e20, 1e21, 1e22,
        1e-4, 1e-5, 1e-6, 1e-7, 1.25e-9, -1e19, -1e21, 123_456.5, 1_234_567.5, 2_147_483_648.0, 4_294_967_296.0,
        9_007_199_254_740_992.0, 9_007_199_254_740_993.0, 9_223_372_036_854_775_807.0, 18_446_744_073_709_551_615.0,
        18_446_744_073_709_551_616.0, -9_223_372_036_854_775_808.0, 1.797_693_134_862_315_7e308, 5e-324,
        2.225_073_858_507_201_4e-308, 3.181_592_653_589_793, 0.3, 33.333_333_333_333_336, 1e100, 123e-20,
    ];
    match random.below(4) {
        0..2 => KNOWN[random.below(KNOWN.len())],
        2 => (random.next() as i64 >> random.below(60)) as f64,
        _ => Some(f64::from_bits(random.next())).filter(|number| number.is_finite()).unwrap_or(7.25),
    }
}

/// A value; `depth` bounds how far it nests.
pub(crate) fn value(random: &mut Random, depth: usize) -> Value {
    let collections = if depth == 0 { 0 } else { 45 };
    if random.chance(collections) {
        let len = if random.chance(15) { 0 } else { 1 + random.below(4) };
        return if random.chance(60) {
            Value::Map((0..len).map(|_| (Str::from(key(random)), value(random, depth - 1))).collect::<Map>())
        } else {
            Value::Seq((0..len).map(|_| value(random, depth - 1)).collect())
        };
    }
    match random.below(20) {
        0 => Value::Null,
        1 => Value::Bool(random.chance(50)),
        2..4 => Value::Int(random.next() as i64 >> random.below(64)),
        4..6 => Value::Float(float(random)),
        _ => Value::from(string(random)),
    }
}

/// The values of the gate, in order.
pub(crate) fn values(count: usize) -> Vec<Value> {
    let mut random = Random::new(0x6B61_7261_7401);
    (0..count).map(|index| value(&mut random, index % 6)).collect()
}

/// Texts with a few pieces put in or taken out.
pub(crate) fn mutations(texts: &[&str], count: usize) -> Vec<String> {
    #[rustfmt::skip]
    const PIECES: &[&str] = &[
        " ", "  ", "\n", "\n  ", "\t", ":", ": ", "- ", "-", "? ", "?", "#", " #", ",", "[", "]", "{", "}", "\"", "'", "|", ">", "|-\n", "&x ", "*x",
        "!", "!!str ", "!!int ", "!foo ", "%", "---\n", "...\n", "<<: ", "~", "true", "1", "08", "1e3", ".5", "\\", "\\n", "\r\n", "\u{85}", "\u{2028}",
        "é", "😀", "a", "b: c\n", "  - d\n", "@", "=", ".", "0x1F", "\u{7f}",
    ];
    let mut random = Random::new(0x6B61_7261_7402);
    // Go looks for a byte order mark at the start of its buffer, wherever that is in the text.
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.contains('\u{feff}')).collect();
    let mutate = |_| {
        let mut text: Vec<char> = random.pick(&texts).chars().collect();
        if random.chance(20) {
            text.extend(random.pick(&texts).chars());
        }
        for _ in 0..=random.below(4) {
            let at = random.below(text.len() + 1);
            if random.chance(30) {
                text.drain(at..text.len().min(at + 1 + random.below(3)));
            } else {
                text.splice(at..at, random.pick(PIECES).chars());
            }
        }
        text.into_iter().collect()
    };
    (0..count).map(mutate).collect()
}
