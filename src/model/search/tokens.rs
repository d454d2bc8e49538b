//! The words of a text, as the index of messages has them. Both databases get the same words, so that a search
//! finds the same in both.
//!
//! A word is a run of letters and digits, without regard to case, accents and compatibility forms. In scripts that
//! put no spaces between words, each character is a word of its own, and a search for several of them is a search
//! for a phrase. An emoji is a word too. A change of these rules needs a migration that empties the index.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// The longest word, in bytes. The rest of a longer one is not indexed: PostgreSQL takes at most 2,046.
const MAX_WORD_BYTES: usize = 128;

/// The most words of one text. The rest is not indexed: PostgreSQL numbers at most 16,383.
const MAX_WORDS: usize = 16_000;

/// The most bytes that the words of one text have together. PostgreSQL takes a mebibyte, with the numbers of the words.
const MAX_BYTES: usize = 256 * 1024;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word as it is compared.
    pub word: String,
    /// The index of the word's first byte in the text.
    pub start: usize,
    /// The index after the word's last byte.
    pub end: usize,
}

/// What a character is to the words of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A part of a word of several characters.
    Part,
    /// A word of its own.
    Alone,
    /// Belongs to the character before it.
    Mark,
    /// Leaves no trace: it neither ends a word nor is a part of one.
    Ignored,
    Separator,
}

/// Returns the words of a text, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut words = Words { done: Vec::new(), bytes: 0, open: None };
    for (at, c) in text.char_indices() {
        if words.done.len() >= MAX_WORDS || words.bytes >= MAX_BYTES {
            break;
        }
        let end = at + c.len_utf8();
        if c.is_ascii() {
            match c.is_ascii_alphanumeric() {
                true => words.add(c.to_ascii_lowercase(), Class::Part, at, end),
                false => words.close(),
            }
            continue;
        }
        let is_conjoining = is_end_of_syllable(c);
        for folded in fold(c) {
            let class = match class(folded) {
                // A letter of Korean that stands alone is decomposed to one that belongs to a syllable.
                Class::Mark
                    if is_end_of_syllable(folded) && !(is_conjoining && words.open.is_some()) =>
                {
                    Class::Alone
                }
                class => class,
            };
            words.add(folded, class, at, end);
        }
    }
    words.close();
    words.done.truncate(MAX_WORDS);
    words.done
}

struct Words {
    done: Vec<Token>,
    /// Of these words.
    bytes: usize,
    /// The word that may go on, and whether it is one character with its marks.
    open: Option<(Token, bool)>,
}

impl Words {
    fn add(&mut self, c: char, class: Class, start: usize, end: usize) {
        match (class, &mut self.open) {
            (Class::Ignored, _) | (Class::Mark, None) => {}
            (Class::Separator, _) => self.close(),
            (Class::Mark, Some((token, _))) | (Class::Part, Some((token, false))) => {
                if token.word.len() < MAX_WORD_BYTES {
                    token.word.push(c);
                }
                token.end = end;
            }
            (Class::Part | Class::Alone, _) => {
                self.close();
                let token = Token { word: c.into(), start, end };
                self.open = Some((token, class == Class::Alone));
            }
        }
    }

    fn close(&mut self) {
        let Some((mut token, _)) = self.open.take() else { return };
        if !token.word.is_ascii() {
            token.word = token.word.nfc().collect();
        }
        self.bytes += token.word.len();
        self.done.push(token);
    }
}

/// The character in lower case, in its compatibility form, without accents. By way of the upper case, because letters
/// such as σ and ς have that in common.
fn fold(c: char) -> impl Iterator<Item = char> {
    let upper = std::iter::once(c).nfkd().flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfkd().filter(|&c| !is_accent(c)).nfc()
}

/// Marks that people leave out when they search. The marks of other scripts are vowels, or make another letter.
fn is_accent(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'       // of Latin, Greek and Cyrillic
            | '\u{591}'..='\u{5bd}' // points of Hebrew
            | '\u{5bf}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}' // vowels of Arabic
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6ed}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

fn class(c: char) -> Class {
    match c {
        // Soft hyphen, the stroke that lengthens Arabic words, joiners, variation selectors, skin tones.
        '\u{ad}'
        | '\u{640}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2060}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{1f3fb}'..='\u{1f3ff}' => Class::Ignored,
        _ if is_end_of_syllable(c) => Class::Mark,
        _ if is_combining_mark(c) || canonical_combining_class(c) != 0 => Class::Mark,
        _ if stands_alone(c) => Class::Alone,
        _ if c.is_alphanumeric() => Class::Part,
        _ => Class::Separator,
    }
}

/// The second and the third letter of a Korean syllable.
fn is_end_of_syllable(c: char) -> bool {
    matches!(c, '\u{1160}'..='\u{11ff}')
}

