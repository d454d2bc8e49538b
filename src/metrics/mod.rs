//! The server's metrics, in the text format of OpenMetrics.
//!
//! Each part of the server has its own counters and registers them in the one [`Metrics`] of the server;
//! nothing is global. Users, rooms and addresses are never labels.

mod process;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;

pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;
pub use prometheus_client::metrics::info::Info;
pub use prometheus_client::registry::Registry;

use crate::model::Clock;

pub use process::{Process, open_file_limit};

/// The media type of [`Metrics::encode`]'s text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the buckets of times, in seconds: from a fast commit to an unacceptable delay.
const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// One label.
pub type Label = [(&'static str, &'static str); 1];

/// Counters that differ in the value of one label.
pub type Counters = Family<Label, Counter>;

/// All metrics of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<RwLock<Registry>>);

impl Metrics {
    /// Creates the registry, with the metrics of this process.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        // These have their conventional names, without the prefix `chatapp_`.
        registry.register_collector(Box::new(process::Figures { started_at: Clock::System.now() }));
        Self(Arc::new(RwLock::new(registry)))
    }

    /// Registers the metrics of a part of the server. Their names get the prefix `chatapp_`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        let mut registry = self.0.write().unwrap_or_else(PoisonError::into_inner);
        add(registry.sub_registry_with_prefix("chatapp"));
    }

    /// All metrics as text.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        let registry = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// A histogram of times, in seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Counters that exist, with the value 0, before anything is counted.
pub fn counters(label: &'static str, values: &[&'static str]) -> Counters {
    let counters = Counters::default();
    for value in values {
        drop(counters.get_or_create(&[(label, value)]));
    }
    counters
}

/// A metric whose value is read when the metrics are encoded.
pub struct Looked<F> {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// Reads the value. `None` leaves the metric out.
    pub look: F,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Counter,
    Gauge,
}

impl<F> fmt::Debug for Looked<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn() -> Option<f64> + Send + Sync + 'static> Collector for Looked<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        match (self.look)() {
            Some(value) => write(&mut encoder, self.name, self.help, self.kind, value),
            None => Ok(()),
        }
    }
}

/// Registers a gauge whose value is read when the metrics are encoded.
pub fn gauge(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    look: impl Fn() -> usize + Send + Sync + 'static,
) {
    let look = move || Some(look() as f64);
    registry.register_collector(Box::new(Looked { name, help, kind: Kind::Gauge, look }));
}

fn write(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    kind: Kind,
    value: f64,
) -> fmt::Result {
    // The library ends the help of registered metrics with a full stop too.
    let help = &format!("{help}.");
    match kind {
        Kind::Counter => {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(metric)
        }
        Kind::Gauge => {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(metric)
        }
    }
}
