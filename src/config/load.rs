//! Loads the settings from defaults, the file, the environment and flags. A later source overrides an
//! earlier one.
//!
//! All sources are arguments, so that tests can set them. All problems are reported at once, and never
//! with the value of a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;

use config::{Value, ValueKind};

use super::{Config, external, file, hooks, keys, kubernetes, log_filter, rules, unknown};

const PREFIX: &str = "CHATAPP_";

/// The usual variable for a database URL; `CHATAPP_DATABASE__URL` overrides it.
const DATABASE_URL: &str = "DATABASE_URL";

/// The prefix of variables that the tests use; they are not settings.
const OF_TESTS: &str = "CHATAPP_TEST_";

/// The sources of the settings.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The path of the settings file.
    pub file: PathBuf,
    /// Whether a missing file is an error.
    pub file_is_required: bool,
    /// The names and values of all environment variables of the process.
    pub environment: Vec<(OsString, OsString)>,
    /// Flag (`--bind`), key and value of each flag that was given.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// The settings, and the source of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The value of every setting; settings that no source has keep their defaults.
    pub config: Config,
    /// By key: `default`, `chatapp.toml, line 3`, `CHATAPP_HTTP__BIND` or `--bind`.
    pub origins: BTreeMap<&'static str, String>,
    /// Settings that are valid but probably a mistake, a sentence each.
    pub warnings: Vec<String>,
}

/// All errors in the settings, a sentence each.
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
        // `config` leaves out empty lists when it serialises the defaults, so a value may be missing.
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
    // The rules have accepted every value, so this fails only if a rule is incomplete.
    let config: Config =
        merged.try_deserialize().map_err(|error| Problems(vec![error.to_string()]))?;
    if config.http.tls_certificate.is_empty() != config.http.tls_key.is_empty() {
        let sentence = "http.tls_certificate and http.tls_key belong together: set both or neither";
        return Err(Problems(vec![sentence.to_owned()]));
    }
    let mut faults = external::faults(&config);
    faults.extend(hooks::fault(&config));
    if !faults.is_empty() {
        return Err(Problems(faults));
    }
    warnings.extend(external::doubts(&config.external));
    warnings.extend(log_filter::doubts(&config.log.level));
    Ok(Loaded { config, origins, warnings })
}

/// Puts the layers over the defaults. An unknown key becomes a problem.
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
            format!("{key} in {place} is a section: write [{key}], and its settings below it")
        } else {
            let advice = unknown::advice(&key);
            format!("there is no setting {key} ({place}): {advice}")
        });
    }
    builder.build()
}

/// Finds a value with its origin, which [`config::Config::get`] loses.
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

/// An empty variable counts as not set, so that `NAME=${NAME}` in a compose file works. For a list it means
/// an empty list.
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
                None => "names are CHATAPP_SECTION__NAME; `chatapp config show` lists all settings"
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
            "Kubernetes has set {names} for a service of this name: they are not settings, and are ignored"
        ));
    }
    // DATABASE_URL comes first, so that CHATAPP_DATABASE__URL overrides it.
    settings.sort_by_key(|(_, value)| value.origin() != Some(DATABASE_URL));
    settings
}

/// The variable for a key: `CHATAPP_HTTP__BIND` for `http.bind`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}
