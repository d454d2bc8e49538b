//! `search`: fills rooms with messages of random words, waits until all of them can be found, and searches for words of
//! different frequency.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hdrhistogram::Histogram;
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio_util::task::TaskTracker;

use super::api::{Connection, Server, refusal};
use super::crowd::{self, AT_ONCE, connect_all, run_out};
use super::history::Random;
use super::net::{Heard, Join, Net};
use super::report::{Meter, histogram, record};
use super::sender::{Sender, Words};
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// The unacknowledged sends of each connection that fills a room.
const LOADER_WINDOW: usize = 100;

/// How often it is looked whether all messages can be found.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Messages in all rooms together
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    messages: u32,
    /// Rooms they are spread over
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    rooms: u16,
    /// Different words; the most frequent is in about every second message
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    words: u32,
    /// Connections that search
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// How long to measure each kind of query
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = parse_seconds)]
    seconds: Duration,
    /// The seed of the random words
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A kind of query. The words are ranks of frequency: 0 is the most frequent word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Common,
    Middle,
    Rare,
    TwoCommon,
    Phrase,
    Ideographs,
    InRoom,
    Beginning,
    Best,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Common,
        Self::Middle,
        Self::Rare,
        Self::TwoCommon,
        Self::Phrase,
        Self::Ideographs,
        Self::InRoom,
        Self::Beginning,
        Self::Best,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Middle => "middle",
            Self::Rare => "rare",
            Self::TwoCommon => "two_common",
            Self::Phrase => "phrase",
            Self::Ideographs => "ideographs",
            Self::InRoom => "in_room",
            Self::Beginning => "beginning",
            Self::Best => "best",
        }
    }

    /// The query, as the query of a URL.
    fn query(self, random: &mut Random, words: Words, rooms: &[i64]) -> String {
        let mut word = |from: i64, to: i64| {
            let most = i64::from(words.0);
            words.word((from + random.below(to - from)).min(most - 1).unsigned_abs())
        };
        let (one, other) = (word(0, 20), word(0, 20));
        match self {
            Self::Common => one,
            Self::Middle => word(500, 2_000),
            Self::Rare => word(20_000, 50_000),
            Self::TwoCommon => format!("{one}%20{other}"),
            Self::Phrase => format!("%22{one}%20{other}%22"),
            Self::Ideographs => {
                let rank = (20 + random.below(2_000)).unsigned_abs();
                utf8_percent_encode(&Words::ideographs(rank), NON_ALPHANUMERIC).to_string()
            }
            Self::InRoom => {
                let room = rooms[random.below(rooms.len() as i64).unsigned_abs() as usize];
                format!("{one}%20in%3A{room}")
            }
            Self::Beginning => format!("{}*", word(100, 5_000)),
            Self::Best => format!("{one}&order=best"),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    found: Vec<Found>,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Found {
    message: Message,
    snippet: Snippet,
}

#[derive(Deserialize)]
struct Message {
    id: i64,
}

#[derive(Deserialize)]
struct Snippet {
    hits: Vec<serde::de::IgnoredAny>,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        usize::from(self.rooms) + usize::from(self.connections)
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let rooms = target.create_rooms(self.rooms.into())?;
        let began = Instant::now();
        self.load(&rooms, target, progress)?;
        let loaded = began.elapsed();
        progress.show(|| "waiting for the index".to_owned());
        let server = target.server().clone();
        let token = target.token(0).to_owned();
        target.api.runtime().block_on(wait_for_index(&server, &token))?;
        let indexed = began.elapsed();

        let mut report = Report::new("search");
        report.add("messages", self.messages.into(), "");
        report.add_count("rooms", self.rooms.into());
        report.add_count("connections", self.connections.into());
        report.add("loading", loaded.as_secs_f64(), "s");
        report.add("index_after_loading", (indexed - loaded).as_secs_f64(), "s");
        let meter = Meter::start(target.process);
        let mut checked = 0;
        for kind in Kind::ALL {
            progress.show(|| format!("measuring {}", kind.name()));
            let searchers = (0..self.connections).map(|number| Searcher {
                server: server.clone(),
                token: target.token(number.into()).to_owned(),
                kind,
                words: Words(self.words),
                rooms: rooms.clone(),
                random: Random(self.seed.wrapping_add(number.into())),
            });
            let latency =
                target.api.runtime().block_on(search_all(searchers.collect(), self.seconds))?;
            report.add_latency(kind.name(), &latency);
            checked += latency.len();
        }
        report.add_window(&meter.stop());
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_pages", checked as f64, "");
        Ok(report)
    }
}

impl Options {
    /// Fills the rooms through a few sockets.
    fn load(&self, rooms: &[i64], target: &Target, progress: &Progress) -> anyhow::Result<()> {
        let mut net = Net::new(target.server())?;
        let count = rooms.len();
        let share = |tag: usize| {
            let more = u64::from(tag < self.messages as usize % count);
            u64::from(self.messages) / count as u64 + more
        };
        let mut senders: Vec<Sender> = (0..count)
            .map(|tag| {
                let sender = Sender::new(tag, LOADER_WINDOW, 0).with_limit(share(tag));
                sender.with_words(Words(self.words), self.seed.wrapping_add(tag as u64))
            })
            .collect();
        let joins = (0..count).map(|tag| Join {
            room_id: rooms[tag % rooms.len()],
            token: target.token(tag),
            since: None,
            tag,
        });
        let slots = connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| {
            crowd::ignore(&heard.frame)
        })?;
        for (sender, slot) in senders.iter_mut().zip(&slots) {
            net.send(*slot, |out| sender.fill(out, Instant::now()))?;
        }
        let missing = |senders: &Vec<Sender>| senders.iter().map(Sender::missing).sum();
        let mut hear = |senders: &mut Vec<Sender>, heard: Heard<'_>| {
            if let Frame::Ack { reference, .. } = heard.frame {
                senders[heard.tag].on_ack(reference, heard.at)?;
                senders[heard.tag].fill(heard.out, heard.at);
            }
            crowd::ignore(&heard.frame)
        };
        run_out(&mut net, &mut senders, progress, "filling the rooms", missing, &mut hear)
    }
}

