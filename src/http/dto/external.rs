//! The accounts of a product, and what its server does for them.

use poem_openapi::Object;
use poem_openapi::types::Example;

use super::metadata::MetadataDto;
use crate::chat::{MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS};
use crate::http::types::Int;

/// How long a token is valid, in seconds.
pub(in crate::http) type TokenSeconds =
    Int<{ MIN_TOKEN_SECONDS as i64 }, { MAX_TOKEN_SECONDS as i64 }>;

/// A token of the product.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ExchangeRequest {
    /// A JWT of at most 8,192 bytes.
    pub token: String,
}

impl Example for ExchangeRequest {
    fn example() -> Self {
        Self { token: "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiI0MiJ9.c2ln".into() }
    }
}

/// An account to be created for a person.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct AccountRequest {
    /// As for `POST /auth/signup`.
    pub username: String,
    /// As for `POST /auth/signup`. An account without an email has a text that begins with `no-email-` in its place.
    #[oai(nullable)]
    pub email: Option<String>,
    /// As for `POST /auth/signup`. Without a password the person cannot sign in by `POST /auth/login`.
    #[oai(nullable)]
    pub password: Option<String>,
    /// The name that is shown, at most 64 characters.
    #[oai(nullable)]
    pub display_name: Option<String>,
    /// The person's id in the product, at most 255 characters: the product's tokens with this subject open the account.
    /// Not together with a password.
    #[oai(nullable)]
    pub external_subject: Option<String>,
    /// Data of the product's own on the person, for admins and for the person alone.
    #[oai(nullable)]
    pub metadata: Option<MetadataDto>,
}

impl Example for AccountRequest {
    fn example() -> Self {
        Self {
            username: "ann".into(),
            email: None,
            password: None,
            display_name: Some("Ann Lee".into()),
            external_subject: Some("42".into()),
            metadata: Some(MetadataDto::example()),
        }
    }
}

/// How long the token is valid.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct UserTokenRequest {
    /// Seconds; an hour if left out.
    #[oai(nullable)]
    pub expires_in: Option<TokenSeconds>,
}

impl Example for UserTokenRequest {
    fn example() -> Self {
        Self { expires_in: Some(Int(900)) }
    }
}
