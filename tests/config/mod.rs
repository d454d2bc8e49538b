//! The settings: which source wins, what is refused and in which words, what is never shown.

mod example;
mod operator;
mod refusals;
mod sources;
mod values;
