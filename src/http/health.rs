//! For whoever watches the server: `/health` and `/ready`.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::HealthDto;
use super::failure::{Failure, STORE};
use crate::chat::Chat;

pub(super) struct HealthApi;

#[derive(ApiResponse)]
enum Healthy {
    /// All is well.
    #[oai(status = 200)]
    Ok(Json<HealthDto>),
}

#[OpenApi(tag = "Area::Health")]
impl HealthApi {
    /// Is the process alive?
    ///
    /// Asks nothing of the database: a failure here means that a restart would help.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self) -> Healthy {
        ok()
    }

    /// Can it serve?
    ///
    /// Reads from the database: a failure here means that requests should go elsewhere for now.
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self, chat: Data<&Chat>) -> Result<Healthy, Failure<STORE>> {
        chat.check_ready().await?;
        Ok(ok())
    }
}

fn ok() -> Healthy {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Healthy::Ok(Json(HealthDto { status: "ok".into(), version }))
}
