//! The server processes of a run, and the accounts on them.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::super::api::{Api, Server};
use super::super::interrupt;
use super::super::private::{Private, Settings};
use super::super::process::Process;
use super::super::progress::Progress;

/// Accounts that the connections belong to.
const USERS: usize = 20;

/// Servers on one database. Dropping this value kills them.
pub struct Nodes {
    nodes: Vec<Node>,
    /// The first one is the admin's.
    tokens: Vec<String>,
}

struct Node {
    private: Private,
    api: Api,
}

impl Nodes {
    /// The first node migrates the database, so the others start after it.
    ///
    /// # Errors
    /// If a node cannot be started, or an account cannot be created.
    pub fn start(
        count: usize,
        database: &str,
        config: Option<PathBuf>,
        progress: &Progress,
    ) -> anyhow::Result<Self> {
        let settings = Settings { database: Some(database.to_owned()), config };
        let mut nodes: Vec<Node> = Vec::with_capacity(count);
        for number in 1..=count {
            interrupt::check()?;
            progress.show(|| format!("starting node {number} of {count}"));
            let private = match nodes.first() {
                None => Private::start(&settings),
                Some(first) => first.private.start_another(&settings),
            };
            let private = private.with_context(|| format!("node {number} of {count}"))?;
            let authority = private.address().to_string();
            let api = Api::new(Server { address: private.address(), authority })?;
            nodes.push(Node { private, api });
        }
        let Some(first) = nodes.first_mut() else { bail!("there is no node") };
        let (admin, password) = (first.private.username(), first.private.password());
        let mut tokens = vec![first.api.login(admin, password)?];
        for number in 1..USERS {
            interrupt::check()?;
            let username = format!("{admin}-{number}");
            let password = uuid::Uuid::new_v4().to_string();
            first.api.sign_up(&username, &password)?;
            tokens.push(first.api.login(&username, &password)?);
        }
        Ok(Self { nodes, tokens })
    }

    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    pub fn server(&self, node: usize) -> &Server {
        self.nodes[node].api.server()
    }

    /// The token for the connection with this tag.
    pub fn token(&self, tag: usize) -> &str {
        &self.tokens[tag % self.tokens.len()]
    }

    pub fn processes(&self) -> Vec<Process> {
        self.nodes.iter().map(|node| Process { pid: node.private.pid() }).collect()
    }

    pub fn create_rooms(&mut self, count: usize) -> anyhow::Result<Vec<i64>> {
        let Some(first) = self.nodes.first_mut() else { bail!("there is no node") };
        let create = |number| first.api.create_room(&format!("bench {number}"), &self.tokens[0]);
        (0..count).map(create).collect()
    }

    /// The metrics of every node.
    pub fn metrics(&mut self) -> anyhow::Result<Vec<String>> {
        let token = &self.tokens[0];
        self.nodes.iter_mut().map(|node| node.api.metrics(token)).collect()
    }

    /// Stops all nodes.
    ///
    /// # Errors
    /// If a node has crashed, or does not stop.
    pub fn stop(self) -> anyhow::Result<()> {
        for (node, number) in self.nodes.into_iter().zip(1..) {
            node.private.stop().with_context(|| format!("node {number}"))?;
        }
        Ok(())
    }
}
