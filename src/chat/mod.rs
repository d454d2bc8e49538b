//! The rules: who may do what, and what is acceptable. Knows storage and the hub, never HTTP.

mod error;

pub use error::{Error, FieldError, Result};
