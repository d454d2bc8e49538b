//! Errors of transactions.

use crate::storage::Error;
use crate::storage::backend::{AppendError, ChangeError, HookError, InviteError, MemberError};

/// The error of a transaction that may refuse what it was asked for. Every error rolls the transaction back.
pub(in crate::storage) trait Refusal: From<Error> {
    /// Changes the error if it is one of storage, and not a refusal.
    fn map_storage(self, map: impl FnOnce(Error) -> Error) -> Self;
}

impl Refusal for Error {
    fn map_storage(self, map: impl FnOnce(Error) -> Error) -> Self {
        map(self)
    }
}

macro_rules! refusals {
    ($($name:ty),+) => {$(
        impl Refusal for $name {
            fn map_storage(self, map: impl FnOnce(Error) -> Error) -> Self {
                match self {
                    Self::Storage(error) => Self::Storage(map(error)),
                    refusal => refusal,
                }
            }
        }
    )+};
}

refusals!(AppendError, ChangeError, InviteError, MemberError);

impl Refusal for HookError {
    fn map_storage(self, map: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Member(error) => Self::Member(error.map_storage(map)),
            refusal => refusal,
        }
    }
}
