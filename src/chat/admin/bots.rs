//! Administration of bots: the accounts of programs, and the API tokens that they sign in with.

use serde::Serialize;
use serde_json::json;

use super::{Admin, Error as AdminError, Result};
use crate::chat::{Error, FieldError, accounts, api_tokens, names, people};
use crate::model::{
    Account, ApiToken, Grant, NewApiToken, NewUser, Role, RoomId, Scope, Scopes, SessionId,
    SessionTerms, Timestamp, UserId,
};
use crate::storage::backend::TokenOutcome;

const MAX_TOKEN_NAME_CHARS: usize = 64;
/// The number of rooms that a token may be limited to.
const MAX_ROOMS: usize = 100;

/// A bot to be made.
#[derive(Clone, Debug)]
pub struct BotDraft {
    pub username: String,
    pub display_name: Option<String>,
    pub role: Role,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct TokenDraft {
    /// What the token is for.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// `None`: all rooms of the bot.
    pub room_ids: Option<Vec<RoomId>>,
    /// `None`: it does not expire.
    pub expires_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Clone, Debug, Serialize)]
pub struct MadeToken {
    /// The token itself, which is shown only now.
    pub token: String,
    #[serde(flatten)]
    pub listed: ApiToken,
}

/// A bot that was just made, and its first token.
#[derive(Clone, Debug, Serialize)]
pub struct MadeBot {
    pub user_id: UserId,
    pub username: String,
    pub token: MadeToken,
}

impl Admin<'_> {
    /// The bots of the server, in order of id.
    pub fn list_bots(&self) -> Result<Vec<Account>> {
        Ok(self.backend.list_bots(self.now)?)
    }

    /// Makes a bot with one token.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::UsernameTaken`].
    pub fn create_bot(&self, bot: BotDraft, token: TokenDraft) -> Result<MadeBot> {
        let mut errors = Vec::new();
        let username = bot.username.trim().to_owned();
        names::check_username(&username, &mut errors);
        let display_name = people::check_display_name(bot.display_name, &mut errors);
        check_token(&token, self.now, &mut errors);
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors).into());
        }
        let user = NewUser {
            // An email that nobody can have: the column is unique, and must not be empty.
            email: format!("bot-{}", username.to_ascii_lowercase()),
            username,
            password_hash: String::new(),
            is_bot: true,
            display_name,
            role: bot.role,
            created_at: self.now,
            only_if_no_admin: false,
        };
        let entry = self.entry("bot.create", json!({ "role": user.role }))?;
        let bot = accounts::create(self.backend, &user, Some(&entry))?;
        // If this fails, the bot is there without a token, and the administrator makes one.
        let token = self.create_api_token(bot.id, token)?;
        Ok(MadeBot { user_id: bot.id, username: bot.username, token })
    }

    /// Makes a token of a bot.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::UserNotFound`], [`Error::TooManyTokens`].
    pub fn create_api_token(&self, user_id: UserId, draft: TokenDraft) -> Result<MadeToken> {
        self.require_bot(user_id)?;
        let mut errors = Vec::new();
        check_token(&draft, self.now, &mut errors);
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors).into());
        }
        let token = api_tokens::new_token()?;
        let scopes: Scopes = draft.scopes.into_iter().collect();
        let (name, room_ids) = (draft.name.trim().to_owned(), draft.room_ids);
        let session = SessionTerms {
            id: api_tokens::id_of(&token),
            created_at: self.now,
            expires_at: draft.expires_at.unwrap_or(ApiToken::NEVER),
            is_bounded: false,
        };
        let listed = ApiToken {
            id: session.id,
            name: name.clone(),
            scopes,
            room_ids: room_ids.clone(),
            created_at: self.now,
            expires_at: draft.expires_at,
            last_used_at: None,
        };
        let detail = json!({ "token": session.id.to_string(), "scopes": scopes.to_string() });
        let entry = self.entry("bot.create_token", detail)?;
        let new = NewApiToken { user_id, session, name, grant: Grant { scopes, room_ids } };
        match self.backend.create_api_token(&new, &entry)? {
            TokenOutcome::Stored => Ok(MadeToken { token, listed }),
            TokenOutcome::NoBot => Err(Error::UserNotFound.into()),
            TokenOutcome::TooMany => Err(Error::TooManyTokens.into()),
        }
    }

    /// The tokens of a bot that can be used, the newest first.
    ///
    /// # Errors
    /// [`Error::UserNotFound`] if there is no such bot.
    pub fn list_api_tokens(&self, user_id: UserId) -> Result<Vec<ApiToken>> {
        self.require_bot(user_id)?;
        Ok(self.backend.list_api_tokens(user_id, self.now)?)
    }

    /// Revokes a token of a bot.
    ///
    /// # Errors
    /// [`Error::TokenNotFound`].
    pub fn revoke_api_token(&self, user_id: UserId, id: SessionId) -> Result<()> {
        self.require_bot(user_id).map_err(|error| match error {
            AdminError::Rule(Error::UserNotFound) => Error::TokenNotFound.into(),
            error => error,
        })?;
        let entry = self.entry("bot.revoke_token", json!({ "token": id.to_string() }))?;
        match self.backend.revoke_api_token(user_id, id, &entry)? {
            true => Ok(()),
            false => Err(Error::TokenNotFound.into()),
        }
    }

    /// Checks that there is such a bot, and that it is not the bot of an incoming webhook, which belongs to the moderators of
    /// its room: it may be a member of a private room that no admin sees.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub(super) fn require_bot(&self, user_id: UserId) -> Result<()> {
        let is_bot = self.get_user(user_id)?.user.is_bot;
        match is_bot && self.backend.get_hook_room(user_id)?.is_none() {
            true => Ok(()),
            false => Err(Error::UserNotFound.into()),
        }
    }
}

fn check_token(draft: &TokenDraft, now: Timestamp, errors: &mut Vec<FieldError>) {
    let chars = draft.name.trim().chars().count();
    if !(1..=MAX_TOKEN_NAME_CHARS).contains(&chars) || draft.name.contains(char::is_control) {
        let message = format!("must have 1 to {MAX_TOKEN_NAME_CHARS} characters, in one line");
        errors.push(FieldError::new("name", message));
    }
    if draft.scopes.is_empty() {
        let words: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let message = format!("must have at least one of {}", words.join(", "));
        errors.push(FieldError::new("scopes", message));
    }
    match &draft.room_ids {
        Some(ids) if ids.is_empty() || ids.len() > MAX_ROOMS => {
            let message = format!("must have 1 to {MAX_ROOMS} rooms, or be left out for all rooms");
            errors.push(FieldError::new("room_ids", message));
        }
        Some(_) if draft.scopes.contains(&Scope::Admin) => {
            let message = "must be left out with the scope admin, which is not about rooms";
            errors.push(FieldError::new("room_ids", message));
        }
        _ => {}
    }
    if draft.expires_at.is_some_and(|at| at <= now || at > ApiToken::NEVER) {
        errors.push(FieldError::new("expires_at", "must be in the future"));
    }
}
