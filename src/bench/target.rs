//! The server that a run uses: a running one, or a private one that is started for the run.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context as _, anyhow, bail};

use super::api::{Api, Server};
use super::private::Private;
use super::process::Process;

/// Accounts on a private server, so that the connections belong to several users.
const PRIVATE_USERS: usize = 20;

/// Which server to use.
pub enum Place {
    /// A running server.
    Url {
        /// `http://host:port`.
        url: String,
        sign_in: SignIn,
        /// The server's process, if it is on this machine.
        pid: Option<u32>,
    },
    /// A server to start as a child process.
    Private(super::private::Settings),
}

/// How to sign in as an admin of a running server.
pub enum SignIn {
    Token(String),
    Password { username: String, password: String },
}

/// A server that is ready for a run.
pub struct Target {
    pub api: Api,
    /// The server's process, if it is on this machine.
    pub process: Option<Process>,
    /// The token that creates and deletes rooms.
    admin_token: String,
    /// The connections use these tokens in turn. There is at least one.
    tokens: Vec<String>,
    rooms: Vec<i64>,
    /// Part of the names of this run's rooms and accounts.
    run: String,
    private: Option<Private>,
}

impl Target {
    /// # Errors
    /// If the server cannot be started or reached, or if signing in fails.
    pub fn open(place: Place, users: Option<usize>) -> anyhow::Result<Self> {
        let run = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        match place {
            Place::Url { url, sign_in, pid } => {
                let mut api = Api::new(find(&url)?)?;
                let admin_token = match sign_in {
                    SignIn::Token(token) => token,
                    SignIn::Password { username, password } => api.login(&username, &password)?,
                };
                let process = pid.map(|pid| Process { pid });
                if let Some(process) = process
                    && process.cpu().is_none()
                {
                    bail!("there is no process {} on this machine: check --pid", process.pid);
                }
                Self {
                    api,
                    process,
                    admin_token,
                    tokens: vec![],
                    rooms: vec![],
                    run,
                    private: None,
                }
                .with_users(users.unwrap_or(1))
            }
            Place::Private(settings) => {
                let private = Private::start(&settings)?;
                let authority = private.address().to_string();
                let mut api = Api::new(Server { address: private.address(), authority })?;
                let admin_token = api.login(private.username(), private.password())?;
                let process = Some(Process { pid: private.pid() });
                let private = Some(private);
                Self { api, process, admin_token, tokens: vec![], rooms: vec![], run, private }
                    .with_users(users.unwrap_or(PRIVATE_USERS))
            }
        }
    }

    /// Uses the admin, and creates `count` - 1 accounts for this run.
    fn with_users(mut self, count: usize) -> anyhow::Result<Self> {
        self.tokens.push(self.admin_token.clone());
        for number in 1..count {
            let username = format!("bench-{}-{number}", self.run);
            let password = uuid::Uuid::new_v4().to_string();
            self.api.sign_up(&username, &password)?;
            self.tokens.push(self.api.login(&username, &password)?);
        }
        Ok(self)
    }

    pub fn server(&self) -> &Server {
        self.api.server()
    }

    /// The token for the `index`-th connection.
    pub fn token(&self, index: usize) -> &str {
        &self.tokens[index % self.tokens.len()]
    }

    /// All tokens.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Creates rooms for this run. They are deleted at its end.
    pub fn create_rooms(&mut self, count: usize) -> anyhow::Result<Vec<i64>> {
        let first = self.rooms.len();
        for number in first..first + count {
            let name = format!("bench {} {number}", self.run);
            let room_id = self
                .api
                .create_room(&name, &self.admin_token)
                .context("the run must create rooms, which only an admin can do")?;
            self.rooms.push(room_id);
        }
        Ok(self.rooms[first..].to_vec())
    }

    /// The newest seq of a room.
    pub fn head_seq(&mut self, room_id: i64) -> anyhow::Result<i64> {
        self.api.head_seq(room_id, &self.admin_token)
    }

    /// Deletes the rooms of the run, and stops a private server. Accounts cannot be deleted here.
    ///
    /// # Errors
    /// If a room cannot be deleted, or the private server did not stop properly.
    pub fn close(mut self) -> anyhow::Result<()> {
        let is_thrown_away = self.private.as_ref().is_some_and(Private::is_thrown_away);
        if !is_thrown_away {
            for room_id in std::mem::take(&mut self.rooms) {
                self.api.delete_room(room_id, &self.admin_token)?;
            }
        }
        self.private.map_or(Ok(()), Private::stop)
    }
}

/// Resolves `http://host:port`.
fn find(text: &str) -> anyhow::Result<Server> {
    let wrong = || anyhow!("{text} is not the URL of a server: write it as http://host:port");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let (host, port) = url.host_str().zip(url.port_or_known_default()).ok_or_else(wrong)?;
    if url.scheme() == "https" {
        bail!(
            "{text} uses TLS, which bench does not support: give the URL of the server behind the \
             proxy, or of a server without http.tls_certificate"
        );
    }
    if url.scheme() != "http" || url.path() != "/" {
        return Err(wrong());
    }
    let authority = format!("{host}:{port}");
    // IPv4 comes first, because a server on 127.0.0.1 does not listen on ::1.
    let mut addresses: Vec<SocketAddr> =
        authority.to_socket_addrs().with_context(|| format!("there is no host {host}"))?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let address = addresses.into_iter().next().with_context(|| format!("no address of {host}"))?;
    Ok(Server { address, authority })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_url_of_a_server_is_accepted() {
        let server = find("http://localhost:8000/").unwrap();
        assert_eq!(server.authority, "localhost:8000");
        assert_eq!(server.address.port(), 8000);
        assert_eq!(find("http://127.0.0.1").unwrap().address.port(), 80);
        for wrong in ["localhost:8000", "ftp://localhost", "http://localhost/chat", "http://"] {
            assert!(find(wrong).unwrap_err().to_string().contains("http://host:port"), "{wrong}");
        }
        assert!(find("https://localhost").unwrap_err().to_string().contains("TLS"));
    }
}
