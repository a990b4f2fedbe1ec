//! The colours, in OKLCH, light and dark from one list.

use std::fmt::Write;

/// A colour: lightness 0 to 1, chroma, hue in degrees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oklch(pub(crate) f64, pub(crate) f64, pub(crate) f64);

/// A named colour of the look.
pub(crate) struct Token {
    /// The custom property, without its dashes.
    pub(crate) name: &'static str,
    pub(crate) light: Oklch,
    pub(crate) dark: Oklch,
}

const fn token(name: &'static str, light: Oklch, dark: Oklch) -> Token {
    Token { name, light, dark }
}

/// Every colour that there is. What is text on `paper`, `raised` or `sunk` has a contrast of 4.5 or more there, which a test holds.
pub(crate) const TOKENS: &[Token] = &[
    token("paper", Oklch(0.985, 0.003, 90.0), Oklch(0.185, 0.006, 80.0)),
    token("raised", Oklch(1.0, 0.0, 90.0), Oklch(0.220, 0.007, 80.0)),
    token("sunk", Oklch(0.962, 0.005, 90.0), Oklch(0.245, 0.008, 80.0)),
    token("line", Oklch(0.905, 0.007, 90.0), Oklch(0.310, 0.010, 80.0)),
    // What bounds a control: 3 to 1, as WCAG asks of it.
    token("edge", Oklch(0.640, 0.012, 85.0), Oklch(0.545, 0.012, 80.0)),
    token("ink", Oklch(0.255, 0.012, 75.0), Oklch(0.930, 0.006, 90.0)),
    token("muted", Oklch(0.500, 0.014, 80.0), Oklch(0.715, 0.010, 85.0)),
    // The only accent. As on gold: yellow in the dark, deep in the light, where it must be read on white.
    token("gold", Oklch(0.510, 0.105, 80.0), Oklch(0.825, 0.125, 88.0)),
    token("leaf", Oklch(0.945, 0.040, 92.0), Oklch(0.290, 0.040, 85.0)),
    token("good", Oklch(0.500, 0.110, 155.0), Oklch(0.780, 0.130, 155.0)),
    token("attention", Oklch(0.525, 0.125, 52.0), Oklch(0.785, 0.125, 62.0)),
    token("bad", Oklch(0.520, 0.185, 27.0), Oklch(0.725, 0.150, 25.0)),
    token("quiet", Oklch(0.500, 0.014, 80.0), Oklch(0.715, 0.010, 85.0)),
    token("added", Oklch(0.945, 0.045, 155.0), Oklch(0.275, 0.045, 155.0)),
    token("removed", Oklch(0.945, 0.035, 27.0), Oklch(0.285, 0.055, 25.0)),
    // Code: few colours, so that structure shows and words stay readable.
    token("code-word", Oklch(0.460, 0.130, 300.0), Oklch(0.790, 0.095, 300.0)),
    token("code-text", Oklch(0.480, 0.100, 150.0), Oklch(0.790, 0.100, 150.0)),
    token("code-name", Oklch(0.470, 0.110, 250.0), Oklch(0.790, 0.085, 245.0)),
];

/// The custom properties: light, dark where the reader's system is, and either where the reader chose it.
pub(crate) fn css() -> String {
    let list = |pick: fn(&Token) -> Oklch| {
        let mut text = String::new();
        for token in TOKENS {
            let Oklch(l, c, h) = pick(token);
            let _ = write!(text, "--{}:oklch({l} {c} {h});", token.name);
        }
        text
    };
    let (light, dark) = (list(|token| token.light), list(|token| token.dark));
    format!(
        ":root{{color-scheme:light;{light}}}\n\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.2, by way of linear sRGB (the matrices are those of CSS Color 4).
    fn luminance(Oklch(l, c, h): Oklch) -> f64 {
        let (a, b) = (c * h.to_radians().cos(), c * h.to_radians().sin());
        let cone = |x: f64| x * x * x;
        let (l, m, s) = (
            cone(l + 0.396_337_777_4 * a + 0.215_803_757_3 * b),
            cone(l - 0.105_561_345_8 * a - 0.063_854_172_8 * b),
            cone(l - 0.089_484_177_5 * a - 1.291_485_548 * b),
        );
        let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
        let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
        let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s;
        let clip = |x: f64| x.clamp(0.0, 1.0);
        0.2126 * clip(red) + 0.7152 * clip(green) + 0.0722 * clip(blue)
    }

    fn contrast(one: Oklch, other: Oklch) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn what_is_read_has_the_contrast_that_wcag_asks() {
        let find = |name: &str| TOKENS.iter().find(|token| token.name == name).unwrap();
        let words =
            ["ink", "muted", "gold", "good", "attention", "bad", "quiet", "code-word", "code-text", "code-name"];
        let cases = words.iter().flat_map(|word| ["paper", "raised", "sunk"].map(|ground| (*word, ground, 4.5)));
        let more = [
            ("ink", "added", 4.5),
            ("ink", "removed", 4.5),
            ("ink", "leaf", 4.5),
            ("gold", "leaf", 4.5),
            ("edge", "raised", 3.0),
            ("edge", "paper", 3.0),
        ];
        for (word, ground, least) in cases.chain(more) {
            let (word, ground) = (find(word), find(ground));
            for (theme, ratio) in
                [("light", contrast(word.light, ground.light)), ("dark", contrast(word.dark, ground.dark))]
            {
                assert!(ratio >= least, "{theme}: {} on {} is {ratio:.2}, less than {least}", word.name, ground.name);
            }
        }
    }
}
