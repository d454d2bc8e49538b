//! What the words of a message must be, in the query languages of both databases.
//!
//! A word has letters, digits and the mark of facets only, so that nothing in it has a meaning in these
//! languages. It is quoted nevertheless.

use crate::model::Phrase;

/// A condition on the words and facets of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    clauses: Vec<Clause>,
    /// A message must have none of these.
    excluded: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Clause {
    Phrase(Phrase),
    Any(Vec<String>),
}

impl Expression {
    /// Adds words that a message must have, one after the other.
    pub fn phrase(mut self, phrase: Phrase) -> Self {
        self.clauses.push(Clause::Phrase(phrase));
        self
    }

    /// Adds facets of which a message must have one.
    pub fn any(mut self, facets: Vec<String>) -> Self {
        self.clauses.push(Clause::Any(facets));
        self
    }

    /// Adds facets of which a message must have none.
    pub fn none(mut self, facets: impl IntoIterator<Item = String>) -> Self {
        self.excluded.extend(facets);
        self
    }

    /// Whether no message can fulfil the condition, or the databases cannot look it up, because it only excludes.
    pub fn finds_nothing(&self) -> bool {
        let is_empty = |clause: &Clause| matches!(clause, Clause::Any(facets) if facets.is_empty());
        self.clauses.is_empty() || self.clauses.iter().any(is_empty)
    }

    /// The condition for FTS5 (<https://sqlite.org/fts5.html#full_text_query_syntax>).
    pub fn to_fts5(&self) -> String {
        let clause = |clause: &Clause| match clause {
            Clause::Phrase(Phrase { words, is_prefix }) => {
                format!("\"{}\"{}", words.join(" "), if *is_prefix { " *" } else { "" })
            }
            Clause::Any(facets) => any(facets, '"', " OR "),
        };
        let clauses: Vec<String> = self.clauses.iter().map(clause).collect();
        let all = clauses.join(" AND ");
        match self.excluded.as_slice() {
            [] => all,
            excluded => format!("({all}) NOT {}", any(excluded, '"', " OR ")),
        }
    }

    /// The condition as a `tsquery` (<https://www.postgresql.org/docs/current/datatype-textsearch.html>).
    pub fn to_tsquery(&self) -> String {
        let clause = |clause: &Clause| match clause {
            Clause::Phrase(Phrase { words, is_prefix }) => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                format!("({}{})", words.join(" <-> "), if *is_prefix { ":*" } else { "" })
            }
            Clause::Any(facets) => any(facets, '\'', " | "),
        };
        let mut all: Vec<String> = self.clauses.iter().map(clause).collect();
        if !self.excluded.is_empty() {
            all.push(format!("!{}", any(&self.excluded, '\'', " | ")));
        }
        all.join(" & ")
    }
}

fn any(facets: &[String], quote: char, or: &str) -> String {
    let quoted: Vec<String> = facets.iter().map(|facet| format!("{quote}{facet}{quote}")).collect();
    format!("({})", quoted.join(or))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_in_both_languages() {
        let phrase = |words: &[&str], is_prefix| Phrase {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            is_prefix,
        };
        let facets = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let one = Expression::default().phrase(phrase(&["red"], false));
        assert_eq!((one.to_fts5(), one.to_tsquery()), ("\"red\"".into(), "('red')".into()));
        let all = one.phrase(phrase(&["a", "b"], true)).any(facets(&["§r1", "§r2"]));
        assert_eq!(all.to_fts5(), r#""red" AND "a b" * AND ("§r1" OR "§r2")"#);
        assert_eq!(all.to_tsquery(), "('red') & ('a' <-> 'b':*) & ('§r1' | '§r2')");
        let some = all.none(facets(&["§r3"]));
        assert_eq!(some.to_fts5(), r#"("red" AND "a b" * AND ("§r1" OR "§r2")) NOT ("§r3")"#);
        assert!(some.to_tsquery().ends_with(" & !('§r3')") && !some.finds_nothing());
        assert!(some.any(Vec::new()).finds_nothing() && Expression::default().finds_nothing());
    }
}
