//! The sources of settings for a test: a file, an environment and flags.

use chatapp::config::{Config, Loaded, Problems, Sources, load};

pub const SECRET: &str = "open-sesame-open-sesame-open-sesame";

/// The settings that an operator has made: in a file, in the environment and as flags.
pub struct Operator {
    pub folder: tempfile::TempDir,
    pub sources: Sources,
}

pub fn operator() -> Operator {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chatapp.toml");
    let sources =
        Sources { file, file_is_required: false, environment: Vec::new(), flags: Vec::new() };
    Operator { folder, sources }
}

pub fn with_file(text: &str) -> Operator {
    let operator = operator();
    std::fs::write(&operator.sources.file, text).unwrap();
    operator
}

impl Operator {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    pub fn flag(mut self, flag: &'static str, key: &'static str, value: &str) -> Self {
        self.sources.flags.push((flag, key, value.to_owned()));
        self
    }

    pub fn try_load(&self) -> Result<Loaded, Problems> {
        load(self.sources.clone())
    }

    #[track_caller]
    pub fn loads(&self) -> Config {
        self.try_load().unwrap_or_else(|problems| panic!("refused: {problems}")).config
    }

    /// Returns the problems, without the name of the folder.
    #[track_caller]
    pub fn problems(&self) -> Vec<String> {
        let Err(Problems(problems)) = self.try_load() else { panic!("accepted") };
        let folder = format!("{}/", self.folder.path().display());
        problems.into_iter().map(|problem| problem.replace(&folder, "")).collect()
    }

    /// Returns the problem. There must be only one.
    #[track_caller]
    pub fn problem(&self) -> String {
        let mut problems = self.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0)
    }
}
