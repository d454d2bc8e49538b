//! Derives the colours of the page from one accent, so that text stays legible on them.
//!
//! The surfaces are those of `page/styles/base.css`. Text has the contrast that WCAG 2.2 asks for at
//! level AA (4.5 to 1, success criterion 1.4.3) against every surface on which it is shown.

type Rgb = [u8; 3];

const ENOUGH: f64 = 4.5;
/// The part of black or white that one step mixes into a colour.
const STEP: f64 = 0.04;

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/// On the accent, in dark.
const NEAR_BLACK: Rgb = [17, 17, 17];

/// The properties of a theme from which its accent is derived.
struct Theme {
    /// The surfaces of the theme that are nearest to its text.
    surfaces: [Rgb; 2],
    /// The surface that the wash tints.
    raised: Rgb,
    /// The text with the least contrast.
    quiet: Rgb,
    /// The colour towards which text gains contrast.
    pole: Rgb,
    on_accent: Rgb,
    /// The part of the accent in the wash, if the texts on it stay legible.
    wash: f64,
}

const LIGHT: Theme = Theme {
    // `--press` and `--warm-wash`.
    surfaces: [[0xec, 0xe6, 0xda], [0xff, 0xf3, 0xdf]],
    raised: WHITE,
    quiet: [0x68, 0x61, 0x55],
    pole: BLACK,
    on_accent: WHITE,
    wash: 0.14,
};

const DARK: Theme = Theme {
    surfaces: [[0x2b, 0x2e, 0x32], [0x33, 0x28, 0x0f]],
    raised: [0x1a, 0x1b, 0x1d],
    quiet: [0xa5, 0xa1, 0x98],
    pole: WHITE,
    on_accent: NEAR_BLACK,
    wash: 0.2,
};

/// The colours of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shades {
    accent: Rgb,
    /// The accent under the pointer, and as text on the wash.
    deep: Rgb,
    wash: Rgb,
    on_accent: Rgb,
}

/// The colours of both themes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    light: Shades,
    dark: Shades,
}

impl Palette {
    pub fn of(accent: Rgb) -> Self {
        Self { light: Shades::of(accent, &LIGHT), dark: Shades::of(accent, &DARK) }
    }

    /// The accent of the light theme, which icons have too.
    pub fn accent(&self) -> String {
        hex(self.light.accent)
    }

    /// The CSS that replaces the built-in colours. It is outside of every layer, so that it wins.
    pub fn css(&self) -> String {
        let pair = |name: &str, pick: fn(&Shades) -> Rgb| {
            let [light, dark] = [&self.light, &self.dark].map(|shades| hex(pick(shades)));
            format!("  --{name}: light-dark({light}, {dark});\n")
        };
        format!(
            ":root {{\n{}{}{}{}}}\n",
            pair("accent", |it| it.accent),
            pair("accent-deep", |it| it.deep),
            pair("accent-wash", |it| it.wash),
            pair("on-accent", |it| it.on_accent),
        )
    }
}

impl Shades {
    fn of(accent: Rgb, theme: &Theme) -> Self {
        let accent = until_legible(accent, theme.pole, &theme.surfaces);
        let mut share = theme.wash;
        let mut wash = mix(theme.raised, accent, share);
        while contrast(theme.quiet, wash) < ENOUGH && share > 0.0 {
            share -= 0.01;
            wash = mix(theme.raised, accent, share);
        }
        let [first, second] = theme.surfaces;
        let deep = until_legible(mix(accent, theme.pole, 0.2), theme.pole, &[first, second, wash]);
        Self { accent, deep, wash, on_accent: theme.on_accent }
    }
}

fn until_legible(mut color: Rgb, pole: Rgb, surfaces: &[Rgb]) -> Rgb {
    while color != pole && surfaces.iter().any(|surface| contrast(color, *surface) < ENOUGH) {
        let next = mix(color, pole, STEP);
        // Rounding must not make a step without effect.
        color = if next == color { pole } else { next };
    }
    color
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let part = |at: usize| f64::from(from[at]) * (1.0 - share) + f64::from(to[at]) * share;
    [0, 1, 2].map(|at| part(at).round() as u8)
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(color: Rgb) -> f64 {
    let [r, g, b] = color.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_legible_with_every_accent() {
        let steps = [0, 51, 102, 153, 204, 255];
        for r in steps {
            for g in steps {
                for b in steps {
                    let palette = Palette::of([r, g, b]);
                    for (shades, theme) in [(palette.light, LIGHT), (palette.dark, DARK)] {
                        let Shades { accent, deep, wash, on_accent } = shades;
                        for surface in theme.surfaces {
                            assert!(contrast(accent, surface) >= ENOUGH, "{r} {g} {b}");
                        }
                        for (text, surface) in [
                            (on_accent, accent),
                            (on_accent, deep),
                            (deep, wash),
                            (theme.quiet, wash),
                        ] {
                            assert!(contrast(text, surface) >= ENOUGH, "{r} {g} {b}: {shades:?}");
                        }
                    }
                }
            }
        }
        assert!((contrast(WHITE, BLACK) - 21.0).abs() < 1e-9);
    }
}
