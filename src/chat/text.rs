//! Text that users type, as it is stored and compared: Unicode normal forms, surrounding white
//! space, invisible characters.
//!
//! Pure functions. The code that checks a field decides which of these rules apply to it.

use idna::{domain_to_ascii, domain_to_unicode};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Zero width joiner and non-joiner: they join emoji and shape letters of some scripts.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// `Default_Ignorable_Code_Point` of Unicode 16 (DerivedCoreProperties.txt), and U+2800, which is
/// a symbol without a dot.
const IGNORABLE: [(char, char); 18] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Normalization Form C: the same text however its accents were typed.
pub fn nfc(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_owned(),
        false => text.nfc().collect(),
    }
}

/// Normalization Form KC, for passwords (NIST SP 800-63B §5.1.1.2).
pub fn nfkc(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_owned(),
        false => text.nfkc().collect(),
    }
}

/// A text of one line: NFC, without surrounding white space, and with one plain space for any
/// number of spaces (`Zs`), so that two names which look the same are equal.
pub fn line(text: &str) -> String {
    let is_space = |c: char| c.general_category() == GeneralCategory::SpaceSeparator;
    let text = nfc(text);
    let parts = text.trim().split(is_space).filter(|part| !part.is_empty());
    nfc(&parts.collect::<Vec<_>>().join(" "))
}

/// A text of several lines: NFC, with lines that end in U+000A.
pub fn lines(text: &str) -> String {
    nfc(text).replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether other code points give the same text after normalization.
pub fn has_other_spellings(text: &str) -> bool {
    !text.is_ascii() && !text.nfc().eq(text.nfd())
}

/// An email address as it is stored: without surrounding white space, its domain in the ASCII form
/// of IDNA (UTS 46), its local part in NFC. A text that is not an address is returned as it was
/// typed.
pub fn email(text: &str) -> String {
    let text = text.trim();
    match text.rsplit_once('@') {
        Some((local, domain)) if !text.is_ascii() => match domain_to_ascii(domain) {
            Ok(domain) if is_domain(&domain) => format!("{}@{domain}", nfc(local)),
            Ok(_) | Err(_) => text.to_owned(),
        },
        Some(_) | None => text.to_owned(),
    }
}

/// UTS 46 maps some characters to others that no domain has: a sign that looks like `@` becomes
/// `@`.
fn is_domain(ascii: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    !ascii.is_empty() && ascii.bytes().all(allowed)
}

/// The address with its domain in Unicode, as earlier versions may have stored it. `None` if that
/// is the same spelling.
pub fn unicode_email(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let (unicode, valid) = domain_to_unicode(domain);
    (valid.is_ok() && !unicode.is_ascii()).then(|| format!("{local}@{unicode}"))
}

/// Whether the text has no visible character.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(shows_nothing)
}

/// Returns why a text cannot be a name.
pub fn name_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("must not be empty".to_owned());
    }
    if is_blank(name) {
        return Some("must have a character that can be seen".to_owned());
    }
    if name.starts_with(is_combining_mark) {
        return Some("must not begin with a combining mark".to_owned());
    }
    let mut characters = name.chars().peekable();
    let mut before = None;
    while let Some(c) = characters.next() {
        if is_control(c) {
            return Some(format!("must not contain control characters, such as {}", number(c)));
        }
        if is_hidden(c) && !shapes(before, c, characters.peek().copied()) {
            return Some(format!("must not contain the invisible character {}", number(c)));
        }
        if c.general_category() == GeneralCategory::Unassigned {
            return Some(format!("must not contain {}, which is no character", number(c)));
        }
        before = Some(c);
    }
    None
}

