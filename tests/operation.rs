//! Tests of the parts that an operator relies on: commands, settings, copies of the data, load, and faults
//! that the server must survive.

mod balancers;
mod bench;
mod bench_fleet;
mod cli;
mod config;
mod crash;
mod data;
mod faults;
mod operator;
mod support;
mod upgrade;
