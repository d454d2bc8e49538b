//! The accounts of programs, their API tokens and their cursors: `/bots`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{
    AccountDto, ApiTokenDto, ApiTokenRequest, BotRequest, CursorDto, CursorRequest, MadeBotDto,
    MadeTokenDto, OwnBotDto, ScopeDto,
};
use super::extract::{Administers, Body, Caller, Path, Reads};
use super::failure::{
    BODY, BOT_OR_TOKEN, CONFLICT, CURSOR, FIELDS, Failure, PACE, STORE, TOKEN, USER,
};
use super::members::Done;
use super::payload::Written;
use super::types::Number;
use crate::chat::{Chat, Error};
use crate::model::{SessionId, UserId};
use crate::storage::backend::CursorPosition;

pub(super) struct BotsApi;

#[derive(ApiResponse)]
enum BotMade {
    /// The bot was made.
    #[oai(status = 201)]
    Created(Written<MadeBotDto>),
}

#[derive(ApiResponse)]
enum Bots {
    /// The bots, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<AccountDto>>),
}

#[derive(ApiResponse)]
enum TokenMade {
    /// The token was made.
    #[oai(status = 201)]
    Created(Written<MadeTokenDto>),
}

#[derive(ApiResponse)]
enum Tokens {
    /// The tokens that can be used, newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<ApiTokenDto>>),
}

#[derive(ApiResponse)]
enum Own {
    /// The caller, and what the token allows.
    #[oai(status = 200)]
    Ok(Written<OwnBotDto>),
}

#[derive(ApiResponse)]
enum Names {
    /// The names, in order.
    #[oai(status = 200)]
    Ok(Written<Vec<String>>),
}

#[derive(ApiResponse)]
enum Cursor {
    /// The cursor as it is now.
    #[oai(status = 200)]
    Ok(Written<CursorDto>),
}

