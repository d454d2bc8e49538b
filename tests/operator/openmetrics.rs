//! A strict reader of the text format of OpenMetrics
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>). Text that a scraper would refuse or misread
//! fails the test.

use std::collections::{BTreeMap, BTreeSet};

/// All figures. The key is the name with the labels, as in `chatapp_logins_total{outcome="ok"}`.
#[derive(Debug, Default)]
pub struct Exposition {
    pub samples: BTreeMap<String, f64>,
    /// The kind of each family of figures, by the family's name.
    pub families: BTreeMap<String, String>,
    /// Every value of each label.
    pub labels: BTreeMap<String, BTreeSet<String>>,
}

impl Exposition {
    pub fn parse(text: &str) -> Self {
        let mut all = Self::default();
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        let (mut help, mut current) = (None, None);
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, text) = rest.split_once(' ').expect("a text of help");
                assert!(text.len() > 5 && text.ends_with('.') && !text.ends_with(".."), "{line}");
                help = Some(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a kind");
                assert_eq!(help.take().as_deref(), Some(name), "its help comes first");
                assert!(is_name(name), "{line}");
                assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{line}");
                let before = all.families.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} comes twice");
                current = Some((name.to_owned(), kind.to_owned()));
            } else {
                let (name, kind) = current.as_ref().expect("a figure has a kind");
                all.sample(line, name, kind);
            }
        }
        all.check_histograms();
        all
    }

    /// Returns a figure, which must exist.
    pub fn get(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("there is no {sample}"))
    }

    fn sample(&mut self, line: &str, family: &str, kind: &str) {
        let (key, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = match key.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("a closing brace")),
            None => (key, ""),
        };
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} under {family}"));
        let allowed: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        assert!(allowed.contains(&suffix), "{line} of a {kind}");
        for label in labels.split_terminator(',') {
            let (label, value) = label.split_once('=').expect("a label");
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let value = value.expect("a label's value has quotes");
            assert!(is_name(label) && !value.contains(['"', '\\', '\n']), "{line}");
            self.labels.entry(label.to_owned()).or_default().insert(value.to_owned());
        }
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}: not a number"));
        assert!(value.is_finite() && value >= 0.0, "{line}");
        assert_eq!(self.samples.insert(key.to_owned(), value), None, "{key} comes twice");
    }

    /// Checks that a bucket contains the count of all smaller ones, and that the last bucket counts all values.
    fn check_histograms(&self) {
        let mut last: Option<(String, f64, f64)> = None;
        let mut buckets: Vec<(String, f64, f64)> = Vec::new();
        for (key, count) in &self.samples {
            let Some((name, labels)) = key.split_once("_bucket{") else { continue };
            let labels = labels.strip_suffix('}').expect("a closing brace").split(',');
            let (ends, others): (Vec<&str>, Vec<&str>) =
                labels.partition(|label| label.starts_with("le=\""));
            let [end] = ends[..] else { panic!("a bucket has one end: {key}") };
            let end = end.trim_start_matches("le=").trim_matches('"');
            let end = if end == "+Inf" { f64::INFINITY } else { end.parse().expect("a number") };
            buckets.push((format!("{name}{{{}", others.join(",")), end, *count));
        }
        assert!(!buckets.is_empty());
        buckets.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for (name, end, count) in buckets {
            if let Some((before, _, least)) = &last
                && *before == name
            {
                assert!(*least <= count, "{name} up to {end}");
            }
            if end.is_infinite() {
                let (bare, labels) = name.split_once('{').expect("a brace");
                let labels =
                    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
                assert_eq!(self.get(&format!("{bare}_count{labels}")), count, "{name}");
                let sum = self.get(&format!("{bare}_sum{labels}"));
                assert!(count > 0.0 || sum == 0.0, "{name}");
            }
            last = Some((name, end, count));
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[test]
fn text_that_a_scraper_would_refuse_is_refused() {
    let head = "# HELP a Some help.\n# TYPE a ";
    for bad in [
        "counter\na_total 1\n",
        "counter\na 1\n# EOF\n",
        "counter\na_total x\n# EOF\n",
        "counter\na_total 1\na_total 2\n# EOF\n",
        "counter\nb_total 1\n# EOF\n",
        "gauge\na{l=x} 1\n# EOF\n",
        "histogram\na_sum 0\na_count 2\na_bucket{le=\"1.0\"} 3\na_bucket{le=\"+Inf\"} 2\n# EOF\n",
        "histogram\na_sum 0\na_count 1\na_bucket{le=\"+Inf\"} 2\n# EOF\n",
    ] {
        let text = format!("{head}{bad}");
        assert!(std::panic::catch_unwind(|| Exposition::parse(&text)).is_err(), "{text}");
    }
    let good =
        "histogram\na_sum 3.5\na_count 2\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 2\n# EOF\n";
    assert_eq!(Exposition::parse(&format!("{head}{good}")).samples.len(), 4);
}
