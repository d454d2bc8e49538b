//! A product's own people: its tokens are exchanged for sessions, and its server makes tokens for its people.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::address::ClientAddress;
use super::dto::{ExchangeRequest, LoginDto, UserTokenRequest};
use super::extract::{Administers, Body, Caller, Path};
use super::failure::{BODY, CONFLICT, EXCHANGE, FORBIDDEN, Failure, PACE, STORE, TOKEN, USER};
use super::payload::Written;
use super::types::Number;
use crate::chat::Chat;
use crate::model::UserId;

/// How long a token is valid if the request does not say it.
const DEFAULT_SECONDS: u32 = 60 * 60;

pub(super) struct ExternalApi;

#[derive(ApiResponse)]
enum Exchanged {
    /// A token of this server, and the account that it is for.
    #[oai(status = 200)]
    Ok(Written<LoginDto>),
}

#[derive(ApiResponse)]
enum TokenMade {
    /// The token, and the account that it is for.
    #[oai(status = 201)]
    Created(Written<LoginDto>),
}

#[OpenApi]
impl ExternalApi {
    /// Sign in with a product's token
    ///
    /// For a product that signs its own people in: opens a session for the person whom its JWT names. The account is
    /// created at the first sight of the person, and found by `iss` and the subject afterwards; its display name and
    /// its email follow the token. Its username stays as it is. If the wanted username is taken, the account gets a
    /// suffix such as `-2`, and never another person's account. The operator chooses the keys, the issuer, the audience
    /// and the claims: see `[external]` in the settings. The session lasts like one of `POST /auth/login`, whatever
    /// the `exp` of the JWT. Bad tokens count like failed sign-ins from the caller's address.
    #[oai(path = "/auth/exchange", method = "post", operation_id = "exchange", tag = "Area::Auth")]
    async fn exchange(
        &self,
        chat: Data<&Chat>,
        address: ClientAddress,
        body: Body<ExchangeRequest>,
    ) -> Result<Exchanged, Failure<{ BODY | TOKEN | FORBIDDEN | EXCHANGE | PACE | STORE }>> {
        let Body(ExchangeRequest { token }) = body;
        let login = chat.exchange(token.trim(), address.0).await?;
        Ok(Exchanged::Ok(Written::of(&login.into())?))
    }

    /// Make a token for an account
    ///
    /// Needs an admin. Opens a session of the account, whose token a product's server hands to its client. The session
    /// cannot be extended by `POST /auth/refresh`. It ends like others, by `DELETE /admin/users/{user_id}/sessions`, and
    /// when the account is deactivated. The audit log records it. Not for bots: 409 `bot_account`.
    #[oai(
        path = "/admin/users/:user_id/tokens",
        method = "post",
        operation_id = "create_user_token",
        tag = "Area::Admin"
    )]
    async fn create_user_token(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The account's id.
        user_id: Path<Number>,
        body: Body<UserTokenRequest>,
    ) -> Result<TokenMade, Failure<{ BODY | TOKEN | FORBIDDEN | USER | CONFLICT | STORE }>> {
        let Body(UserTokenRequest { expires_in }) = body;
        // A number beyond u32 becomes 0, which the rules reject.
        let seconds = expires_in.map_or(DEFAULT_SECONDS, |it| u32::try_from(it.0).unwrap_or(0));
        let login = chat.create_user_token(&caller.0, UserId(user_id.0.0), seconds).await?;
        Ok(TokenMade::Created(Written::of(&login.into())?))
    }
}
