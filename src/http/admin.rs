//! Administration of accounts, and the audit log: `/admin`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{
    AccountDto, AccountPageDto, AccountRequest, AuditPageDto, MetadataDto, PasswordResetDto,
    RevokedDto, SessionDto, UserChangeRequest, metadata_query,
};
use super::extract::{Administers, Body, Caller, Path, Query};
use super::failure::{BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, STORE, TOKEN, USER};
use super::payload::Written;
use super::types::{Int, Number, Position};
use crate::chat::{
    AccountDraft, Chat, DEFAULT_AUDIT_PAGE, DEFAULT_USERS_PAGE, MAX_AUDIT_PAGE, MAX_USERS_PAGE,
    UserSearch,
};
use crate::model::{AuditId, Role, UserChange, UserId};

pub(super) struct AdminApi;

type UsersLimit = Int<1, { MAX_USERS_PAGE as i64 }>;
type AuditLimit = Int<1, { MAX_AUDIT_PAGE as i64 }>;

#[derive(ApiResponse)]
enum Users {
    /// Accounts, in order of id.
    #[oai(status = 200)]
    Ok(Written<AccountPageDto>),
}

#[derive(ApiResponse)]
enum UserMade {
    /// The account was created.
    #[oai(status = 201)]
    Created(Written<AccountDto>),
}

#[derive(ApiResponse)]
enum OneUser {
    /// The account as it is now.
    #[oai(status = 200)]
    Ok(Written<AccountDto>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The account is empty.
    #[oai(status = 204)]
    NoContent,
}

#[derive(ApiResponse)]
enum Sessions {
    /// The sessions that are open, newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<SessionDto>>),
}

#[derive(ApiResponse)]
enum Revoked {
    /// The sessions have ended.
    #[oai(status = 200)]
    Ok(Written<RevokedDto>),
}

#[derive(ApiResponse)]
enum ResetMade {
    /// The token was made.
    #[oai(status = 201)]
    Created(Written<PasswordResetDto>),
}

#[derive(ApiResponse)]
enum Audit {
    /// The actions, newest first.
    #[oai(status = 200)]
    Ok(Written<AuditPageDto>),
}

/// Every operation needs an admin.
#[OpenApi(prefix_path = "/admin", tag = "Area::Admin")]
impl AdminApi {
    /// List the accounts
    ///
    /// Needs an admin. Deleted accounts are left out.
    #[oai(path = "/users", method = "get", operation_id = "list_users")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn list_users(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// Only accounts with this text in the username, the display name or the email; case is ignored.
        query: Query<Option<String>>,
        /// The most accounts to return.
        #[oai(default = "default_users")]
        limit: Query<UsersLimit>,
        /// The accounts with a greater id.
        after: Query<Option<Position>>,
        /// Only the account of the product's person with this id. The other parameters then have no effect.
        external_subject: Query<Option<String>>,
        /// Only accounts whose metadata has this key.
        metadata_key: Query<Option<String>>,
        /// Only accounts whose metadata has this value at `metadata_key`: a text of at most 256 characters, or a number
        /// or a truth value as JSON writes it.
        metadata_value: Query<Option<String>>,
    ) -> Result<Users, Failure<{ FIELDS | TOKEN | FORBIDDEN | STORE }>> {
        let search = UserSearch {
            query: query.0,
            metadata: metadata_query(metadata_key.0, metadata_value.0)?,
            after: after.0.map(|after| UserId(after.0)),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: u32::try_from(limit.0.0).unwrap_or(0),
        };
        let page = match external_subject.0 {
            Some(subject) => chat.list_external_users(&caller.0, subject, search).await?,
            None => chat.inspect(&caller.0, move |admin| admin.list_users(search)).await?,
        };
        Ok(Users::Ok(Written::new(&page, 200 * (1 + page.users.len()))?))
    }

    /// Create an account
    ///
    /// Needs an admin. For a product's server, which creates the accounts of its people before they come, and for
    /// accounts without a password. The account has the role `user`. With `external_subject` it is the account that
    /// `POST /auth/exchange` finds; 409 `subject_taken` if there is one, which
    /// `GET /admin/users?external_subject=` returns.
    #[oai(path = "/users", method = "post", operation_id = "create_user")]
    async fn create_user(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        body: Body<AccountRequest>,
    ) -> Result<UserMade, Failure<{ BODY | TOKEN | FORBIDDEN | CONFLICT | STORE }>> {
        let Body(request) = body;
        let draft = AccountDraft {
            username: request.username,
            email: request.email,
            password: request.password,
            display_name: request.display_name,
            external_subject: request.external_subject,
            metadata: request.metadata.map(|data| data.0),
        };
        let account = chat.create_account(&caller.0, draft).await?;
        Ok(UserMade::Created(Written::new(&account, 256)?))
    }

