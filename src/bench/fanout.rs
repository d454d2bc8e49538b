//! `fanout`: a few senders and many receivers in one room, as fast as possible.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net};
use super::order::Order;
use super::report::{Meter, histogram, record};
use super::sender::Sender;
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target, parse_seconds};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections that only receive
    #[arg(long, value_name = "N", default_value_t = 200)]
    receivers: usize,
    /// Connections that send
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    senders: u16,
    /// Sends of one connection that may be unacknowledged
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
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
    /// The seq up to which each connection has all messages: the senders first.
    cursors: Vec<i64>,
    order: Order,
    /// The last seq that was acknowledged. Every connection must reach it.
    head_seq: i64,
    deliveries: u64,
    /// `None` while nothing is measured.
    latency: Option<hdrhistogram::Histogram<u64>>,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        self.receivers + usize::from(self.senders)
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let room_id = target.create_rooms(1)?[0];
        let mut net = Net::new(target.server())?;
        let joins = (0..self.connections()).map(|tag| Join {
            room_id,
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
        let (deliveries, sends) = (state.deliveries, state.acked());
        state.latency = Some(histogram());
        let end_at = Instant::now() + self.seconds;
        run_until(&mut net, end_at, progress, "measuring", &mut |heard| state.hear(heard))?;
        let window = meter.stop();
        let (deliveries, sends) = (state.deliveries - deliveries, state.acked() - sends);
        let latency = state.latency.take().unwrap_or_else(histogram);

        for sender in &mut state.senders {
            sender.stop();
        }
        let what = "the last messages";
        run_out(&mut net, &mut state, progress, what, State::missing, &mut State::hear)?;
        let sent = state.acked();
        ensure!(
            state.head_seq as u64 == sent,
            "{sent} messages were acknowledged, but the room's last seq is {}",
            state.head_seq
        );

        let mut report = Report::new("fanout");
        report.add_count("receivers", self.receivers);
        report.add_count("senders", self.senders.into());
        report.add_count("window", self.window.into());
        report.add("message", self.bytes as f64, "bytes");
        report.add_throughput("delivery", "deliveries", deliveries, &window);
        report.add_throughput("send", "sends", sends, &window);
        report.add_latency("ack", &latency);
        report.add_window(&window);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_deliveries", state.deliveries as f64, "");
        Ok(report)
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let sender = |tag| {
            Sender::new(tag, options.window.into(), options.bytes).with_client_id(options.client_id)
        };
        Self {
            senders: (0..options.senders.into()).map(sender).collect(),
            cursors: vec![0; options.connections()],
            order: Order::default(),
            head_seq: 0,
            deliveries: 0,
            latency: None,
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        match heard.frame {
            Frame::Message { id, seq, .. } => {
                self.deliveries += 1;
                self.order.see(&mut self.cursors[heard.tag], seq, id)
            }
            Frame::Ack { reference, seq, .. } => {
                let sender = &mut self.senders[heard.tag];
                let latency = sender.on_ack(reference, heard.at)?;
                sender.fill(heard.out, heard.at);
                self.head_seq = self.head_seq.max(seq);
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

    /// The number of missing acknowledgements, and of connections that have not got all messages.
    fn missing(&self) -> usize {
        let acks: usize = self.senders.iter().map(Sender::missing).sum();
        let behind = self.cursors.iter().filter(|cursor| **cursor < self.head_seq).count();
        acks + behind
    }
}
