//! Previews of links: `/rooms/{room_id}/messages/{message_id}/previews`.

use std::sync::Arc;

use poem::http::header;
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::PreviewDto;
use super::extract::{Caller, Path, Reads};
use super::failure::{FIELDS, FORBIDDEN, Failure, PACE, PREVIEW, STORE, TOKEN};
use super::file;
use super::payload::Written;
use super::types::{Number, Position};
use crate::chat::{Chat, PreviewImage};
use crate::model::{EventId, RoomId};

/// An image that is opened as a page runs and loads nothing.
const IMAGE_POLICY: &str = "sandbox; default-src 'none'";

pub(super) struct PreviewsApi;

#[derive(ApiResponse)]
enum Previews {
    /// The previews, in the order of the links; at most three.
    #[oai(status = 200)]
    Ok(Written<Vec<PreviewDto>>),
}

#[derive(ApiResponse)]
enum Image {
    /// The image: JPEG, PNG, GIF or WebP.
    #[oai(status = 200)]
    Ok(Picture),
}

#[OpenApi(tag = "Area::Messages")]
impl PreviewsApi {
    /// List the previews of a message's links
    ///
    /// What the pages say of themselves to which the first three links of the message lead. Only links that begin with
    /// `http://` or `https://` and are not in code count. The server fetches the pages, if it has not done so lately,
    /// and this can take some seconds. A link without a preview is left out: its page cannot be reached, is not on the
    /// public internet, or has no title. `GET /auth/setup` says whether the server shows previews.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/previews",
        method = "get",
        operation_id = "list_previews"
    )]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
    ) -> Result<Previews, Failure<{ FIELDS | TOKEN | FORBIDDEN | PREVIEW | PACE | STORE }>> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        let previews = chat.list_previews(&caller.0, room_id, id).await?;
        let previews: Vec<_> =
            previews.into_iter().map(|it| PreviewDto::new(room_id, id, it)).collect();
        Ok(Previews::Ok(Written::of(&previews)?))
    }

    /// Get the image of a preview
    ///
    /// As the page at the link names it, without a change. Its path is in the preview.
    #[oai(
        path = "/rooms/:room_id/messages/:message_id/previews/:index/image",
        method = "get",
        operation_id = "get_preview_image"
    )]
    async fn image(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// The message's id.
        message_id: Path<Number>,
        /// The place of the link in the message, from 0.
        index: Path<Position>,
    ) -> Result<Image, Failure<{ FIELDS | TOKEN | FORBIDDEN | PREVIEW | PACE | STORE }>> {
        let (room_id, id) = (RoomId(room_id.0.0), EventId(message_id.0.0));
        // No link has a negative index, or one that is too large.
        let index = usize::try_from(index.0.0).unwrap_or(usize::MAX);
        Ok(Image::Ok(Picture(chat.preview_image(&caller.0, room_id, id, index).await?)))
    }
}

/// The bytes of an image.
struct Picture(Arc<PreviewImage>);

impl Payload for Picture {
    const CONTENT_TYPE: &'static str = "image/*";

    fn schema_ref() -> MetaSchemaRef {
        let schema = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        let PreviewImage { media_type, bytes } = &*self.0;
        let mut response = Response::builder().content_type(media_type).body(bytes.clone());
        let headers = response.headers_mut();
        file::set(headers, header::CONTENT_SECURITY_POLICY, IMAGE_POLICY);
        file::set(headers, header::CONTENT_DISPOSITION, "inline");
        // Not for long: the message may be deleted, or the caller may lose the right to read it. And not for the next
        // person who signs in with the same browser.
        file::set(headers, header::CACHE_CONTROL, "private, max-age=300");
        file::set(headers, header::VARY, "Authorization");
        response
    }
}
