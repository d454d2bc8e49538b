//! `history`: reads pages of a long room, at random depths or at a fixed one, over keep-alive connections.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hdrhistogram::Histogram;
use hyper::{Method, StatusCode};
use tokio_util::task::TaskTracker;

use super::api::{Connection, Server, refusal};
use super::crowd::{self, AT_ONCE, connect_all, run_out};
use super::net::{Heard, Join, Net};
use super::report::{Meter, histogram, record};
use super::sender::Sender;
use super::wire::{self, Frame};
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// Connections that fill the room, and the unacknowledged sends of each.
const LOADERS: usize = 2;
const LOADER_WINDOW: usize = 200;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Messages in the room
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(200..))]
    messages: u32,
    /// Read this existing room, which must contain only messages, instead of filling a new one
    #[arg(long, value_name = "ID", conflicts_with_all = ["messages", "bytes"])]
    room: Option<i64>,
    /// Always read the page below this many messages, instead of pages at random depths
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Connections that read
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Messages in a page
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    page: u16,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    seconds: Duration,
    /// How long to run before measuring
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    warm_up: Duration,
    /// The seed of the random depths
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A connection that reads pages.
struct Reader {
    server: Server,
    token: String,
    room_id: i64,
    page: i64,
    head_seq: i64,
    /// The number of messages above the page. `None`: a random number for each page.
    depth: Option<i64>,
    random: Random,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        LOADERS + usize::from(self.connections)
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let (room_id, head_seq) = match self.room {
            Some(room_id) => (room_id, target.head_seq(room_id)?),
            None => {
                let room_id = target.create_rooms(1)?[0];
                self.load(room_id, target, progress)?;
                (room_id, self.messages.into())
            }
        };
        let deepest = head_seq - i64::from(self.page);
        ensure!(deepest >= 0, "room {room_id} has only {head_seq} messages, less than a page");
        let depth = self.depth.map(i64::from);
        if let Some(depth) = depth {
            ensure!(depth <= deepest, "--depth can be at most {deepest} in this room");
        }
        let readers = || {
            (0..self.connections).map(|number| Reader {
                server: target.server().clone(),
                token: target.token(number.into()).to_owned(),
                room_id,
                page: self.page.into(),
                head_seq,
                depth,
                random: Random(self.seed.wrapping_add(number.into())),
            })
        };
        progress.show(|| "warming up".to_owned());
        target.api.runtime().block_on(read_all(readers(), self.warm_up))?;
        progress.show(|| "measuring".to_owned());
        let meter = Meter::start(target.process);
        let latency = target.api.runtime().block_on(read_all(readers(), self.seconds))?;
        let window = meter.stop();

        let mut report = Report::new("history");
        report.add("messages", head_seq as f64, "");
        if let Some(depth) = depth {
            report.add("depth", depth as f64, "");
        }
        report.add_count("connections", self.connections.into());
        report.add_count("page", self.page.into());
        report.add("message", self.bytes as f64, "bytes");
        report.add_throughput("page", "pages", latency.len(), &window);
        report.add_latency("page", &latency);
        report.add_window(&window);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_pages", latency.len() as f64, "");
        Ok(report)
    }
}

impl Options {
    /// Fills the room through a few sockets.
    fn load(&self, room_id: i64, target: &Target, progress: &Progress) -> anyhow::Result<()> {
        let mut net = Net::new(target.server())?;
        let share = |tag| {
            let more = u32::from(tag < self.messages as usize % LOADERS);
            u64::from(self.messages / LOADERS as u32 + more)
        };
        let mut senders: Vec<Sender> = (0..LOADERS)
            .map(|tag| Sender::new(tag, LOADER_WINDOW, self.bytes).with_limit(share(tag)))
            .collect();
        let joins =
            (0..LOADERS).map(|tag| Join { room_id, token: target.token(tag), since: None, tag });
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
        run_out(&mut net, &mut senders, progress, "filling the room", missing, &mut hear)
    }
}

/// Runs all readers for this time. Returns their latencies.
async fn read_all(
    readers: impl Iterator<Item = Reader>,
    time: Duration,
) -> anyhow::Result<Histogram<u64>> {
    let tasks = TaskTracker::new();
    let until = Instant::now() + time;
    let reading: Vec<_> =
        readers.map(|reader| tasks.spawn(reader.read(until, tasks.clone()))).collect();
    let mut all = histogram();
    for reader in reading {
        all.add(reader.await.context("a reader panicked")??)?;
    }
    Ok(all)
}

impl Reader {
    async fn read(mut self, until: Instant, tasks: TaskTracker) -> anyhow::Result<Histogram<u64>> {
        let mut connection = Connection::open(&self.server, &tasks).await?;
        let mut latency = histogram();
        loop {
            let started_at = Instant::now();
            if started_at >= until {
                return Ok(latency);
            }
            let depth = match self.depth {
                Some(depth) => depth,
                None => self.random.below(self.head_seq - self.page + 1),
            };
            let before = self.head_seq + 1 - depth;
            let Self { room_id, page, token, .. } = &self;
            let path = format!("/rooms/{room_id}/messages?limit={page}&before={before}");
            let answer = connection.request(Method::GET, &path, token, None).await?;
            if answer.status() != StatusCode::OK {
                bail!("a page was refused: {}", refusal(&answer));
            }
            record(&mut latency, started_at.elapsed());
            check(answer.body(), before, *page)?;
        }
    }
}

/// Checks that the page has exactly the `page` messages before `before`.
fn check(answer: &[u8], before: i64, page: i64) -> anyhow::Result<()> {
    const KEY: &[u8] = br#""seq":"#;
    let mut expected = before - page;
    let mut rest = answer;
    while let Some(at) = find(rest, KEY) {
        rest = &rest[at + KEY.len()..];
        let seq = wire::number(rest);
        ensure!(seq == Some(expected), "the page before {before} has {seq:?} for seq {expected}");
        expected += 1;
    }
    ensure!(expected == before, "the page before {before} ends before seq {expected}");
    Ok(())
}

fn find(bytes: &[u8], key: &[u8]) -> Option<usize> {
    // Jumps from quote to quote, because most of a page is text without quotes.
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == key[0]) {
        if bytes[from + at..].starts_with(key) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// SplitMix64 (Steele, Lea and Flood 2014): good enough to choose pages, and reproducible.
#[derive(Debug)]
pub(super) struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z % limit.max(1).unsigned_abs()) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_must_be_whole_and_in_order() {
        let page = br#"{"messages":[{"content":"\"seq\":9","seq":3},{"seq":4}],"head_seq":9}"#;
        check(page, 5, 2).unwrap();
        assert!(check(page, 6, 2).is_err());
        assert!(check(page, 5, 3).is_err());
        assert!(check(page, 6, 3).is_err());
        assert!(check(br#"{"messages":[{"seq":4},{"seq":3}]}"#, 5, 2).is_err());
    }
}
