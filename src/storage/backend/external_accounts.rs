//! The accounts of a product that signs its own people in.

use crate::model::{
    ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount, NewAuditEntry, SessionTerms,
    User, UserId,
};
use crate::storage::Result;

/// Accounts by the identity that they have in a product. These methods treat deleted users as missing.
pub trait ExternalAccounts {
    /// Finds the account of a person.
    fn get_external_account(&self, identity: &ExternalIdentity) -> Result<Option<UserId>>;
    /// The identity of an account. `None`: no such user, or the account does not belong to a product.
    fn get_external_identity(&self, user_id: UserId) -> Result<Option<ExternalIdentity>>;
    /// Finds the person's account or creates it, brings it in step with what the product says, and opens a session.
    ///
    /// # Errors
    /// [`Conflict`](crate::storage::Conflict) if all usernames are taken, or one or the email was taken by another
    /// transaction at the same time: then a retry helps.
    fn sign_in_external(&self, sign_in: &ExternalSignIn) -> Result<ExternalSignedIn>;
    /// Creates an account.
    ///
    /// # Errors
    /// [`Conflict`](crate::storage::Conflict) if the name or the email is taken, or another account belongs to the
    /// person.
    fn create_account(&self, account: &NewAccount, audit: &NewAuditEntry) -> Result<User>;
    /// Opens a session for a user, and returns the user. An account that is not active gets none. `None`: no such
    /// user.
    fn create_user_session(
        &self,
        user_id: UserId,
        session: &SessionTerms,
        audit: &NewAuditEntry,
    ) -> Result<Option<User>>;
}
