//! Health checks: `/health` and `/ready`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::HealthDto;
use super::failure::{Failure, INTERNAL, STORE};
use super::payload::Written;
use crate::chat::Chat;

pub(super) struct HealthApi;

#[derive(ApiResponse)]
enum Healthy {
    /// All is well.
    #[oai(status = 200)]
    Ok(Written<HealthDto>),
}

#[OpenApi(tag = "Area::Health")]
impl HealthApi {
    /// Is the process alive?
    ///
    /// Does not use the database: a failure here means that a restart would help.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> Result<Healthy, Failure<INTERNAL>> {
        ok()
    }

    /// Can it serve?
    ///
    /// Reads from the database and, if the last write failed, tries another write: a failure here
    /// means that requests should go to another server for now.
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self, chat: Data<&Chat>) -> Result<Healthy, Failure<STORE>> {
        chat.check_ready().await?;
        ok()
    }
}

fn ok<const SET: u32>() -> Result<Healthy, Failure<SET>> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Healthy::Ok(Written::of(&HealthDto { status: "ok".into(), version })?))
}
