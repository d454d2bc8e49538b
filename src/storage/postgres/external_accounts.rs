//! The accounts of a product that signs its own people in.

use postgres::Row;

use super::super::Result;
use super::super::backend::ExternalAccounts;
use super::super::decisions::{self, ExternalTransaction, Known};
use super::Postgres;
use super::connection::Connection;
use crate::model::{
    ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount, NewAuditEntry, SessionTerms,
    User, UserId,
};

impl ExternalAccounts for Postgres {
    fn get_external_account(&self, identity: &ExternalIdentity) -> Result<Option<UserId>> {
        // PostgreSQL cannot store text with a NUL, and refuses it in a query.
        if identity.subject.contains('\0') {
            return Ok(None);
        }
        self.read(|db| Ok(db.get_external_account(identity)?.map(|(id, _)| id)))
    }

    fn get_external_identity(&self, user_id: UserId) -> Result<Option<ExternalIdentity>> {
        const GET: &str = "SELECT issuer, subject FROM external_accounts WHERE user_id = $1";
        let identity = |row: Row| ExternalIdentity { issuer: row.get(0), subject: row.get(1) };
        self.read(|db| Ok(db.query_opt(GET, &[&user_id.0])?.map(identity)))
    }

    fn sign_in_external(&self, sign_in: &ExternalSignIn) -> Result<ExternalSignedIn> {
        self.transaction(|tx| decisions::sign_in_external(tx, sign_in))
    }

    fn create_account(&self, account: &NewAccount, entry: &NewAuditEntry) -> Result<User> {
        self.transaction(|tx| decisions::create_account(tx, account, entry))
    }

    fn create_user_session(
        &self,
        user_id: UserId,
        session: &SessionTerms,
        entry: &NewAuditEntry,
    ) -> Result<Option<User>> {
        self.transaction(|tx| decisions::create_user_session(tx, user_id, session, entry))
    }
}

impl ExternalTransaction for Connection {
    fn get_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>> {
        const GET: &str = "
            SELECT user_id, is_disabled FROM external_accounts WHERE issuer = $1 AND subject = $2";
        Ok(self.query_opt(GET, &[&identity.issuer, &identity.subject])?.map(known))
    }

    fn lock_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>> {
        const LOCK: &str = "
            SELECT user_id, is_disabled FROM external_accounts JOIN users ON users.id = user_id
            WHERE issuer = $1 AND subject = $2 AND deleted_at IS NULL FOR NO KEY UPDATE OF users";
        Ok(self.query_opt(LOCK, &[&identity.issuer, &identity.subject])?.map(known))
    }

    fn insert_external_account(&mut self, identity: &ExternalIdentity, id: UserId) -> Result<()> {
        const INSERT: &str =
            "INSERT INTO external_accounts (issuer, subject, user_id) VALUES ($1, $2, $3)";
        self.execute(INSERT, &[&identity.issuer, &identity.subject, &id.0])?;
        Ok(())
    }

    fn set_external_disabled(&mut self, id: UserId, is_disabled: bool) -> Result<()> {
        const SET: &str = "UPDATE external_accounts SET is_disabled = $2 WHERE user_id = $1";
        self.execute(SET, &[&id.0, &is_disabled])?;
        Ok(())
    }

    fn has_username(&mut self, username: &str) -> Result<bool> {
        const HAS: &str = "
            SELECT EXISTS (SELECT FROM users
                           WHERE lower(username COLLATE \"C\") = lower($1 COLLATE \"C\"))";
        Ok(self.query_one(HAS, &[&username])?.get(0))
    }

    fn has_email(&mut self, email: &str) -> Result<bool> {
        const HAS: &str = "
            SELECT EXISTS (SELECT FROM users
                           WHERE lower(email COLLATE \"C\") = lower($1 COLLATE \"C\"))";
        Ok(self.query_one(HAS, &[&email])?.get(0))
    }

    fn set_email(&mut self, id: UserId, email: &str) -> Result<()> {
        self.execute("UPDATE users SET email = $2 WHERE id = $1", &[&id.0, &email])?;
        Ok(())
    }
}

fn known(row: Row) -> Known {
    (UserId(row.get(0)), row.get(1))
}
