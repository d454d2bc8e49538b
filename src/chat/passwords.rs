//! Passwords: which are acceptable, hashing and checking them. That is done on threads of its own,
//! so that a flood of logins cannot starve anything else.

use std::sync::Arc;

use super::{Error, FieldError, Result, StartError, guessable, text};
use crate::config::Auth;
use crate::executor::{Executor, ExecutorError};

/// bcrypt reads 72 bytes including a terminating NUL; it would cut off a longer password silently.
pub const MAX_PASSWORD_BYTES: usize = 71;

/// The most checks that wait for each thread. At a quarter of a second each (cost 12) the last one
/// waits for 8 s; a client that would wait longer gets an error and retries.
const QUEUE_PER_THREAD: usize = 32;

pub(super) struct Passwords {
    threads: Executor,
    cost: u32,
    /// No password matches it, and checking against it takes as long as against a real hash.
    nobodys_hash: Arc<str>,
}

impl Passwords {
    pub fn start(auth: &Auth) -> std::result::Result<Self, StartError> {
        if !(4..=31).contains(&auth.bcrypt_cost) {
            return Err(StartError::BcryptCost(auth.bcrypt_cost));
        }
        if auth.min_password_chars > MAX_PASSWORD_BYTES {
            return Err(StartError::MinPasswordChars(auth.min_password_chars));
        }
        let threads = auth.bcrypt_threads.max(1);
        Ok(Self {
            threads: Executor::start("chatapp-bcrypt", threads, threads * QUEUE_PER_THREAD)?,
            cost: auth.bcrypt_cost,
            nobodys_hash: nobodys_hash(auth.bcrypt_cost).into(),
        })
    }

    /// The threads that check passwords.
    pub fn threads(&self) -> &Executor {
        &self.threads
    }

    /// # Errors
    /// [`Error::Busy`] if too many checks wait.
    pub async fn hash(&self, password: String) -> Result<String> {
        let cost = self.cost;
        self.run(move || hash(&password, cost)).await
    }

