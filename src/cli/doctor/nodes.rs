//! Checks of the servers that run on the database. SQLite has a single server, and nothing to check.

use std::collections::{BTreeMap, BTreeSet};

use super::super::output::counted;
use super::database::unreadable;
use super::{Case, Finding, Opened};
use crate::model::{Node, Timestamp};
use crate::storage::Error;

/// Two missed heartbeats, in milliseconds. After three a node is dead, and not listed.
const SILENT_MS: i64 = 3_500;

/// The lag of a node that does not hear the doorbell, in milliseconds.
const DEAF_MS: i64 = 500;

/// A node that has started less than this before, in milliseconds, may not have heard the doorbell yet.
const NEW_MS: i64 = 10_000;

/// Finds what is wrong with the nodes, and lists them.
pub(super) fn nodes(case: &Case) -> Vec<Finding> {
    let nodes = match list(case) {
        None => return vec![],
        Some(Ok(nodes)) => nodes,
        Some(Err(error)) => return vec![unreadable("nodes", &error)],
    };
    let mut findings = Vec::new();
    let versions: BTreeSet<&str> = nodes.iter().map(|node| node.about.version.as_str()).collect();
    if versions.len() > 1 {
        let versions: Vec<&str> = versions.into_iter().collect();
        findings.push(Finding::warning(
            "nodes",
            format!("they run different versions: {}", versions.join(", ")),
            "if no upgrade is under way, start the older ones again with the newest version",
        ));
    }
    findings.extend(differences(&nodes));
    findings.extend(nodes.iter().filter_map(|node| doubt(node, case.now)));
    if findings.is_empty() && !nodes.is_empty() {
        let detail = format!("{}: {}", counted(nodes.len(), "server"), list_of(&nodes));
        findings.push(Finding::ok("nodes", detail));
    }
    findings
}

/// Settings that differ, although they must be the same.
fn differences(nodes: &[Node]) -> Vec<Finding> {
    let by = |setting: fn(&Node) -> &str| {
        let mut groups = BTreeMap::<&str, Vec<&Node>>::new();
        for node in nodes {
            groups.entry(setting(node)).or_default().push(node);
        }
        groups
    };
    let (secrets, doorbells) = (by(|node| &node.about.secret), by(|node| &node.about.doorbell));
    let mut findings = Vec::new();
    if secrets.len() > 1 {
        let groups: Vec<_> = secrets.into_values().map(list_of).collect();
        findings.push(Finding::problem(
            "nodes",
            format!(
                "they have different secrets, so that tokens of one are refused by the other: {}",
                groups.join("; and ")
            ),
            "set the same auth.secret on all of them, or on none, and restart them",
        ));
    }
    if doorbells.len() > 1 {
        let groups =
            doorbells.into_iter().map(|(bell, nodes)| format!("{bell}: {}", list_of(nodes)));
        findings.push(Finding::warning(
            "nodes",
            format!(
                "they have different doorbells, so that they may not hear each other: {}",
                groups.collect::<Vec<_>>().join("; ")
            ),
            "set the same fleet.doorbell on all of them, unless these are of one NATS cluster",
        ));
    }
    findings
}

/// The number of nodes that live; 0 if it cannot be read, or with SQLite.
pub(super) fn count(case: &Case) -> u64 {
    list(case).and_then(Result::ok).map_or(0, |nodes| nodes.len() as u64)
}

/// `None` if the database has another schema, or is SQLite.
fn list(case: &Case) -> Option<Result<Vec<Node>, Error>> {
    let Ok(Opened { backend, status: Ok(_) }) = &case.database else { return None };
    Some(backend.fleet()?.list_nodes())
}

/// Several servers of one machine have the same name.
fn name(node: &Node) -> String {
    format!("{} ({})", node.about.name, node.about.address)
}

fn list_of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> String {
    nodes.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

fn doubt(node: &Node, now: Timestamp) -> Option<Finding> {
    let name = name(node);
    if node.silent_ms > SILENT_MS {
        return Some(Finding::warning(
            "nodes",
            format!("{name} has sent no heartbeat for {} seconds", node.silent_ms / 1000),
            "look into its log: it has ended, is overloaded, or does not reach the database",
        ));
    }
    let is_new = now.0 - node.about.started_at.0 < NEW_MS;
    (node.last.lag_ms >= DEAF_MS && !is_new).then(|| {
        Finding::warning(
            "nodes",
            format!("{name} does not hear the doorbell, so that it knows of changes later"),
            "look into its log for \"the doorbell is lost\", and check the way from it to PostgreSQL, or to \
             the server in fleet.doorbell",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Heartbeat, NewNode, NodeId};

    #[test]
    fn silent_and_deaf_nodes_are_doubtful() {
        let found = |silent_ms: i64, lag_ms: i64, age_ms: i64| {
            let node = Node {
                id: NodeId(1),
                about: NewNode {
                    name: "one".into(),
                    version: "1.0.0".into(),
                    address: "10.0.0.11:8000".into(),
                    started_at: Timestamp(1_000_000),
                    doorbell: "database".into(),
                    secret: "0123456789abcdef".into(),
                },
                last: Heartbeat { connections: 0, lag_ms },
                silent_ms,
                presence_version: 0,
                has_jobs: false,
            };
            doubt(&node, Timestamp(1_000_000 + age_ms)).map(|finding| finding.detail)
        };
        assert_eq!(found(2_000, 3, 60_000), None);
        assert_eq!(found(2_000, 500, 1_000), None, "it has just started");
        let deaf = found(2_000, 500, 60_000).unwrap();
        assert!(deaf.contains("one (10.0.0.11:8000) does not hear"), "{deaf}");
        let silent = found(5_000, 3, 60_000).unwrap();
        assert!(silent.contains("no heartbeat for 5 seconds"), "{silent}");
    }
}
