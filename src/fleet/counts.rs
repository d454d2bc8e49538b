//! The counters of the fleet.

use crate::metrics::{Counter, Registry};

#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Rings that this node has sent.
    pub rung: Counter,
    /// Rings that this node has heard, its own included.
    pub heard: Counter,
}

impl Counts {
    pub fn register(&self, registry: &mut Registry) {
        let help = "Rings that this node has sent to the others";
        registry.register("fleet_rings_sent", help, self.rung.clone());
        let help = "Rings that this node has heard, its own included";
        registry.register("fleet_rings_heard", help, self.heard.clone());
    }
}