#[OpenApi(prefix_path = "/bots", tag = "Area::Bots")]
impl BotsApi {
    /// Make a bot
    ///
    /// Needs an admin. A bot is an account without a password, for a program, which uses API tokens as
    /// `Authorization: Bearer cb_…`. The answer has the first token, which is shown only now. Bots are changed and deleted
    /// as other accounts are: see `/admin/users`.
    #[oai(path = "/", method = "post", operation_id = "create_bot")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        body: Body<BotRequest>,
    ) -> Result<BotMade, Failure<{ BODY | TOKEN | CONFLICT | STORE }>> {
        let (bot, token) = body.0.into_drafts();
        let made = chat.administer(&caller.0, move |admin| admin.create_bot(bot, token)).await?;
        Ok(BotMade::Created(Written::new(&made, 512)?))
    }

    /// List the bots
    ///
    /// Needs an admin.
    #[oai(path = "/", method = "get", operation_id = "list_bots")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
    ) -> Result<Bots, Failure<{ TOKEN | STORE }>> {
        let bots = chat.inspect(&caller.0, |admin| admin.list_bots()).await?;
        Ok(Bots::Ok(Written::new(&bots, 256 * (1 + bots.len()))?))
    }

    /// Make an API token
    ///
    /// Needs an admin. A bot has at most 100 tokens: 409 `too_many_tokens`.
    #[oai(path = "/:user_id/tokens", method = "post", operation_id = "create_api_token")]
    async fn create_token(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The bot's id.
        user_id: Path<Number>,
        body: Body<ApiTokenRequest>,
    ) -> Result<TokenMade, Failure<{ BODY | TOKEN | USER | CONFLICT | STORE }>> {
        let (id, draft) = (UserId(user_id.0.0), body.0.into());
        let made =
            chat.administer(&caller.0, move |admin| admin.create_api_token(id, draft)).await?;
        Ok(TokenMade::Created(Written::new(&made, 512)?))
    }

    /// List the API tokens of a bot
    ///
    /// Needs an admin. Tokens that were revoked or have expired are left out.
    #[oai(path = "/:user_id/tokens", method = "get", operation_id = "list_api_tokens")]
    async fn list_tokens(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The bot's id.
        user_id: Path<Number>,
    ) -> Result<Tokens, Failure<{ FIELDS | TOKEN | USER | STORE }>> {
        let id = UserId(user_id.0.0);
        let tokens = chat.inspect(&caller.0, move |admin| admin.list_api_tokens(id)).await?;
        Ok(Tokens::Ok(Written::new(&tokens, 256 * (1 + tokens.len()))?))
    }

    /// Revoke an API token
    ///
    /// Needs an admin. Within a second the token is refused and its sockets are closed.
    #[oai(
        path = "/:user_id/tokens/:token_id",
        method = "delete",
        operation_id = "revoke_api_token"
    )]
    async fn revoke_token(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The bot's id.
        user_id: Path<Number>,
        /// The token's id: 32 hexadecimal digits.
        token_id: Path<String>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | BOT_OR_TOKEN | STORE }>> {
        let user_id = UserId(user_id.0.0);
        let id: SessionId = token_id.0.parse().map_err(|()| Error::TokenNotFound)?;
        chat.administer(&caller.0, move |admin| admin.revoke_api_token(user_id, id)).await?;
        Ok(Done::NoContent)
    }

    /// Get the caller
    ///
    /// For a bot: its account, and what the token of the request allows.
    #[oai(path = "/me", method = "get", operation_id = "get_own_bot")]
    async fn me(&self, caller: Caller<Reads>) -> Result<Own, Failure<{ TOKEN | STORE }>> {
        let Some(grant) = &caller.0.grant else { return Err(Error::BotRequired.into()) };
        let room_ids = grant.room_ids.as_ref();
        Ok(Own::Ok(Written::of(&OwnBotDto {
            user_id: caller.0.user_id.0,
            username: caller.0.username.to_string(),
            scopes: grant.scopes.iter().map(ScopeDto::from).collect(),
            room_ids: room_ids.map(|ids| ids.iter().map(|id| id.0).collect()),
        })?))
    }

    /// List the caller's cursors
    ///
    /// For bots.
    #[oai(path = "/me/cursors", method = "get", operation_id = "list_cursors")]
    async fn list_cursors(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
    ) -> Result<Names, Failure<{ TOKEN | STORE }>> {
        Ok(Names::Ok(Written::of(&chat.list_cursors(&caller.0).await?)?))
    }

    /// Move a cursor
    ///
    /// For bots. The server keeps how far a program has come in the logs of rooms, under a name that the program chooses:
    /// 1 to 64 letters, digits, full stops, hyphens and underscores. Positions only move forward, at most to the end of the
    /// log; rooms that the bot does not see are passed over. A program that handles an event, sends its messages with a
    /// `client_id` made from the event's id, and then moves its cursor, handles every event exactly once.
    #[oai(path = "/me/cursors/:name", method = "put", operation_id = "move_cursor")]
    async fn move_cursor(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The name of the cursor.
        name: Path<String>,
        body: Body<CursorRequest>,
    ) -> Result<Cursor, Failure<{ BODY | TOKEN | CONFLICT | PACE | STORE }>> {
        let positions = body.0.positions.iter().map(|position| position.parts()).collect();
        let moved = chat.move_cursor(&caller.0, name.0.clone(), positions).await?;
        Ok(Cursor::Ok(Written::of(&cursor(&chat, name.0, moved))?))
    }

    /// Get a cursor
    ///
    /// For bots.
    #[oai(path = "/me/cursors/:name", method = "get", operation_id = "get_cursor")]
    async fn get_cursor(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The name of the cursor.
        name: Path<String>,
    ) -> Result<Cursor, Failure<{ TOKEN | CURSOR | STORE }>> {
        let positions = chat.get_cursor(&caller.0, name.0.clone()).await?;
        Ok(Cursor::Ok(Written::of(&cursor(&chat, name.0, positions))?))
    }

    /// Delete a cursor
    ///
    /// For bots.
    #[oai(path = "/me/cursors/:name", method = "delete", operation_id = "delete_cursor")]
    async fn delete_cursor(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The name of the cursor.
        name: Path<String>,
    ) -> Result<Done, Failure<{ TOKEN | CURSOR | STORE }>> {
        chat.delete_cursor(&caller.0, name.0).await?;
        Ok(Done::NoContent)
    }
}

fn cursor(chat: &Chat, name: String, positions: Vec<CursorPosition>) -> CursorDto {
    let positions = positions.into_iter().map(Into::into).collect();
    CursorDto { name, epoch: chat.epoch().to_string(), positions }
}
