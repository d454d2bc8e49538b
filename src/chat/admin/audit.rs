//! Reading the audit log. Nothing writes it but the acts themselves.

use serde::Serialize;

use super::{Admin, Result, check_page};
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
    /// [`Error::InvalidFields`](crate::chat::Error) if `limit` is not from 1 to [`MAX_AUDIT_PAGE`],
    /// or `before` is negative.
    pub fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<AuditPage> {
        check_page(("before", before.map(|id| id.0)), limit, MAX_AUDIT_PAGE)?;
        let mut entries = self.backend.list_audit(before, limit + 1)?;
        let has_older = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next_before = entries.last().filter(|_| has_older).map(|entry| entry.id);
        Ok(AuditPage { entries, next_before })
    }
}
