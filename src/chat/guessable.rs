//! Passwords that attackers guess first. NIST SP 800-63B §5.1.1.2 requires that a new password is
//! compared with those that are "commonly-used, expected, or compromised": common words,
//! repetitions and sequences, the name of the service and of the user. It advises against rules
//! of composition, so there are no such rules here.
//!
//! A list of whole passwords would contain each word with thousands of endings. Here the ending is
//! removed and the rest is looked up.

use std::sync::LazyLock;

/// Words of common passwords, sorted, in lower case.
static COMMON_WORDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("common_words.txt").lines().collect());

/// Neighbours on a keyboard: its rows, and the columns that fingers follow down.
const KEYBOARD: [&str; 17] = [
    "`1234567890-=",
    "qwertyuiop[]",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl;'",
    "qsdfghjklm",
    "zxcvbnm,./",
    "wxcvbn",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "!@#$%^&*()",
    "!\"§$%&/()=",
];

/// A password that repeats a beginning shorter than this is refused: it is no better than that
/// beginning.
const MIN_PERIOD: usize = 5;

/// A password whose sequences have this length on average is refused.
const MIN_RUN: usize = 3;

const SERVICE: &str = "chatapp";

/// Returns why a password is easily guessed, as words that follow the field's name. `names` are the
/// names of its owner.
pub(super) fn fault(password: &str, names: &[&str]) -> Option<&'static str> {
    let lower = password.to_lowercase();
    let is_named = |name: &&str| {
        let name = name.to_lowercase();
        lower == name || (!letters(&name).is_empty() && letters(&lower) == letters(&name))
    };
    if names.iter().chain(&[SERVICE]).any(is_named) {
        return Some("must not be the username, the email or the name of this service");
    }
    let chars: Vec<char> = lower.chars().collect();
    let period = period(&chars);
    let repeated: String = chars[..period].iter().collect();
    let is_repetition = period < chars.len() && period < MIN_PERIOD;
    if is_repetition || is_sequence(&chars) || is_common(&repeated) {
        return Some("is one of the first that are guessed: a few unrelated words are better");
    }
    None
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// The length of the shortest beginning of which the text is a repetition; the whole length if
/// there is no repetition.
fn period(chars: &[char]) -> usize {
    let repeats = |period: &usize| chars.iter().zip(&chars[*period..]).all(|(a, b)| a == b);
    (1..=chars.len() / 2).find(repeats).unwrap_or(chars.len())
}

/// Whether the text consists of sequences, such as `abcd` and `4321`, `qwer` and `1qaz`.
fn is_sequence(chars: &[char]) -> bool {
    let breaks = chars.windows(2).filter(|pair| !are_neighbours(pair[0], pair[1])).count();
    !chars.is_empty() && (breaks + 1) * MIN_RUN <= chars.len()
}

fn are_neighbours(a: char, b: char) -> bool {
    u32::from(a).abs_diff(u32::from(b)) <= 1
        || KEYBOARD.iter().any(|row| {
            let place = |key| row.chars().position(|k| k == key);
            place(a).zip(place(b)).is_some_and(|(a, b)| a.abs_diff(b) == 1)
        })
}

/// Whether the text is a common word, perhaps with signs in place of letters, and with other
/// characters around it.
fn is_common(password: &str) -> bool {
    let is_around = |c: char| !c.is_alphabetic();
    let without_end = password.trim_end_matches(is_around);
    // A sign may stand for a letter (`$ecret`, `hell0`) or be only a prefix or suffix.
    [without_end.trim_start_matches(is_around), without_end, password].iter().any(|part| {
        let word = spelt_out(part);
        let word = word.trim_matches(is_around);
        COMMON_WORDS.binary_search(&word).is_ok()
    })
}

/// Replaces signs by the letters that they stand for.
fn spelt_out(text: &str) -> String {
    let letter = |c| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(password: &str) -> bool {
        fault(password, &["Ann.Smith", "a.smith99"]).is_some()
    }

    #[test]
    fn easily_guessed_passwords_are_refused() {
        for password in [
            "password",
            "Password1",
            "P@ssw0rd!",
            "passw0rd123",
            "1password1",
            "PASSWORD2024!!",
            "passwordpassword",
            "$unshine1",
            "letmein123",
            "l3tm31n!!",
            "iloveyou",
            "welcome1",
            "football12",
            "dragon2024",
            "Summer2024!",
            "qwerty123",
            "secret123",
            "admin1234",
            "aaaaaaaa",
            "abababab",
            "abcabcabc",
            "xyz1xyz1xyz1",
            "11111111",
            "        ",
            "12345678",
            "1234567890",
            "87654321",
            "abcdefgh",
            "abcd1234",
            "qwertyuiop",
            "asdfghjkl",
            "1qaz2wsx",
            "zxcvbnm,",
            "qwer1234",
            "!@#$%^&*",
            "azertyuiop",
            "annsmith",
            "Ann.Smith",
            "ann_smith_1999",
            "ASmith99",
            "a.smith2024",
            "chatapp1",
            "Chatapp!",
            "chat-app-2024",
        ] {
            assert!(is_refused(password), "{password}");
        }
    }

    #[test]
    fn other_passwords_are_accepted_whatever_their_characters() {
        for password in [
            "correct horse battery",
            "correct horse",
            "open sesame",
            "another password",
            "tr0ub4dor&3",
            "kq8vz2mw",
            "ümläutige wörter",
            "密码学是一门科学啊",
            "9417306285",
            "sunshine over boston",
            "annie smithson",
            "my dog ate 3 shoes",
            "xkcdxkcd-936",
        ] {
            assert!(!is_refused(password), "{password}");
        }
        assert_eq!(fault("", &[]), None, "how short it may be is another rule");
        assert_eq!(fault("12 and 34", &["1234"]), None, "a name without letters");
    }

    #[test]
    fn the_words_can_be_searched() {
        assert!(COMMON_WORDS.is_sorted());
        for word in COMMON_WORDS.iter() {
            assert!(word.chars().all(|c| c.is_ascii_lowercase()), "{word}");
        }
    }
}
