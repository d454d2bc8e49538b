//! Runs `chatapp bench` against a server that only relays messages ([`bare`](super::bare)), to measure the
//! cost of the sockets and the generator alone.

use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::Value;

use super::{bare, row};

/// The scenario, its options, and the latency that is shown.
const RUNS: [(&str, &str, &str); 5] = [
    ("fanout", "--senders 1 --receivers 1 --window 1", "ack"),
    ("fanout", "--window 1", "ack"),
    ("fanout", "", "ack"),
    ("fanout", "--window 64", "ack"),
    ("rate", "", "delivery"),
];

pub fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let listener = mio::net::TcpListener::from_std(listener);
    // The thread ends with the process.
    let name = "bare".to_owned();
    thread::Builder::new().name(name).spawn(|| bare::serve(listener)).unwrap();
    for (scenario, options, latency) in RUNS {
        let figures = bench(&url, scenario, options);
        let micros = find(&figures, "server_cpu_bare") * 1e6;
        let count = find(&figures, "deliveries_per_second") * find(&figures, "measured");
        let what = format!("deliveries, bare {scenario} {options}");
        row(what.trim_end(), find(&figures, "deliveries_per_second"), micros / count);
        let at = |percentile| find(&figures, &format!("{latency}_{percentile}")) * 1e3;
        println!("{:<60} {latency} p50 {:.0} us, p99 {:.0} us", "", at("p50"), at("p99"));
    }
}

/// Runs the generator. The measured process is this one, in which only the server's thread works.
fn bench(url: &str, scenario: &str, options: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_chatapp"))
        .args(["bench", scenario, "--url", url, "--token", "none", "--output", "json", "--pid"])
        .arg(std::process::id().to_string())
        .args(options.split_ascii_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn find(figures: &[Value], name: &str) -> f64 {
    let figure = figures.iter().find(|figure| figure["name"] == name);
    figure.and_then(|figure| figure["value"].as_f64()).unwrap_or_else(|| panic!("no {name}"))
}
