//! People: `/users/`, and what the caller shows of themselves.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{BlockDto, PeoplePageDto, ProfileRequest, UserCardDto};
use super::extract::{Body, Caller, Everywhere, Path, Query, Reads, Sends};
use super::failure::{BODY, FIELDS, Failure, PACE, STORE, TOKEN, USER};
use super::payload::Written;
use super::types::{Int, Limit, Number, Position};
use crate::chat::{Chat, DEFAULT_PAGE};
use crate::model::{PeopleQuery, UserId};

pub(super) struct PeopleApi;

#[derive(ApiResponse)]
enum People {
    /// The people, in order of id.
    #[oai(status = 200)]
    Ok(Written<PeoplePageDto>),
}

#[derive(ApiResponse)]
enum Person {
    /// The person.
    #[oai(status = 200)]
    Ok(Written<UserCardDto>),
}

#[derive(ApiResponse)]
enum Blocks {
    /// The blocked users, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<BlockDto>>),
}

#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(prefix_path = "/users/", tag = "Area::People")]
impl PeopleApi {
    /// Search the directory
    ///
    /// Every account may. Accounts that are not active are left out. The path may be written without
    /// its last slash.
    #[oai(path = "/", method = "get", operation_id = "list_people")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// Only people with this text in the username or the display name; case is ignored.
        query: Query<Option<String>>,
        /// The most people to return.
        #[oai(default = "default_limit")]
        limit: Query<Limit>,
        /// The people with a greater id.
        after: Query<Option<Position>>,
    ) -> Result<People, Failure<{ FIELDS | TOKEN | STORE }>> {
        let query = PeopleQuery {
            text: query.0,
            after: after.0.map(|after| UserId(after.0)),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: u32::try_from(limit.0.0).unwrap_or(0),
        };
        let page = PeoplePageDto::from(chat.list_people(&caller.0, query).await?);
        Ok(People::Ok(Written::of(&page)?))
    }

    /// Get a person
    ///
    /// Also one whose account is not active. Deleted accounts are not found.
    #[oai(path = "/:user_id", method = "get", operation_id = "get_person")]
    async fn get(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// The user's id.
        user_id: Path<Number>,
    ) -> Result<Person, Failure<{ FIELDS | TOKEN | USER | STORE }>> {
        let person = chat.get_person(&caller.0, UserId(user_id.0.0)).await?;
        Ok(Person::Ok(Written::of(&person.into())?))
    }

    /// Change the caller's profile
    ///
    /// A new display name is in messages and frames from then on, also in those of sockets that are open.
    #[oai(path = "/me", method = "patch", operation_id = "update_profile")]
    async fn update(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        body: Body<ProfileRequest>,
    ) -> Result<Person, Failure<{ BODY | TOKEN | PACE | STORE }>> {
        let person = chat.update_profile(&caller.0, body.0.into()).await?;
        Ok(Person::Ok(Written::of(&person.into())?))
    }

    /// List the users whom the caller has blocked
    ///
    /// Nobody else sees this list.
    #[oai(path = "/me/blocks", method = "get", operation_id = "list_blocks")]
    async fn blocks(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
    ) -> Result<Blocks, Failure<{ TOKEN | STORE }>> {
        let blocks = chat.list_blocks(&caller.0).await?;
        let blocks = blocks.into_iter().map(BlockDto::from).collect();
        Ok(Blocks::Ok(Written::of(&blocks)?))
    }

    /// Block a user
    ///
    /// A blocked user cannot open a direct room with the caller, nor send in a direct room of the two. The
    /// user is not told.
    #[oai(path = "/me/blocks/:user_id", method = "put", operation_id = "add_block")]
    async fn add_block(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        /// The user's id.
        user_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | USER | PACE | STORE }>> {
        chat.add_block(&caller.0, UserId(user_id.0.0)).await?;
        Ok(Done::NoContent)
    }

    /// Lift a block
    ///
    /// The caller's own one: a block by the other person stays.
    #[oai(path = "/me/blocks/:user_id", method = "delete", operation_id = "remove_block")]
    async fn remove_block(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        /// The user's id.
        user_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | USER | PACE | STORE }>> {
        chat.remove_block(&caller.0, UserId(user_id.0.0)).await?;
        Ok(Done::NoContent)
    }
}

fn default_limit() -> Limit {
    Int(DEFAULT_PAGE.into())
}
