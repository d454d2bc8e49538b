//! Tests of the parts that come with the server: the page, examples, documentation, dependencies, releases.

mod dependencies;
mod documents;
mod examples;
mod layers;
mod page;
mod release;
mod support;
mod walkthrough;
