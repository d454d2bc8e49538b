//! Where settings come from: defaults, then a file, then the environment, then flags; the last
//! one that speaks wins.
//!
//! Everything it reads is an argument, so a test sees what an operator does. It finds every
//! problem before it gives up, and never repeats the value of a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;

use config::{Value, ValueKind};

use super::{Config, file, keys, kubernetes, log_filter, rules, unknown};

const PREFIX: &str = "CHATAPP_";

/// The usual variable for the URL of the database; `CHATAPP_DATABASE__URL` beats it.
const DATABASE_URL: &str = "DATABASE_URL";

/// Variables of the tests.
const OF_TESTS: &str = "CHATAPP_TEST_";

/// What to read.
#[derive(Clone, Debug)]
pub struct Sources {
    pub file: PathBuf,
    /// Whether it is an error if there is no such file.
    pub file_is_required: bool,
    pub environment: Vec<(OsString, OsString)>,
    /// Flag (`--bind`), key and value of those that were given.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// The settings, and where each was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub config: Config,
    /// `default`, `chatapp.toml, line 3`, `CHATAPP_HTTP__BIND` or `--bind`, by key.
    pub origins: BTreeMap<&'static str, String>,
    /// What can be used and is probably not meant, a sentence each.
    pub warnings: Vec<String>,
}

/// Everything that is wrong with the settings, a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// # Errors
/// Every unknown key, wrong type and value out of range.
pub fn load(sources: Sources) -> Result<Loaded, Problems> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut layers = read_file(&sources).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    layers.extend(read_environment(sources.environment, &mut problems, &mut warnings));
    for (flag, key, text) in sources.flags {
        if let Some((key, rule)) = rules::find(key) {
            layers.push((key.to_owned(), Value::new(Some(&flag.to_owned()), rule.read(text))));
        }
    }

    let merged = merge(layers, &mut problems).map_err(|error| Problems(vec![error.to_string()]))?;
    let mut origins = BTreeMap::new();
    for key in keys() {
        // An empty list among the defaults is left out by `config` when it serialises them.
        let value = find(&merged.cache, key);
        if let Some(value) = value {
            check(key, value, &mut problems);
        }
        let origin = value.and_then(Value::origin).unwrap_or("default");
        origins.insert(key, origin.to_owned());
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    // The rules have accepted every value, so this can fail only where they forget something.
    let config: Config =
        merged.try_deserialize().map_err(|error| Problems(vec![error.to_string()]))?;
    if config.http.tls_certificate.is_empty() != config.http.tls_key.is_empty() {
        let sentence = "http.tls_certificate and http.tls_key go together: set both, or neither";
        return Err(Problems(vec![sentence.to_owned()]));
    }
    warnings.extend(log_filter::doubts(&config.log.level));
    Ok(Loaded { config, origins, warnings })
}

/// The layers over the defaults, without the keys that do not exist.
fn merge(
    layers: Vec<(String, Value)>,
    problems: &mut Vec<String>,
) -> Result<config::Config, config::ConfigError> {
    let defaults = config::Config::try_from(&Config::default())?;
    let mut builder = config::Config::builder().add_source(defaults);
    for (key, value) in layers {
        if rules::find(&key).is_some() {
            builder = builder.set_override(key, value)?;
            continue;
        }
        let place = value.origin().unwrap_or_default();
        problems.push(if file::is_section(&key) {
            format!("{key} in {place} is a section: write [{key}] and its settings below")
        } else {
            let advice = unknown::advice(&key);
            format!("there is no setting {key} ({place}): {advice}")
        });
    }
    builder.build()
}

/// Not [`config::Config::get`], which forgets where the value is from.
fn find<'a>(root: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(root, |value, name| match &value.kind {
        ValueKind::Table(table) => table.get(name),
        _ => None,
    })
}

fn check(key: &str, value: &Value, problems: &mut Vec<String>) {
    let Some((_, rule)) = rules::find(key) else { return };
    if let Err(accepted) = rule.check(value) {
        let place = value.origin().unwrap_or("its default");
        problems.push(if rule.is_secret() {
            format!("{key} in {place} cannot be used: it takes {accepted}")
        } else {
            format!("{key} is {} in {place}: it takes {accepted}", show(value))
        });
    }
}

fn show(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        ValueKind::Nil => "an empty section".to_owned(),
        ValueKind::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

fn read_file(sources: &Sources) -> Result<Vec<(String, Value)>, String> {
    let name = sources.file.display();
    match std::fs::read(&sources.file) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => file::parse(&sources.file, &text),
            Err(_) => Err(format!("{name} is not UTF-8 text: save it as UTF-8")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if sources.file_is_required {
                Err(format!("there is no file {name}: name one that exists with --config"))
            } else {
                Ok(Vec::new())
            }
        }
        Err(error) => Err(format!("{name} cannot be read: {error}")),
    }
}

/// An empty variable counts as not set, as `NAME=${NAME}` in a compose file means it; but for a
/// list, which it makes empty.
fn read_environment(
    environment: Vec<(OsString, OsString)>,
    problems: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Vec<(String, Value)> {
    let mut settings = Vec::new();
    let mut service_links = Vec::new();
    for (name, text) in environment {
        let Some(name) = name.to_str() else { continue };
        let is_usual = name == DATABASE_URL;
        if !is_usual && (!name.starts_with(PREFIX) || name.starts_with(OF_TESTS)) {
            continue;
        }
        let known =
            keys().find(|key| (is_usual && *key == "database.url") || variable(key) == name);
        let Some((key, rule)) = known.and_then(rules::find) else {
            let written = &name[PREFIX.len()..];
            if text.to_str().is_some_and(|text| kubernetes::is_service_link(written, text)) {
                service_links.push(name.to_owned());
                continue;
            }
            let advice = match unknown::nearest(&written.replace("__", ".")) {
                Some(nearest) => format!("did you mean {}?", variable(nearest)),
                None => "settings are CHATAPP_SECTION__NAME, and `chatapp config show` lists them"
                    .to_owned(),
            };
            problems.push(format!("there is no setting {name} (environment): {advice}"));
            continue;
        };
        let Ok(text) = text.into_string() else {
            problems.push(format!("{name} (environment) is not UTF-8 text"));
            continue;
        };
        if text.is_empty() && !rule.is_list() {
            continue;
        }
        let value = Value::new(Some(&name.to_owned()), rule.read(text));
        settings.push((key.to_owned(), value));
    }
    if !service_links.is_empty() {
        service_links.sort_unstable();
        let names = service_links.join(", ");
        warnings.push(format!(
            "Kubernetes has set {names} for a service of this name: they are no settings, and are passed over"
        ));
    }
    // The usual variable first, so that ours is laid over it.
    settings.sort_by_key(|(_, value)| value.origin() != Some(DATABASE_URL));
    settings
}

/// `http.bind` is `CHATAPP_HTTP__BIND`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