    /// Get an account
    ///
    /// Needs an admin.
    #[oai(path = "/users/:user_id", method = "get", operation_id = "get_user")]
    async fn get_user(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
    ) -> Result<OneUser, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | STORE }>> {
        let id = UserId(user_id.0.0);
        let account = chat.inspect(&caller.0, move |admin| admin.get_user(id)).await?;
        Ok(OneUser::Ok(Written::new(&account, 256)?))
    }

    /// Change an account
    ///
    /// Needs an admin. Another role, and deactivation, end the account's sessions and close its
    /// sockets. The last active admin cannot be demoted or deactivated: 409 `last_admin`.
    #[oai(path = "/users/:user_id", method = "patch", operation_id = "update_user")]
    async fn update_user(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
        body: Body<UserChangeRequest>,
    ) -> Result<OneUser, Failure<{ BODY | TOKEN | FORBIDDEN | USER | CONFLICT | STORE }>> {
        let Body(UserChangeRequest { role, is_active, metadata }) = body;
        let (role, metadata) = (role.map(Role::from), MetadataDto::change(metadata));
        let (id, change) = (UserId(user_id.0.0), UserChange { role, is_active, metadata });
        let account =
            chat.administer(&caller.0, move |admin| Ok(admin.update_user(id, change)?.0)).await?;
        Ok(OneUser::Ok(Written::new(&account, 256)?))
    }

    /// Delete an account
    ///
    /// Needs an admin. The account is emptied for good: its name becomes `deleted-ID`, its email
    /// and password are deleted, its sessions end. Its messages stay, under the new name. The last
    /// active admin cannot be deleted: 409 `last_admin`.
    #[oai(path = "/users/:user_id", method = "delete", operation_id = "delete_user")]
    async fn delete_user(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
    ) -> Result<Deleted, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | CONFLICT | STORE }>> {
        let id = UserId(user_id.0.0);
        chat.delete_user(&caller.0, id).await?;
        Ok(Deleted::NoContent)
    }

    /// List an account's sessions
    ///
    /// Needs an admin. Returns the newest 1,000 open sessions.
    #[oai(path = "/users/:user_id/sessions", method = "get", operation_id = "list_sessions")]
    async fn list_sessions(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
    ) -> Result<Sessions, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | STORE }>> {
        let id = UserId(user_id.0.0);
        let sessions = chat.inspect(&caller.0, move |admin| admin.list_sessions(Some(id))).await?;
        let sessions = sessions.into_iter().map(SessionDto::from).collect();
        Ok(Sessions::Ok(Written::of(&sessions)?))
    }

    /// End an account's sessions
    ///
    /// Needs an admin. Its tokens become invalid and its sockets are closed; the user can sign in
    /// again.
    #[oai(path = "/users/:user_id/sessions", method = "delete", operation_id = "revoke_sessions")]
    async fn revoke_sessions(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
    ) -> Result<Revoked, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | STORE }>> {
        let id = UserId(user_id.0.0);
        let revoked = chat.administer(&caller.0, move |admin| admin.revoke_sessions(id)).await?;
        Ok(Revoked::Ok(Written::of(&RevokedDto { revoked })?))
    }

    /// Make a link that sets a new password
    ///
    /// Needs an admin. The token sets one new password, once, within an hour (unless
    /// `auth.reset_seconds` says otherwise), by `POST /auth/password-reset`. It replaces an earlier
    /// token, and becomes invalid when the password or the role changes or the account is
    /// deactivated. An account of a product has no password: 409 `external_account`.
    #[oai(
        path = "/users/:user_id/password-reset",
        method = "post",
        operation_id = "create_password_reset"
    )]
    async fn create_password_reset(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
    ) -> Result<ResetMade, Failure<{ FIELDS | TOKEN | FORBIDDEN | USER | CONFLICT | STORE }>> {
        let (id, seconds) = (UserId(user_id.0.0), chat.reset_seconds());
        let reset = chat
            .administer(&caller.0, move |admin| admin.create_password_reset(id, seconds))
            .await?;
        Ok(ResetMade::Created(Written::new(&reset, 128)?))
    }

    /// Read the audit log
    ///
    /// Needs an admin. Returns the administrative actions, over HTTP and at the command line,
    /// newest first. Entries cannot be changed, and name accounts by id only.
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    async fn list_audit(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The most entries to return.
        #[oai(default = "default_audit")]
        limit: Query<AuditLimit>,
        /// The entries with a smaller id.
        before: Query<Option<Position>>,
    ) -> Result<Audit, Failure<{ FIELDS | TOKEN | FORBIDDEN | STORE }>> {
        let limit = u32::try_from(limit.0.0).unwrap_or(0);
        let before = before.0.map(|before| AuditId(before.0));
        let page = chat.inspect(&caller.0, move |admin| admin.list_audit(before, limit)).await?;
        Ok(Audit::Ok(Written::new(&page, 200 * (1 + page.entries.len()))?))
    }
}

fn default_users() -> UsersLimit {
    Int(DEFAULT_USERS_PAGE.into())
}

fn default_audit() -> AuditLimit {
    Int(DEFAULT_AUDIT_PAGE.into())
}
