//! Troubles of single nodes of a fleet, chosen at random from a seed.

use super::cut_connections;
use crate::support::Server;

/// The seed of the choices. `CHATAPP_TEST_SEED` sets another one; a failing test shows it.
const SEED: u64 = 0x5eed;

pub struct Trouble {
    state: u64,
    /// The node that is frozen now.
    frozen: Option<usize>,
}

impl Trouble {
    pub fn new() -> Self {
        let seed = std::env::var("CHATAPP_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let state = seed.unwrap_or(SEED);
        println!("CHATAPP_TEST_SEED={state}");
        Self { state, frozen: None }
    }

    /// Makes one trouble. A node that was frozen by the last one goes on.
    pub async fn make(&mut self, nodes: &mut [Server]) {
        self.end(nodes);
        let node = self.pick(nodes.len());
        let url = nodes[0].database_url().to_owned();
        match self.pick(4) {
            0 => {
                println!("node {node} is killed");
                nodes[node].kill9();
                nodes[node].restart().await;
            }
            1 => {
                println!("node {node} is frozen");
                nodes[node].signal("STOP");
                self.frozen = Some(node);
            }
            2 => cut(url, "chatapp doorbell").await,
            _ => cut(url, "chatapp").await,
        }
    }

    /// Lets a frozen node go on.
    pub fn end(&mut self, nodes: &[Server]) {
        if let Some(node) = self.frozen.take() {
            nodes[node].signal("CONT");
        }
    }

    /// A number below `count` (a linear congruential generator, with Knuth's constants of MMIX).
    fn pick(&mut self, count: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005);
        self.state = self.state.wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % count
    }
}

async fn cut(url: String, name: &'static str) {
    println!("connections named `{name}` are cut");
    tokio::task::spawn_blocking(move || cut_connections(&url, name))
        .await
        .expect("PostgreSQL answers");
}
