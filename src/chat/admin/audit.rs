//! Reading the audit log. Only administrative actions write to it.

use serde::Serialize;

use super::{Admin, Result, check_page};
use crate::model::{AuditEntry, AuditId};

/// The default number of entries of a page.
pub const DEFAULT_AUDIT_PAGE: u32 = 50;
pub const MAX_AUDIT_PAGE: u32 = 200;

/// A page of the audit log, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// The `before` of the next page; `None` if this is the last page.
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
