//! The servers on the database, for operators.

use super::{Chat, Result};
use crate::model::Node;

impl Chat {
    /// The nodes that live, in order of id. For callers that may read the figures.
    ///
    /// # Errors
    /// [`Error::Busy`](super::Error), [`Error::Unavailable`](super::Error).
    pub async fn list_nodes(&self) -> Result<Vec<Node>> {
        Ok(self.inner.fleet.list_nodes(&self.inner.store).await?)
    }
}
