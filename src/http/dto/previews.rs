//! Previews of links.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use crate::chat::Preview;
use crate::model::{EventId, RoomId};

/// What a page says of itself to which a message links.
///
/// All texts are those of the page: plain text of one line, without characters that change the direction of text.
#[derive(Object, Serialize)]
#[oai(rename = "Preview", example)]
pub(in crate::http) struct PreviewDto {
    /// The address of the link, in the form in which browsers write it.
    pub url: String,
    /// At most 200 characters.
    pub title: String,
    /// At most 500 characters.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name by which the page calls its site, at most 100 characters. Show the host of `url` too: a page can give
    /// itself any name.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// The path of the image on this server, if the page names one. The image may turn out not to exist.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

impl PreviewDto {
    pub fn new(room_id: RoomId, id: EventId, preview: Preview) -> Self {
        let Preview { index, url, title, description, site_name, has_image } = preview;
        let path = || format!("/rooms/{}/messages/{}/previews/{index}/image", room_id.0, id.0);
        Self { url: url.into(), title, description, site_name, image: has_image.then(path) }
    }
}

impl Example for PreviewDto {
    fn example() -> Self {
        Self {
            url: "https://example.com/tea".into(),
            title: "Tea".into(),
            description: Some("How to make it".into()),
            site_name: Some("Example".into()),
            image: Some("/rooms/1/messages/10/previews/0/image".into()),
        }
    }
}
