//! Searching messages at the command line.

use serde_json::json;

use super::{Admin, Result};
use crate::chat::{SearchPage, SearchRequest};
use crate::model::{Reader, User};

impl Admin<'_> {
    /// Finds messages of public rooms, or messages that `user` may read. The latter is recorded, because it shows what
    /// was written in private.
    ///
    /// # Errors
    /// A rule's error: the request is not acceptable.
    pub fn search_messages(
        &self,
        user: Option<&User>,
        request: SearchRequest,
    ) -> Result<SearchPage> {
        let Some(user) = user else { return request.run(self.backend, None, self.now) };
        let reader = Reader { user_id: user.id, username: &user.username };
        // The query is not recorded: nothing could erase it.
        self.backend.record_search(user.id, &self.entry("user.search", json!({}))?)?;
        request.run(self.backend, Some(reader), self.now)
    }
}
