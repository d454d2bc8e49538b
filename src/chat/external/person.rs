//! What the claims of a token say about a person, by the rules for accounts.
//!
//! Only the subject is needed. A name or an email that no account can have is left out, so that nobody is locked out
//! of the chat by a name that the product accepts.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::token::{Claims, fault};
use crate::chat::names::{check_email, check_username};
use crate::chat::people::MAX_DISPLAY_NAME_CHARS;
use crate::chat::{MAX_USERNAME_CHARS, MIN_USERNAME_CHARS, Result, text};
use crate::config;
use crate::model::ExternalIdentity;

/// The longest id of a person, in characters.
pub(in crate::chat) const MAX_SUBJECT_CHARS: usize = 255;

/// The name of an account whose person has no name that can be used.
const NAMELESS: &str = "user";

/// The digit of the last simple suffix: `ann-9`.
const LAST_SUFFIX: u32 = 9;

/// A person whom a valid token names.
#[derive(Debug)]
pub(super) struct Person {
    pub identity: ExternalIdentity,
    pub usernames: Vec<String>,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub is_disabled: Option<bool>,
}

impl Person {
    /// # Errors
    /// [`Error::ExternalToken`](crate::chat::Error) if the claims do not say who the person is, or whether the person
    /// may sign in.
    pub fn of(claims: &Claims, settings: &config::External) -> Result<Self> {
        let identity = ExternalIdentity {
            issuer: settings.issuer.clone(),
            subject: subject(claims, &settings.claim_subject)?,
        };
        let text = |claim: &str| claims.text(claim).filter(|_| !claim.is_empty());
        let email = text(&settings.claim_email).map(text::email).filter(|email| {
            let mut errors = Vec::new();
            check_email(email, &mut errors);
            // OpenID Connect Core §5.1: the person only says to have this address.
            errors.is_empty() && claims.get("email_verified") != Some(&Value::Bool(false))
        });
        let display_name = text(&settings.claim_name)
            .map(|name| text::line(&text::shown(name, MAX_DISPLAY_NAME_CHARS)))
            .filter(|name| text::name_fault(name).is_none());
        let wanted = [text(&settings.claim_username), email.as_deref(), display_name.as_deref()];
        let base = wanted.into_iter().flatten().find_map(username);
        let usernames = usernames(base.as_deref().unwrap_or(NAMELESS), &fingerprint(&identity));
        let disabled = Some(settings.claim_disabled.as_str()).filter(|claim| !claim.is_empty());
        let is_disabled = match disabled.and_then(|claim| claims.get(claim)) {
            None => None,
            Some(Value::Bool(is_disabled)) => Some(*is_disabled),
            Some(_) => {
                let claim = &settings.claim_disabled;
                return Err(fault(format!("its `{claim}` must be true or false")));
            }
        };
        Ok(Self { identity, usernames, email, display_name, is_disabled })
    }
}

fn subject(claims: &Claims, claim: &str) -> Result<String> {
    let subject = match claims.get(claim) {
        Some(Value::String(subject)) => Some(subject.clone()),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Some(number.to_string())
        }
        _ => None,
    };
    subject.filter(|subject| is_subject(subject)).ok_or_else(|| {
        fault(format!(
            "its `{claim}` must be the person's id: a whole number, or 1 to {MAX_SUBJECT_CHARS} characters \
             without control characters"
        ))
    })
}

pub(in crate::chat) fn is_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The text that an account without an email has in its place: no address, and its own.
pub(in crate::chat) fn email_placeholder(identity: &ExternalIdentity) -> String {
    format!("no-email-{}", fingerprint(identity))
}

