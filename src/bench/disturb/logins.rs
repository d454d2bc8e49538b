//! Many who sign in with a wrong password at once. Nobody has the name they give, which costs the
//! server as much as a wrong password.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hyper::header::RETRY_AFTER;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::super::api::{Connection, Server, refusal};
use super::{Figures, LOOK};

pub const CONNECTIONS: usize = 200;

#[derive(Default)]
struct Counts {
    checked: AtomicU64,
    turned_away: AtomicU64,
}

pub fn flood(server: &Server, is_over: &AtomicBool) -> anyhow::Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let counts = Arc::new(Counts::default());
    let started_at = Instant::now();
    runtime.block_on(async {
        let mut logins = JoinSet::new();
        for _ in 0..CONNECTIONS {
            logins.spawn(try_again_and_again(server.clone(), counts.clone()));
        }
        while !is_over.load(Ordering::Relaxed) {
            // A login ends only by failing otherwise than it should.
            if let Ok(ended) = tokio::time::timeout(LOOK, logins.join_next()).await {
                ended.context("nobody signs in any more")???;
            }
        }
        anyhow::Ok(())
    })?;
    let seconds = started_at.elapsed().as_secs_f64();
    let per_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / seconds;
    Ok(vec![
        ("logins_at_once", CONNECTIONS as f64, ""),
        ("logins_checked_per_second", per_second(&counts.checked), "1/s"),
        ("logins_turned_away_per_second", per_second(&counts.turned_away), "1/s"),
    ])
}

async fn try_again_and_again(server: Server, counts: Arc<Counts>) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let mut connection = Connection::open(&server, &tasks).await?;
    let body = json!({ "username": "bench-nobody", "password": "a wrong password" }).to_string();
    loop {
        let request = connection.request(Method::POST, "/auth/login", "", Some(body.clone()));
        let answer = request.await?;
        match answer.status() {
            StatusCode::UNAUTHORIZED => counts.checked.fetch_add(1, Ordering::Relaxed),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                let seconds = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
                let seconds = seconds.and_then(|it| it.parse().ok()).unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                counts.turned_away.fetch_add(1, Ordering::Relaxed)
            }
            _ => bail!("a wrong password was answered with {}", refusal(&answer)),
        };
    }
}