    /// Returns whether the password matches the hash. Without a hash, or with an empty one, the result is false,
    /// after the same time.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] for a password that bcrypt cannot represent, whatever the hash;
    /// [`Error::Busy`] if too many checks wait.
    pub async fn verify(
        &self,
        field: &str,
        password: String,
        hash: Option<String>,
    ) -> Result<bool> {
        let forms = forms(field, password)?;
        // An account without a password has an empty hash.
        let hash = hash.filter(|hash| !hash.is_empty());
        let known = hash.is_some();
        let hash = hash.map_or_else(|| self.nobodys_hash.clone(), Arc::from);
        let verify = move || {
            for form in forms {
                if bcrypt::non_truncating_verify(form, &hash)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok(self.run(verify).await? && known)
    }

    /// # Errors
    /// [`Error::Busy`] if no more checks can wait.
    pub fn check_room(&self) -> Result<()> {
        match self.threads.is_full() {
            true => Err(busy()),
            false => Ok(()),
        }
    }

    async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> bcrypt::BcryptResult<R> + Send + 'static,
    ) -> Result<R> {
        // Dropped together with this future, so that no work is begun for a client that has
        // disconnected.
        let waiting = Arc::new(());
        let wanted = Arc::downgrade(&waiting);
        let outcome = self.threads.run(move || wanted.upgrade().map(|_| work())).await;
        match outcome {
            Ok(Some(Ok(result))) => Ok(result),
            Ok(Some(Err(error))) => {
                tracing::error!(%error, "bcrypt failed");
                Err(Error::Internal)
            }
            // The caller has gone: nothing reads this answer.
            Ok(None) => Err(Error::Busy),
            Err(ExecutorError::Full) => Err(busy()),
            Err(ExecutorError::Panicked) => Err(Error::Internal),
        }
    }
}

fn busy() -> Error {
    tracing::warn!("too many passwords wait to be checked");
    Error::Busy
}

/// Checks the form of a password that was typed to be checked.
///
/// # Errors
/// [`Error::InvalidFields`] for a password that bcrypt cannot represent.
pub(super) fn check_form(field: &str, password: &str) -> Result<()> {
    forms(field, password.to_owned()).map(drop)
}

/// Hashes a new password in NFKC, which is the same however its accents are typed (NIST SP 800-63B
/// §5.1.1.2).
pub(super) fn hash(password: &str, cost: u32) -> bcrypt::BcryptResult<String> {
    bcrypt::non_truncating_hash(text::nfkc(password), cost)
}

/// The forms that may have been hashed for this password: its normalised form, and the password as
/// it is, for accounts of versions that did not normalise passwords.
fn forms(field: &str, password: String) -> Result<Vec<String>> {
    let normalised = text::nfkc(&password);
    let forms = match normalised == password {
        true => vec![password],
        false => vec![normalised, password],
    };
    let mut errors = Vec::new();
    for form in &forms {
        check_representable(field, form, &mut errors);
    }
    match errors.len() == forms.len() {
        true => Err(Error::InvalidFields(errors.split_off(errors.len() - 1))),
        false => Ok(forms.into_iter().filter(|form| form.len() <= MAX_PASSWORD_BYTES).collect()),
    }
}

/// Checks a new password of a user with these names, and adds what is wrong with it to `errors`.
pub(super) fn check_new(
    min_chars: usize,
    field: &str,
    password: &str,
    names: &[&str],
    errors: &mut Vec<FieldError>,
) {
    let faults = errors.len();
    let normalised = text::nfkc(password);
    check_representable(field, password, errors);
    if errors.len() == faults && normalised != password {
        check_representable(field, &normalised, errors);
    }
    let chars = password.chars().count().min(normalised.chars().count());
    if errors.len() == faults && chars < min_chars {
        let message = format!("must have at least {min_chars} characters");
        errors.push(FieldError::new(field, message));
    }
    if errors.len() == faults
        && let Some(fault) = guessable::fault(&normalised, names)
    {
        errors.push(FieldError::new(field, fault));
    }
}

fn check_representable(field: &str, password: &str, errors: &mut Vec<FieldError>) {
    if password.len() > MAX_PASSWORD_BYTES {
        let message = format!(
            "must be at most {MAX_PASSWORD_BYTES} bytes in UTF-8, and has {}",
            password.len()
        );
        errors.push(FieldError::new(field, message));
    } else if password.contains('\0') {
        errors.push(FieldError::new(field, "must not contain the character NUL"));
    }
}

/// A hash in the modular crypt format that was not made from a password: 22 digits of salt and 31
/// of hash, in bcrypt's alphabet.
fn nobodys_hash(cost: u32) -> String {
    format!("$2b${cost:02}$chatappNobodysSalt00.uchatappNobodysHash000000000000u")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::start(&Auth { bcrypt_cost: 4, ..Auth::default() }).unwrap()
    }

    fn faults(password: &str) -> usize {
        let mut errors = Vec::new();
        check_new(8, "password", password, &["ann"], &mut errors);
        errors.len()
    }

    #[test]
    fn too_short_and_too_long_passwords_are_refused() {
        assert_eq!(faults("kq8vz2m"), 1);
        assert_eq!(faults("kq8vz2mw"), 0);
        assert_eq!(faults("12345678"), 1);
        assert_eq!(faults("ÄÖÜäöüßé"), 0, "characters are counted, not bytes");
        let longest = "a long one ".repeat(7)[..71].to_owned();
        assert_eq!(faults(&longest), 0);
        assert_eq!(faults(&format!("{longest}x")), 1);
        assert_eq!(faults(&"ä".repeat(36)), 1, "72 bytes");
        assert_eq!(faults("kq8vz2mw\0"), 1);
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = passwords();
        let longest = "x".repeat(71);
        let hash = passwords.hash(longest.clone()).await.unwrap();
        assert_eq!(passwords.verify("password", longest, Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify("password", "x".repeat(70), Some(hash)).await, Ok(false));
    }

    #[tokio::test]
    async fn a_missing_hash_is_checked_like_a_real_one_and_never_matches() {
        let hash = nobodys_hash(4);
        assert_eq!(bcrypt::non_truncating_verify("x", &hash).ok(), Some(false));
        assert_eq!(nobodys_hash(12).get(..7), Some("$2b$12$"));
        assert_eq!(passwords().verify("password", "x".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_cannot_represent_is_refused_with_and_without_a_hash() {
        let passwords = passwords();
        for password in ["x".repeat(72), "a\0b".to_owned()] {
            for hash in [None, Some(nobodys_hash(4))] {
                let result = passwords.verify("password", password.clone(), hash).await;
                assert!(matches!(result, Err(Error::InvalidFields(_))));
            }
        }
    }
}
