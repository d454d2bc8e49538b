//! What comes with the server: the page, the examples, the documentation, dependencies and releases.

mod dependencies;
mod documents;
mod examples;
mod page;
mod release;
mod support;
mod walkthrough;
