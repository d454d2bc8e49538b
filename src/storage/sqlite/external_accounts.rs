//! The accounts of a product that signs its own people in.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::super::backend::ExternalAccounts;
use super::super::decisions::{self, ExternalTransaction, Known};
use super::Sqlite;
use super::transaction::Transaction;
use crate::model::{
    ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount, NewAuditEntry, SessionTerms,
    User, UserId,
};

impl ExternalAccounts for Sqlite {
    fn get_external_account(&self, identity: &ExternalIdentity) -> Result<Option<UserId>> {
        self.read(|db| Ok(get(db, identity)?.map(|(id, _)| id)))
    }

    fn get_external_identity(&self, user_id: UserId) -> Result<Option<ExternalIdentity>> {
        const GET: &str = "SELECT issuer, subject FROM external_accounts WHERE user_id = ?1";
        self.read(|db| {
            let identity = db.prepare_cached(GET)?.query_row([user_id.0], |row| {
                Ok(ExternalIdentity { issuer: row.get(0)?, subject: row.get(1)? })
            });
            Ok(identity.optional()?)
        })
    }

    fn sign_in_external(&self, sign_in: &ExternalSignIn) -> Result<ExternalSignedIn> {
        self.write(|tx| decisions::sign_in_external(tx, sign_in))
    }

    fn create_account(&self, account: &NewAccount, entry: &NewAuditEntry) -> Result<User> {
        self.write(|tx| decisions::create_account(tx, account, entry))
    }

    fn create_user_session(
        &self,
        user_id: UserId,
        session: &SessionTerms,
        entry: &NewAuditEntry,
    ) -> Result<Option<User>> {
        self.write(|tx| decisions::create_user_session(tx, user_id, session, entry))
    }
}

impl ExternalTransaction for Transaction<'_> {
    fn get_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>> {
        get(self, identity)
    }

    fn lock_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>> {
        get(self, identity)
    }

    fn insert_external_account(&mut self, identity: &ExternalIdentity, id: UserId) -> Result<()> {
        const INSERT: &str =
            "INSERT INTO external_accounts (issuer, subject, user_id) VALUES (?1, ?2, ?3)";
        self.prepare_cached(INSERT)?.execute(params![identity.issuer, identity.subject, id.0])?;
        Ok(())
    }

    fn set_external_disabled(&mut self, id: UserId, is_disabled: bool) -> Result<()> {
        const SET: &str = "UPDATE external_accounts SET is_disabled = ?2 WHERE user_id = ?1";
        self.prepare_cached(SET)?.execute(params![id.0, is_disabled])?;
        Ok(())
    }

    fn has_username(&mut self, username: &str) -> Result<bool> {
        const HAS: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE username = ?1)";
        Ok(self.prepare_cached(HAS)?.query_row([username], |row| row.get(0))?)
    }

    fn has_email(&mut self, email: &str) -> Result<bool> {
        const HAS: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1)";
        Ok(self.prepare_cached(HAS)?.query_row([email], |row| row.get(0))?)
    }

    fn set_email(&mut self, id: UserId, email: &str) -> Result<()> {
        self.prepare_cached("UPDATE users SET email = ?2 WHERE id = ?1")?
            .execute(params![id.0, email])?;
        Ok(())
    }
}

fn get(db: &Connection, identity: &ExternalIdentity) -> Result<Option<Known>> {
    const GET: &str = "
        SELECT user_id, is_disabled FROM external_accounts WHERE issuer = ?1 AND subject = ?2";
    let known =
        db.prepare_cached(GET)?.query_row(params![identity.issuer, identity.subject], |row| {
            Ok((UserId(row.get(0)?), row.get(1)?))
        });
    Ok(known.optional()?)
}
