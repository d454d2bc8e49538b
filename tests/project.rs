//! Tests of the parts that come with the server: the page, the SDK, examples, documentation, dependencies, releases.

mod dependencies;
mod documents;
mod examples;
mod generators;
mod layers;
mod page;
mod release;
mod sdk;
mod sdk_python;
mod support;
mod walkthrough;
