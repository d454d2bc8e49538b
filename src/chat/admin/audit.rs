//! Reading the audit log. Nothing writes it but the acts themselves.

use serde::Serialize;

use super::{Admin, Result};
use crate::chat::Error;
use crate::model::{AuditEntry, AuditId};

/// Entries of a page, unless the caller says how many.
pub const DEFAULT_AUDIT_PAGE: u32 = 50;
pub const MAX_AUDIT_PAGE: u32 = 200;

/// A stretch of the log, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// Given as `before`, it brings what is older; `None` if there is nothing.
    pub next_before: Option<AuditId>,
}

impl Admin<'_> {
    /// # Errors
    /// [`Error::InvalidFields`] if `limit` is not from 1 to [`MAX_AUDIT_PAGE`].
    pub fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<AuditPage> {
        if !(1..=MAX_AUDIT_PAGE).contains(&limit) {
            let message = format!("must be from 1 to {MAX_AUDIT_PAGE}");
            return Err(Error::field("limit", message).into());
        }
        let mut entries = self.backend.list_audit(before, limit + 1)?;
        let has_older = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next_before = entries.last().filter(|_| has_older).map(|entry| entry.id);
        Ok(AuditPage { entries, next_before })
    }
}
