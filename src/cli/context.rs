//! The global options and the environment, which every command gets.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::{self, Loaded, Problems, Sources};

const DEFAULT_FILE: &str = "chatapp.toml";

/// Options that every command takes.
#[derive(Debug, clap::Args)]
pub(super) struct Global {
    /// Read the settings from this file [default: chatapp.toml in the working folder, if there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    config: Option<PathBuf>,

    /// The database: sqlite://chat.db, sqlite:///srv/chat.db or postgres://user@host/name
    /// [default: sqlite://chatapp.db]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    database: Option<String>,
}

#[derive(Debug)]
pub(super) struct Context {
    global: Global,
    environment: Vec<(OsString, OsString)>,
}

impl Context {
    pub fn new(global: Global, environment: Vec<(OsString, OsString)>) -> Self {
        Self { global, environment }
    }

    /// Loads the settings. `bind`, if given, overrides every other source.
    pub fn settings(&self, bind: Option<String>) -> Result<Loaded, Problems> {
        let flags = [
            ("--database", "database.url", self.global.database.clone()),
            ("--bind", "http.bind", bind),
        ];
        config::load(Sources {
            file: self.file(),
            file_is_required: self.global.config.is_some(),
            environment: self.environment.clone(),
            flags: flags
                .into_iter()
                .filter_map(|(flag, key, text)| Some((flag, key, text?)))
                .collect(),
        })
    }

    /// The values of --config and --database only, without file and environment.
    pub fn given(&self) -> (Option<PathBuf>, Option<String>) {
        (self.global.config.clone(), self.global.database.clone())
    }

    /// The path of the settings file, which may not exist.
    pub fn file(&self) -> PathBuf {
        self.global.config.clone().unwrap_or_else(|| DEFAULT_FILE.into())
    }
}
