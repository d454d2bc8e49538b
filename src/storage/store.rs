//! The async handle over a [`Backend`](super::Backend).