async fn wait_for_index(server: &Server, token: &str) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    let mut connection = Connection::open(server, &tasks).await?;
    while !ask(&mut connection, token, "word").await?.is_complete {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn ask(connection: &mut Connection, token: &str, query: &str) -> anyhow::Result<Page> {
    let path = format!("/search?q={query}");
    let answer = connection.request(Method::GET, &path, token, None).await?;
    match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).context("an unexpected answer"),
        StatusCode::TOO_MANY_REQUESTS => bail!(
            "the run exceeds limits.searches_per_second of the server: set the limit to 0 for the run"
        ),
        _ => bail!("a search was refused: {}", refusal(&answer)),
    }
}

/// A connection that searches.
struct Searcher {
    server: Server,
    token: String,
    kind: Kind,
    words: Words,
    rooms: Vec<i64>,
    random: Random,
}

/// Runs all searchers for this time. Returns their latencies.
async fn search_all(searchers: Vec<Searcher>, time: Duration) -> anyhow::Result<Histogram<u64>> {
    let tasks = TaskTracker::new();
    let until = Instant::now() + time;
    let searching: Vec<_> = searchers
        .into_iter()
        .map(|searcher| tasks.spawn(searcher.search(until, tasks.clone())))
        .collect();
    let mut all = histogram();
    for searcher in searching {
        all.add(searcher.await.context("a searcher panicked")??)?;
    }
    Ok(all)
}

impl Searcher {
    async fn search(
        mut self,
        until: Instant,
        tasks: TaskTracker,
    ) -> anyhow::Result<Histogram<u64>> {
        let mut connection = Connection::open(&self.server, &tasks).await?;
        let mut latency = histogram();
        loop {
            let query = self.kind.query(&mut self.random, self.words, &self.rooms);
            let started_at = Instant::now();
            if started_at >= until {
                return Ok(latency);
            }
            let page = ask(&mut connection, &self.token, &query).await?;
            record(&mut latency, started_at.elapsed());
            check(&page, &query, self.kind)?;
        }
    }
}

/// Checks that each message has what was searched for, and that they are in order.
fn check(page: &Page, query: &str, kind: Kind) -> anyhow::Result<()> {
    let has_hit = page.found.iter().all(|found| !found.snippet.hits.is_empty());
    ensure!(has_hit, "{query}: a message was found that does not have it");
    // The rooms are public, so a later message has a greater id.
    let ids = page.found.iter().map(|found| found.message.id);
    let is_sorted = kind == Kind::Best || ids.is_sorted_by(|one, next| one > next);
    ensure!(is_sorted, "{query}: the newest message is not the first");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_must_have_hits_and_be_in_order() {
        let page = |text: &str| serde_json::from_str::<Page>(text).unwrap();
        let found = |id: u8, hits: &str| {
            format!(r#"{{"message":{{"id":{id}}},"snippet":{{"hits":{hits}}}}}"#)
        };
        let of = |one: String, other: String| {
            page(&format!(r#"{{"found":[{one},{other}],"is_complete":true}}"#))
        };
        let hit = r#"[{"start":0,"end":1}]"#;
        check(&of(found(2, hit), found(1, hit)), "x", Kind::Common).unwrap();
        assert!(check(&of(found(1, hit), found(2, hit)), "x", Kind::Common).is_err());
        check(&of(found(1, hit), found(2, hit)), "x", Kind::Best).unwrap();
        assert!(check(&of(found(2, hit), found(1, "[]")), "x", Kind::Common).is_err());
    }
}
