//! The settings: the order of the sources, the accepted values, the errors, and secrets, which no error shows.

mod example;
mod operator;
mod refusals;
mod sources;
mod values;
