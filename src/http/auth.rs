//! Accounts and sessions: `/auth`.

use std::sync::Arc;

use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::address::ClientAddress;
use super::dto::{
    LoginDto, LoginRequest, PasswordRequest, PasswordResetRequest, SetupDto, SignupRequest,
    TicketDto, UserDto,
};
use super::extract::{Body, Caller, MaybeCaller, Person, Reads};
use super::failure::{BODY, CONFLICT, CREDENTIALS, FORBIDDEN, Failure, INVITE, PACE, STORE, TOKEN};
use super::local::Local;
use super::origin::AllowedOrigins;
use super::payload::Written;
use crate::chat::{Chat, Signup, SignupCaller};
use crate::model::Role;
use crate::web::Site;

pub(super) struct AuthApi;

#[derive(ApiResponse)]
enum SignedUp {
    /// The account was created.
    #[oai(status = 201)]
    Created(Written<UserDto>),
}

#[derive(ApiResponse)]
enum SignedIn {
    /// A token, and the account that it is for.
    #[oai(status = 200)]
    Ok(Written<LoginDto>),
}

#[derive(ApiResponse)]
enum Setup {
    /// The facts that a client needs before it signs in.
    #[oai(status = 200)]
    Ok(Written<SetupDto>),
}

#[derive(ApiResponse)]
enum TicketMade {
    /// The ticket was made.
    #[oai(status = 201)]
    Created(Written<TicketDto>),
}

#[derive(ApiResponse)]
enum Account {
    /// The caller's account.
    #[oai(status = 200)]
    Ok(Written<UserDto>),
}

#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(prefix_path = "/auth", tag = "Area::Auth")]
impl AuthApi {
    /// Get the facts needed before signing in
    ///
    /// For the page of a user who has not signed in: the server's name and looks, whether it needs
    /// its first admin, who may create accounts and rooms, and how long a message may be.
    #[oai(path = "/setup", method = "get", operation_id = "get_setup")]
    async fn setup(
        &self,
        chat: Data<&Chat>,
        site: Data<&Arc<Site>>,
        local: Local,
    ) -> Result<Setup, Failure<STORE>> {
        let setup = chat.setup(local.0).await?;
        Ok(Setup::Ok(Written::of(&SetupDto::new(setup, &site))?))
    }

    /// Create an account
    ///
    /// Every client may, unless the server's `signup` is `closed`: then only admins create
    /// accounts, and other clients get `signup_closed`. If it is `invite`, other clients need the
    /// token of an invite. With a room's invite the account becomes a member of the room. Unknown,
    /// expired, revoked and used invites get the same answer, `invite_not_found`. The role `admin`
    /// needs an admin's token. While there is no admin, a client on the machine itself gets it
    /// without a token.
    #[oai(path = "/signup", method = "post", operation_id = "signup")]
    async fn signup(
        &self,
        chat: Data<&Chat>,
        caller: MaybeCaller,
        local: Local,
        address: ClientAddress,
        body: Body<SignupRequest>,
    ) -> Result<SignedUp, Failure<{ BODY | TOKEN | FORBIDDEN | INVITE | CONFLICT | PACE | STORE }>>
    {
        let Body(SignupRequest { username, email, password, role, invite }) = body;
        let role = role.map_or(Role::User, Role::from);
        let signup = Signup { username, email, password, role, invite };
        let caller = SignupCaller { local: local.0, identity: caller.0, address: address.0 };
        let user = chat.signup(signup, caller).await?;
        Ok(SignedUp::Created(Written::of(&user.into())?))
    }

    /// Sign in
    ///
    /// Opens a session. `username` takes the username or the email of the account. An unknown user and a
    /// wrong password get the same answer. After some failures with one name, or from one address,
    /// further attempts are refused for a while.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        chat: Data<&Chat>,
        address: ClientAddress,
        body: Body<LoginRequest>,
    ) -> Result<SignedIn, Failure<{ BODY | CREDENTIALS | STORE | PACE }>> {
        let Body(LoginRequest { username, password }) = body;
        let login = chat.login(&username, password, address.0).await?;
        Ok(SignedIn::Ok(Written::of(&login.into())?))
    }

    /// The caller's account
    ///
    /// The account that the token belongs to.
    #[oai(path = "/me", method = "get", operation_id = "me")]
    async fn me(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
    ) -> Result<Account, Failure<{ TOKEN | STORE }>> {
        let user = chat.me(&caller.0).await?;
        Ok(Account::Ok(Written::of(&user.into())?))
    }

    /// Sign out
    ///
    /// Ends the caller's session: its tokens become invalid and its sockets are closed.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Person>,
    ) -> Result<Done, Failure<{ TOKEN | STORE }>> {
        chat.logout(&caller.0).await?;
        Ok(Done::NoContent)
    }

    /// Get a new token
    ///
    /// For the same session, which now ends later. The old token is valid until it expires.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Person>,
    ) -> Result<SignedIn, Failure<{ TOKEN | STORE }>> {
        let login = chat.refresh(&caller.0).await?;
        Ok(SignedIn::Ok(Written::of(&login.into())?))
    }

    /// Get a ticket for a socket
    ///
    /// The ticket opens one socket, once, within 30 seconds, as `?ticket=` of its URL. It is for
    /// browsers, which cannot send a header with a socket, because URLs may be logged on the way.
    /// It becomes invalid with the caller's session. A page whose origin may not open sockets gets
    /// an error with the reason, because a browser hides a refused handshake from its page.
    #[oai(path = "/ws-ticket", method = "post", operation_id = "create_ticket")]
    async fn create_ticket(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        origins: AllowedOrigins,
        headers: &HeaderMap,
    ) -> Result<TicketMade, Failure<{ TOKEN | FORBIDDEN | STORE }>> {
        origins.check(headers)?;
        let ticket = chat.create_ticket(&caller.0).await?;
        Ok(TicketMade::Created(Written::of(&ticket.into())?))
    }

    /// Change the password
    ///
    /// Ends every other session of the account; the caller's session stays open. A wrong current
    /// password counts like a failed sign-in.
    #[oai(path = "/password", method = "post", operation_id = "change_password")]
    async fn change_password(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Person>,
        address: ClientAddress,
        body: Body<PasswordRequest>,
    ) -> Result<Done, Failure<{ BODY | TOKEN | FORBIDDEN | STORE | PACE }>> {
        let Body(PasswordRequest { current_password, new_password }) = body;
        chat.change_password(&caller.0, current_password, new_password, address.0).await?;
        Ok(Done::NoContent)
    }

    /// Set a new password by a link
    ///
    /// Needs the token of `POST /admin/users/{user_id}/password-reset` or of `chatapp users
    /// reset-password --link`, and no session. The token is used up, and every session of the
    /// account ends. Unknown, used and expired tokens get the same answer, `invalid_reset_token`,
    /// and count like failed sign-ins from the caller's address.
    #[oai(path = "/password-reset", method = "post", operation_id = "reset_password")]
    async fn reset_password(
        &self,
        chat: Data<&Chat>,
        address: ClientAddress,
        body: Body<PasswordResetRequest>,
    ) -> Result<Done, Failure<{ BODY | CREDENTIALS | STORE | PACE }>> {
        let Body(PasswordResetRequest { token, new_password }) = body;
        chat.reset_password(&token, new_password, address.0).await?;
        Ok(Done::NoContent)
    }
}