/// The characters of scripts without spaces between words, the syllables of Korean, whose words have endings, and
/// emoji.
fn stands_alone(c: char) -> bool {
    matches!(
        c,
        '\u{e01}'..='\u{e4e}'           // Thai
            | '\u{e81}'..='\u{ece}'     // Lao
            | '\u{edc}'..='\u{edf}'
            | '\u{1000}'..='\u{103f}'   // Burmese
            | '\u{1050}'..='\u{108f}'
            | '\u{1100}'..='\u{115f}'   // Korean
            | '\u{1780}'..='\u{17d3}'   // Khmer
            | '\u{1950}'..='\u{19df}'   // Tai Le, New Tai Lue
            | '\u{1a20}'..='\u{1aad}'   // Tai Tham
            | '\u{2600}'..='\u{27bf}'   // symbols and emoji
            | '\u{2b1b}'..='\u{2b55}'
            | '\u{2e80}'..='\u{2fdf}'   // radicals
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3031}'..='\u{3035}'
            | '\u{303b}'
            | '\u{3041}'..='\u{3096}'   // Japanese
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'   // Bopomofo
            | '\u{31a0}'..='\u{31bf}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'   // ideographs
            | '\u{4e00}'..='\u{9fff}'
            | '\u{a000}'..='\u{a48c}'   // Yi
            | '\u{a960}'..='\u{a97c}'
            | '\u{a9e0}'..='\u{a9fe}'
            | '\u{aa60}'..='\u{aa7f}'
            | '\u{aa80}'..='\u{aadf}'   // Tai Viet
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{16fe0}'..='\u{18cff}' // Tangut, Khitan
            | '\u{1aff0}'..='\u{1b2ff}' // kana, Nüshu
            | '\u{1f000}'..='\u{1faff}' // emoji
            | '\u{20000}'..='\u{3ffff}' // ideographs
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Hello, world! x_2 don't"), ["hello", "world", "x", "2", "don", "t"]);
        assert_eq!(words("https://example.com/a-b"), ["https", "example", "com", "a", "b"]);
        assert_eq!(words(" \n…—«»§¿"), Vec::<String>::new());
    }

    #[test]
    fn case_accents_and_compatibility_forms_do_not_matter() {
        for (one, other) in [
            ("Müller", "MULLER"),
            ("cafe\u{301}", "CAFÉ"),
            ("straße", "STRASSE"),
            ("ΝΊΚΟΣ", "νικος"),
            ("Ёлка", "елка"),
            ("ﬁne", "FINE"),
            ("Ｆｕｌｌ", "full"),
            ("İstanbul", "istanbul"),
            ("كِتَاب", "كتاب"),
            ("co\u{ad}operate", "cooperate"),
            ("ｶﾞ", "ガ"),
            ("か\u{3099}", "が"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
        ] {
            assert_eq!(words(one), words(other));
            assert_eq!(words(one).len(), 1, "{one}");
        }
        assert_ne!(words("が"), words("か"));
        assert_ne!(words("हिन्दी"), words("हन्द"));
    }

    #[test]
    fn where_no_spaces_are_written_each_character_is_a_word() {
        assert_eq!(words("東京タワー"), ["東", "京", "タ", "ワ", "ー"]);
        assert_eq!(words("我是Bob。"), ["我", "是", "bob"]);
        assert_eq!(words("서울에서"), ["서", "울", "에", "서"]);
        assert_eq!(words("ㅠㅠ").len(), 2);
        // A vowel above a letter belongs to it.
        assert_eq!(words("ที่นี่").len(), 2);
        assert_eq!(words("हिन्दी भाषा").len(), 2);
        assert_eq!(words("👍🏽 ok🎉"), ["👍", "ok", "🎉"]);
    }

    #[test]
    fn long_words_and_long_texts_are_cut_off() {
        let long = "x".repeat(10_000);
        let found = tokens(&long);
        assert_eq!((found[0].word.len(), found[0].end), (MAX_WORD_BYTES, 10_000));
        assert_eq!(tokens(&"a ".repeat(2 * MAX_WORDS)).len(), MAX_WORDS);
        let long = format!("{} ", "x".repeat(MAX_WORD_BYTES)).repeat(MAX_WORDS);
        assert_eq!(tokens(&long).len(), MAX_BYTES / MAX_WORD_BYTES);
    }

    proptest! {
        /// Words are in order, and at the places that they name. Only the words of one character, such as ¼, overlap.
        #[test]
        fn words_are_at_their_places(
            text in "\\PC{0,60}|[a-zé東ｶﾞ가ก่ . \u{301}\u{200d}]{0,30}"
        ) {
            let (mut start, mut end) = (0, 0);
            for token in tokens(&text) {
                prop_assert!(start <= token.start && end <= token.end && token.start < token.end);
                prop_assert!(text.get(token.start..token.end).is_some() && !token.word.is_empty());
                (start, end) = (token.start, token.end);
            }
        }

        /// The words of a text are words again, and no character of them has a meaning in the languages of the
        /// databases.
        #[test]
        fn a_word_is_its_own_word(text in "\\PC{0,40}") {
            for token in tokens(&text) {
                prop_assert_eq!(words(&token.word), [token.word.clone()]);
                prop_assert!(token.word.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric()));
                prop_assert!(!token.word.contains(super::super::MARK));
            }
        }

        /// Upper and lower case, composed and decomposed, give the same words.
        #[test]
        fn other_spellings_have_the_same_words(text in "[a-zA-ZäÄéÉßжЖё東が가 0-9]{0,20}") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(words(&text), words(&decomposed));
            prop_assert_eq!(words(&text), words(&text.to_uppercase()));
        }
    }
}