/// 32 hexadecimal digits.
fn fingerprint(identity: &ExternalIdentity) -> String {
    // No issuer has a control character.
    let text = format!("{}\0{}", identity.issuer, identity.subject);
    Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The nearest username to a name or an address. `None`: hardly a character of it can be in a username.
fn username(name: &str) -> Option<String> {
    let local_part = name.rsplit_once('@').map_or(name, |(local_part, _)| local_part);
    // Without the accents, which NFKD separates from their letters.
    let characters = local_part.nfkd().filter_map(|c| match c {
        c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    });
    let characters = characters.skip_while(|c| !c.is_ascii_alphanumeric());
    let name: String = characters.take(MAX_USERNAME_CHARS).collect();
    (name.len() >= MIN_USERNAME_CHARS && is_acceptable(&name)).then_some(name)
}

/// The names to be tried in turn: `ann`, `ann-2`, …, and names that nobody has.
fn usernames(base: &str, fingerprint: &str) -> Vec<String> {
    let suffixes = (2..=LAST_SUFFIX).map(|number| format!("-{number}"));
    let suffixes = suffixes.chain([8, 16].map(|digits| format!("-{}", &fingerprint[..digits])));
    let suffixed = suffixes.map(|suffix| {
        let length = base.len().min(MAX_USERNAME_CHARS - suffix.len());
        format!("{}{suffix}", &base[..length])
    });
    [base.to_owned()].into_iter().chain(suffixed).filter(|name| is_acceptable(name)).collect()
}

fn is_acceptable(username: &str) -> bool {
    let mut errors = Vec::new();
    check_username(username, &mut errors);
    errors.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Error;

    fn person(claims: Value) -> Result<Person> {
        let settings = config::External {
            issuer: "shop".into(),
            claim_disabled: "blocked".into(),
            ..config::External::default()
        };
        Person::of(&serde_json::from_value(claims).unwrap(), &settings)
    }

    #[test]
    fn a_username_is_made_of_what_the_product_says() {
        for (claims, expected) in [
            (json!({ "preferred_username": "ann" }), "ann"),
            (json!({ "preferred_username": "ann@shop.example", "name": "x y" }), "ann"),
            (json!({ "preferred_username": "Jörg Ä. Weiß" }), "Jorg-A.-Wei"),
            (json!({ "preferred_username": "ﬁnn" }), "finn"),
            (json!({ "preferred_username": "__ann" }), "ann"),
            (json!({ "preferred_username": "x".repeat(100) }), &"x".repeat(32)),
            (json!({ "preferred_username": "李", "email": "lee@shop.example" }), "lee"),
            (json!({ "preferred_username": 5, "name": "Ann Lee" }), "Ann-Lee"),
            (json!({ "preferred_username": "here", "name": "deleted-7" }), "user"),
            (json!({ "name": "李小龍" }), "user"),
            (json!({}), "user"),
        ] {
            let mut claims = claims;
            claims["sub"] = "1".into();
            assert_eq!(person(claims.clone()).unwrap().usernames[0], expected, "{claims}");
        }
        let names = person(json!({ "sub": "1", "name": "ann" })).unwrap().usernames;
        assert_eq!(names[..3], ["ann", "ann-2", "ann-3"]);
        assert_eq!(names.len(), 11);
        let long = json!({ "sub": "1", "preferred_username": "x".repeat(40) });
        let names = person(long).unwrap().usernames;
        assert!(names.iter().all(|name| name.len() == 32), "{names:?}");
        // `deleted-2` is for an account that was deleted.
        let names = person(json!({ "sub": "1", "name": "deleted" })).unwrap().usernames;
        assert_eq!(names, ["deleted"]);
    }

    #[test]
    fn only_the_subject_is_needed() {
        let subject = |value: Value| person(json!({ "sub": value })).map(|it| it.identity.subject);
        assert_eq!(subject(json!("a/../b'; --")).unwrap(), "a/../b'; --");
        assert_eq!(subject(json!(u64::MAX)).unwrap(), u64::MAX.to_string());
        for bad in
            [json!(""), json!(null), json!(1.5), json!([]), json!("a\0"), json!("x".repeat(256))]
        {
            assert!(matches!(subject(bad.clone()), Err(Error::ExternalToken(_))), "{bad}");
        }
        let all = |claims: Value| {
            let mut claims = claims;
            claims["sub"] = "1".into();
            let Person { email, display_name, is_disabled, .. } = person(claims)?;
            Ok((email, display_name, is_disabled))
        };
        let ann =
            json!({ "email": " ann@Exämple.de ", "name": " Ann\u{a0} Lee ", "blocked": true });
        let expected = ("ann@xn--exmple-cua.de".to_owned(), "Ann Lee".to_owned(), true);
        let found = all(ann).unwrap();
        assert_eq!(found, (Some(expected.0), Some(expected.1), Some(true)));
        for unusable in [
            json!({ "email": "ann", "name": "\u{200b}", "blocked": null }),
            json!({ "email": ["a@b.c"], "name": 7 }),
            json!({ "email": "ann@shop.example", "email_verified": false }),
        ] {
            assert_eq!(all(unusable.clone()).unwrap(), (None, None, None), "{unusable}");
        }
        let long = all(json!({ "name": "x".repeat(100) })).unwrap().1.unwrap();
        assert_eq!(long.chars().count(), MAX_DISPLAY_NAME_CHARS);
        assert!(matches!(all(json!({ "blocked": "no" })), Err(Error::ExternalToken(_))));
    }
}
