//! `ingest`: many connections send to many rooms; then every room's log is read and checked.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net};
use super::report::{Meter, histogram, record};
use super::sender::{Sender, read_text};
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target, parse_seconds};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections that send
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Rooms they are spread over
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    rooms: u16,
    /// Sends of one connection that may be unacknowledged
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    window: u16,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    seconds: Duration,
    /// How long to run before measuring
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    warm_up: Duration,
    /// Give every message a client_id, as a client that retries does
    #[arg(long)]
    client_id: bool,
}

struct State {
    senders: Vec<Sender>,
    /// The acknowledgements of each connection: (seq, id), by `ref`.
    acks: Vec<Vec<(i64, i64)>>,
    /// The seq up to which each connection has all messages.
    cursors: Vec<i64>,
    /// `None` while nothing is measured.
    latency: Option<hdrhistogram::Histogram<u64>>,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        self.connections.into()
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let rooms = target.create_rooms(self.rooms.into())?;
        let mut net = Net::new(target.server())?;
        let joins = (0..self.connections()).map(|tag| Join {
            room_id: rooms[tag % rooms.len()],
            token: target.token(tag),
            since: None,
            tag,
        });
        let mut state = State::new(self);
        let slots =
            connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))?;

        for (sender, slot) in state.senders.iter_mut().zip(&slots) {
            net.send(*slot, |out| sender.fill(out, Instant::now()))?;
        }
        let warm_at = Instant::now() + self.warm_up;
        run_until(&mut net, warm_at, progress, "warming up", &mut |heard| state.hear(heard))?;
        let meter = Meter::start(target.process);
        let before = state.acked();
        state.latency = Some(histogram());
        let end_at = Instant::now() + self.seconds;
        run_until(&mut net, end_at, progress, "measuring", &mut |heard| state.hear(heard))?;
        let window = meter.stop();
        let sends = state.acked() - before;
        let latency = state.latency.take().unwrap_or_else(histogram);
        for sender in &mut state.senders {
            sender.stop();
        }
        let what = "the last acknowledgements";
        run_out(&mut net, &mut state, progress, what, State::missing, &mut State::hear)?;
        drop(net);
        let checked = state.check(target, &rooms, progress)?;

        let mut report = Report::new("ingest");
        report.add_count("connections", self.connections.into());
        report.add_count("rooms", self.rooms.into());
        report.add_count("window", self.window.into());
        report.add("message", self.bytes as f64, "bytes");
        report.add_throughput("send", "sends", sends, &window);
        report.add_latency("ack", &latency);
        report.add_window(&window);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_messages", checked as f64, "");
        Ok(report)
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let count = options.connections();
        let sender = |tag| {
            Sender::new(tag, options.window.into(), options.bytes).with_client_id(options.client_id)
        };
        Self {
            senders: (0..count).map(sender).collect(),
            acks: vec![Vec::new(); count],
            cursors: vec![0; count],
            latency: None,
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        match heard.frame {
            Frame::Message { seq, .. } => {
                let cursor = &mut self.cursors[heard.tag];
                ensure!(seq == *cursor + 1, "seq {seq} was delivered after seq {cursor}");
                *cursor = seq;
                Ok(())
            }
            Frame::Ack { reference, id, seq } => {
                let sender = &mut self.senders[heard.tag];
                let latency = sender.on_ack(reference, heard.at)?;
                sender.fill(heard.out, heard.at);
                self.acks[heard.tag].push((seq, id));
                if let Some(histogram) = &mut self.latency {
                    record(histogram, latency);
                }
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    fn acked(&self) -> u64 {
        self.senders.iter().map(Sender::acked).sum()
    }

    fn missing(&self) -> usize {
        self.senders.iter().map(Sender::missing).sum()
    }

    /// Reads every room's log, and checks that it contains exactly the acknowledged messages, each once
    /// and with the seq and id of its `ack`. Returns the number of messages.
    fn check(
        &self,
        target: &mut Target,
        rooms: &[i64],
        progress: &Progress,
    ) -> anyhow::Result<u64> {
        let token = target.token(0).to_owned();
        let mut checked = 0;
        for (index, &room_id) in rooms.iter().enumerate() {
            let mut expected: HashMap<(usize, u64), (i64, i64)> = HashMap::new();
            for tag in (index..self.acks.len()).step_by(rooms.len()) {
                let acks = self.acks[tag].iter().zip(0..);
                expected.extend(acks.map(|(ack, reference)| ((tag, reference), *ack)));
            }
            let mut after = 0;
            loop {
                progress.show(|| format!("checking room {} of {}", index + 1, rooms.len()));
                let page = target.api.list_events(room_id, after, &token)?;
                for event in &page.events {
                    ensure!(event.seq == after + 1, "the log has seq {} after {after}", event.seq);
                    after = event.seq;
                    let name = read_text(event.content.as_bytes()).with_context(|| {
                        format!("seq {} is not a message of this run", event.seq)
                    })?;
                    let ack = expected.remove(&name).with_context(|| {
                        format!(
                            "the message with seq {} of room {room_id} is stored twice, or was not \
                                 acknowledged",
                            event.seq
                        )
                    })?;
                    ensure!(
                        ack == (event.seq, event.id),
                        "a message was acknowledged as seq {}, id {}, but is seq {}, id {}",
                        ack.0,
                        ack.1,
                        event.seq,
                        event.id
                    );
                    checked += 1;
                }
                if !page.has_more {
                    break;
                }
            }
            ensure!(
                expected.is_empty(),
                "{} messages of room {room_id} were acknowledged, but are not in its log",
                expected.len()
            );
        }
        Ok(checked)
    }
}