/// A text from outside the server as one line of at most `max` characters, without invisible characters and those that
/// change the direction of text. An ellipsis is the last character of a text that was longer.
pub fn shown(text: &str, max: usize) -> String {
    let plain = |c: char| if is_control(c) || c.is_whitespace() { ' ' } else { c };
    let mut characters = text.trim().chars().map(plain).peekable();
    let (mut line, mut count, mut before) = (String::new(), 0, None);
    while let Some(c) = characters.next() {
        let is_repeated = c == ' ' && before.is_none_or(|before| before == ' ');
        if is_repeated || (is_hidden(c) && !shapes(before, c, characters.peek().copied())) {
            continue;
        }
        if count == max {
            line.pop();
            line.push('…');
            break;
        }
        line.push(c);
        count += 1;
        before = Some(c);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Whether a text has an invisible character. For fields in which no script needs one.
pub fn has_hidden(text: &str) -> bool {
    text.chars().any(is_hidden)
}

/// Returns why a text cannot be a description of several lines.
pub fn description_fault(text: &str) -> Option<String> {
    let fault = text.chars().find(|&c| is_control(c) && !matches!(c, '\n' | '\t'));
    if let Some(c) = fault {
        let but = "must not contain control characters other than line breaks and tabs";
        return Some(format!("{but}, such as {}", number(c)));
    }
    // Without its end, such a character reverses the text that is shown after the description.
    let bidi = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let fault = text.chars().find(bidi);
    fault.map(|c| format!("must not contain {}, which changes the direction of text", number(c)))
}

/// Whether an invisible character changes how its neighbours are shown. Elsewhere it would make two
/// different names look the same.
fn shapes(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        c if JOINERS.contains(&c) => {
            let joins = |c: char| !c.is_ascii() && !c.is_whitespace() && !JOINERS.contains(&c);
            joins(before) && after.is_some_and(joins)
        }
        // A keycap: a digit in a box.
        '\u{fe0f}' if before.is_ascii() => after == Some('\u{20e3}'),
        '\u{180b}'..='\u{180d}'
        | '\u{180f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => {
            !before.is_ascii() && !is_hidden(before) && !before.is_whitespace()
        }
        // Flags, such as Scotland's: a black flag, and its region in tags.
        '\u{e0020}'..='\u{e007f}' => matches!(before, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'),
        _ => false,
    }
}

fn shows_nothing(c: char) -> bool {
    !c.is_ascii_graphic()
        && (c.is_whitespace() || c.is_control() || is_ignorable(c) || is_combining_mark(c))
}

/// Control characters, and the separators of lines and paragraphs.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_hidden(c: char) -> bool {
    // Signs before the digits of Arabic and other scripts are in this category too, and are
    // visible.
    let is_format = || c.general_category() == GeneralCategory::Format && !is_number_sign(c);
    !c.is_ascii() && (is_ignorable(c) || is_format())
}

/// `Prepended_Concatenation_Mark` of Unicode 16 (PropList.txt).
fn is_number_sign(c: char) -> bool {
    matches!(
        c,
        '\u{600}'
            ..='\u{605}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'
                | '\u{891}'
                | '\u{8e2}'
                | '\u{110bd}'
                | '\u{110cd}'
    )
}

fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && IGNORABLE.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// The code point in Unicode's notation: U+202E.
fn number(c: char) -> String {
    format!("U+{:04X}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_without_visible_characters_is_blank() {
        for blank in [
            "",
            " \n\t\u{a0}\u{3000}",
            "\u{7}",
            "\u{200b}",
            "\u{2060}\u{feff}",
            "\u{ad}",
            "\u{115f}\u{1160}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{fe0f}",
            "\u{301}",
            "\u{2800}",
            "\u{e0067}\u{e007f}",
            "\u{202e} \u{202c}",
            "\u{180e}",
            "\u{2028}",
            "\u{1d173}",
            "\u{200d}\u{200c}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for shown in [
            "x",
            "é",
            "e\u{301}",
            "👩\u{200d}💻",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e007f}",
            ".",
            "\u{200f}א",
            "⠁",
            "\u{1f3fb}",
        ] {
            assert!(!is_blank(shown), "{shown:?}");
        }
    }

    #[test]
    fn names() {
        for good in [
            "general",
            "général",
            "日本語",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}💻 code",
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "a b",
            "a\u{a0}b",
            "葛\u{e0100}",
            "\u{601}12",
        ] {
            assert_eq!(name_fault(good), None, "{good:?}");
        }
        for bad in [
            "",
            " ",
            "\u{200b}",
            "\u{202e}laren\u{202c}",
            "gen\u{200b}eral",
            "gen\u{200d}eral",
            "general\u{fe0f}",
            "ж\u{200d}",
            "ж\u{200d}\u{200d}ж",
            "gen\u{ad}eral",
            "a\nb",
            "a\0b",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{301}a",
            "x\u{e0067}",
            "\u{2066}x\u{2069}",
            "x\u{200f}",
            "x\u{3164}y",
            "\u{2800}",
            "x\u{2800}",
            "x\u{fff9}",
            "\u{200d}👩",
            "x\u{ffff}",
            "x\u{378}",
        ] {
            assert!(name_fault(bad).is_some(), "{bad:?}");
        }
        assert!(name_fault("\u{202e}x").unwrap().contains("U+202E"));
    }

    #[test]
    fn descriptions() {
        for good in ["", "two\nlines\tand a tab", "ש\u{200f}!", "👩\u{200d}💻"] {
            assert_eq!(description_fault(good), None, "{good:?}");
        }
        for bad in ["a\0b", "\u{1b}[31m", "\u{202e}x", "\u{2067}x", "a\u{2028}b", "a\rb", "\u{9b}"]
        {
            assert!(description_fault(bad).is_some(), "{bad:?}");
        }
        assert_eq!(lines("a\r\nb\rc\r\r\nd"), "a\nb\nc\n\nd");
    }

    #[test]
    fn emails() {
        for (typed, stored) in [
            (" Ann@Example.com\u{a0}", "Ann@Example.com"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("ann@BU\u{308}CHER.example", "ann@xn--bcher-kva.example"),
            ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
            ("jo\u{308}rg@example.com", "j\u{f6}rg@example.com"),
            ("ann@ｅxample.com", "ann@example.com"),
            ("ann", "ann"),
            ("ä@", "ä@"),
            ("@ \u{200b}", "@ \u{200b}"),
            ("a@b\u{ff20}c", "a@b\u{ff20}c"),
        ] {
            assert_eq!(email(typed), stored, "{typed:?}");
        }
        assert_eq!(unicode_email("a@xn--bcher-kva.example").as_deref(), Some("a@bücher.example"));
        assert_eq!(unicode_email("a@example.com"), None);
    }

    #[test]
    fn spellings() {
        assert!(has_other_spellings("général") && has_other_spellings("e\u{301}"));
        assert!(!has_other_spellings("general") && !has_other_spellings("日本"));
        assert_eq!(line("ge\u{301}ne\u{301}ral \u{3000}"), "général");
        for spaced in ["team room", "team  room", "team\u{a0}room", "team \u{2003} room"] {
            assert_eq!(line(spaced), "team room");
        }
    }

    proptest! {
        /// A normalised text does not change when it is normalised again, so that a client can send
        /// an answer back.
        #[test]
        fn normalisation_is_idempotent(text in "\\PC*|[a-zé\u{301}\u{200b}\u{200d}@.\r\n \u{3000}ﬁ\u{ad}]*") {
            for form in [nfc, nfkc, line, lines, email] {
                let once = form(&text);
                prop_assert_eq!(form(&once), once);
            }
        }

        /// However a text is typed, it is stored, shown and judged in the same way.
        #[test]
        fn all_unicode_forms_of_a_text_are_treated_alike(text in "\\PC*|[a-zéậ각\u{301}\u{323} ]*") {
            let (nfc_typed, nfd_typed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(line(&nfc_typed), line(&nfd_typed));
            prop_assert_eq!(lines(&nfc_typed), lines(&nfd_typed));
            prop_assert_eq!(nfkc(&nfc_typed), nfkc(&nfd_typed));
            prop_assert_eq!(is_blank(&nfc_typed), is_blank(&nfd_typed));
        }

        #[test]
        fn an_accepted_name_is_visible_and_has_one_line(text in "\\PC*|[a\u{200d}\u{202e}\u{fe0f}👩\n ]*") {
            let name = line(&text);
            if name_fault(&name).is_none() {
                let is_seen = !is_blank(&name);
                prop_assert!(is_seen);
                let is_bidi = |c: char| ('\u{202a}'..='\u{202e}').contains(&c);
                let breaks = name.contains(|c: char| c.is_control() || is_bidi(c));
                prop_assert!(!breaks);
            }
        }
    }
}
