//! The accounts of a product that signs its own people in.

use std::sync::Arc;

use super::{Metadata, NewUser, SessionTerms, User};

/// A person of a product. Both texts are compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalIdentity {
    /// The product: the `iss` of its tokens.
    pub issuer: String,
    /// The person's id in the product.
    pub subject: String,
}

/// A sign-in of a person whom a product has named. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct ExternalSignIn {
    /// The person.
    pub identity: ExternalIdentity,
    /// Names for a new account, of which the first free one is taken.
    pub usernames: Vec<String>,
    /// The email. It is left out if another account has it.
    pub email: Option<String>,
    /// The text that an account without an email has in its place. No other account has the same.
    pub email_placeholder: String,
    /// The name to be shown. `None`: it stays as it is.
    pub display_name: Option<Arc<str>>,
    /// Whether the product has deactivated the account. `None`: the product does not say.
    pub is_disabled: Option<bool>,
    /// The session to be opened. If there is a session with this id, it stays as it is.
    pub session: SessionTerms,
}

/// The result of an [`ExternalSignIn`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalSignedIn {
    /// The session is open.
    Open {
        /// The account as it is now.
        user: User,
        /// Whether the account was created.
        is_new: bool,
        /// Whether the display name of an older account was changed.
        is_renamed: bool,
    },
    /// The account is deactivated, and no session was opened. Its sessions have ended.
    Deactivated,
}

/// An account that an administrator creates for a person. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The account. An empty hash means that no password opens it.
    pub user: NewUser,
    /// The person in the product.
    pub identity: Option<ExternalIdentity>,
    /// The data of the product on the person.
    pub metadata: Option<Metadata>,
}
