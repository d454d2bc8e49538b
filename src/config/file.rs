//! Parses the settings file: from TOML to keys and values, each with its line number.
//!
//! This module does not check which keys exist, except to tell sections from settings. No error repeats a
//! line of the file, because the line may hold a secret.

use std::path::Path;

use config::{Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Returns every value of the file with its full key (`http.bind`), sorted by key.
///
/// # Errors
/// A syntax error, with its line.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<(String, Value)>, String> {
    let source = Source { name: path.display().to_string(), text };
    let table = DeTable::parse(text).map_err(|error| {
        let place = source.place(error.span().map_or(0, |span| span.start));
        format!("{place}: {}", error.message())
    })?;
    let mut settings = Vec::new();
    source.flatten("", table.get_ref(), &mut settings);
    Ok(settings)
}

struct Source<'a> {
    name: String,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, offset: usize) -> String {
        let before = self.text.as_bytes().iter().take(offset);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        format!("{}, line {line}", self.name)
    }

    fn flatten(&self, prefix: &str, table: &DeTable<'_>, settings: &mut Vec<(String, Value)>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(table) if !table.is_empty() => {
                    self.flatten(&format!("{key}."), table, settings);
                }
                // A section such as `[http]` in which every line is commented out.
                DeValue::Table(_) if is_section(&key) => {}
                _ => settings.push((key, self.value(name.span().start, value))),
            }
        }
    }

    fn value(&self, offset: usize, value: &Spanned<DeValue<'_>>) -> Value {
        let kind: ValueKind = match value.get_ref() {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => number.into(),
                    // Too large for i64. Kept as text, so that the rules reject it and show it.
                    Err(_) => number.as_str().into(),
                }
            }
            DeValue::Float(number) => number.as_str().parse().unwrap_or(f64::NAN).into(),
            DeValue::Boolean(truth) => (*truth).into(),
            DeValue::Datetime(datetime) => datetime.to_string().into(),
            DeValue::Array(items) => ValueKind::Array(
                items.iter().map(|item| self.value(item.span().start, item)).collect(),
            ),
            // An empty table in the place of a setting.
            DeValue::Table(_) => ValueKind::Nil,
        };
        Value::new(Some(&self.place(offset)), kind)
    }
}

pub(super) fn is_section(key: &str) -> bool {
    super::keys().any(|known| known.split('.').next() == Some(key))
}
