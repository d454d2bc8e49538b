//! Reading the audit log. The methods that administer write it.

use crate::model::{AuditEntry, AuditId};
use crate::storage::Result;

/// Reading the audit log.
pub trait Audit {
    /// Lists at most `limit` entries with a smaller id than `before`, newest first.
    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>>;
}
