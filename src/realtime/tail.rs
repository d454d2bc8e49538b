//! The newest part of a room's log, encoded.
