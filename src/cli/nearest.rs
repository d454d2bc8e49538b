//! Suggests names that are similar to a misspelt one.

/// The most names that are suggested.
const MAX: usize = 3;

/// Returns the end of a sentence with the most similar names, the best first:
/// `did you mean ann or anna?`. Returns `otherwise` if no name is similar.
pub(super) fn suggest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    let name = name.to_lowercase();
    let tolerated = (name.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&name, &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= tolerated)
        .collect();
    near.sort_unstable();
    near.truncate(MAX);
    let names: Vec<&str> = near.into_iter().map(|(_, known)| known).collect();
    match names.is_empty() {
        true => otherwise.to_owned(),
        false => format!("did you mean {}?", names.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_suggested_best_first() {
        let known = ["anna", "bo", "Ann", "annabel"];
        assert_eq!(suggest("anm", known, "-"), "did you mean Ann?");
        assert_eq!(suggest("annabe", known, "-"), "did you mean annabel or anna?");
        assert_eq!(suggest("zoe", known, "look at the list"), "look at the list");
        assert_eq!(suggest("x", [], "-"), "-");
    }
}
