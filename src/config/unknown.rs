//! The advice for an unknown key: the setting that was probably meant, or the existing ones.

use super::file::is_section;
use super::keys;

/// The text that follows "there is no setting http.bnd (chatapp.toml, line 3): ".
pub(super) fn advice(key: &str) -> String {
    let section = key.split_once('.').map(|(section, _)| section);
    let meant = nearest(key).map(|near| format!("did you mean {near}?"));
    match (section, meant) {
        // A line such as `bind = …` above the first section.
        (None, Some(meant)) => meant,
        (None, None) => format!("a setting belongs to a section, {}", sections()),
        (Some(section), meant) if !is_section(section) => {
            let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
            format!("there is no section [{section}], {}{meant}", sections())
        }
        (Some(_), Some(meant)) => meant,
        (Some(section), None) => {
            let names = keys().filter_map(|key| key.strip_prefix(section)?.strip_prefix('.'));
            format!("[{section}] has {}", names.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The known key that was probably meant. A match of the name without the section counts too, because
/// people remember the name of a setting better than its section.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let name = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let distance = |known: &'static str| -> Option<usize> {
        // `[http.bind]`: a section with the name of a setting.
        if key.strip_prefix(known).is_some_and(|rest| rest.starts_with('.')) {
            return Some(0);
        }
        // `HTTP_BIND` instead of `HTTP__BIND`.
        let flat = near(&key.replace('.', "_"), &known.replace('.', "_"));
        let whole = near(&key, known);
        let by_name = near(&name(&key), &name(known)).map(|distance| distance + 1);
        // `[limit]`: an empty section with a misspelt name.
        let section = known.split('.').next().unwrap_or_default();
        let by_section = near(&key, section).map(|distance| distance + 1);
        [whole, flat, by_name, by_section].into_iter().flatten().min()
    };
    let distances = keys().filter_map(|known| Some((distance(known)?, known)));
    distances.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// The number of differences, if it is small enough for a typing error.
fn near(written: &str, known: &str) -> Option<usize> {
    let distance = strsim::damerau_levenshtein(written, known);
    (distance <= (known.chars().count() / 3).max(1)).then_some(distance)
}

fn sections() -> String {
    let mut sections: Vec<String> =
        keys().filter_map(|key| Some(format!("[{}]", key.split_once('.')?.0))).collect();
    sections.dedup();
    format!("and the sections are {}", sections.join(", "))
}
