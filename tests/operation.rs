//! What an operator relies on: commands, settings, copies of the data, load, and what the server survives.

mod bench;
mod cli;
mod config;
mod crash;
mod data;
mod faults;
mod operator;
mod support;
