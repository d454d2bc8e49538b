//! The server a run is for: one that runs somewhere, or a private one that is started for it.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};

use super::api::{Api, Server};
use super::private::Private;
use super::process::Process;

/// Accounts made for a run on a private server, so that connections are of more than one person.
const PRIVATE_USERS: usize = 20;

/// Which server to use.
pub enum Place {
    /// One that runs.
    Url {
        /// `http://host:port`.
        url: String,
        sign_in: SignIn,
        /// The server's process, if it is on this machine.
        pid: Option<u32>,
    },
    /// One to be started, as a child.
    Private(super::private::Settings),
}

/// How to become an admin of a server that runs.
pub enum SignIn {
    Token(String),
    Password { username: String, password: String },
}

/// A server that is ready for a run.
pub struct Target {
    pub api: Api,
    /// The server's process, if it is on this machine.
    pub process: Option<Process>,
    /// Makes rooms.
    admin_token: String,
    /// Connections take turns with these: at least one.
    tokens: Vec<String>,
    rooms: Vec<i64>,
    /// Distinguishes what this run makes from what others made.
    run: String,
    private: Option<Private>,
}

impl Target {
    /// With `real_hashes` a private server checks passwords at its own cost, so that accounts are
    /// dear: then there is one, unless more are asked for.
    ///
    /// # Errors
    /// The server cannot be started or reached, or does not let us in.
    pub fn open(place: Place, users: Option<usize>, real_hashes: bool) -> anyhow::Result<Self> {
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
                let private = Private::start(&settings, real_hashes)?;
                let authority = private.address().to_string();
                let mut api = Api::new(Server { address: private.address(), authority })?;
                let admin_token = api.login(private.username(), private.password())?;
                let process = Some(Process { pid: private.pid() });
                let private = Some(private);
                Self { api, process, admin_token, tokens: vec![], rooms: vec![], run, private }
                    .with_users(users.unwrap_or(if real_hashes { 1 } else { PRIVATE_USERS }))
            }
        }
    }

    /// The admin, and `count` - 1 accounts made for this run.
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

    /// The file of a private server's database.
    ///
    /// # Errors
    /// The server is not private, or has its database elsewhere.
    pub fn sqlite_file(&self) -> anyhow::Result<PathBuf> {
        let database = self.private.as_ref().map(Private::database).unwrap_or_default();
        let path = database.strip_prefix("sqlite://").context(
            "this is done to the SQLite file of a private server: leave out --url, and --database \
             unless it names such a file",
        )?;
        Ok(path.into())
    }

    /// The token for the `index`-th connection.
    pub fn token(&self, index: usize) -> &str {
        &self.tokens[index % self.tokens.len()]
    }

    /// Every token, for connections that are made while the target is in use.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// A room of this run alone, deleted at its end.
    pub fn create_rooms(&mut self, count: usize) -> anyhow::Result<Vec<i64>> {
        let first = self.rooms.len();
        for number in first..first + count {
            let name = format!("bench {} {number}", self.run);
            let room_id = self
                .api
                .create_room(&name, &self.admin_token)
                .context("rooms must be made for the run, which takes an admin")?;
            self.rooms.push(room_id);
        }
        Ok(self.rooms[first..].to_vec())
    }

    /// How many events a room has.
    pub fn head_seq(&mut self, room_id: i64) -> anyhow::Result<i64> {
        self.api.head_seq(room_id, &self.admin_token)
    }

    /// Deletes what was made, as far as it can be, and ends a private server.
    ///
    /// # Errors
    /// A room could not be deleted, or the private server did not end well.
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
            "{text} has TLS, which is not spoken here: name a server behind the proxy, or one \
             without http.tls_certificate"
        );
    }
    if url.scheme() != "http" || url.path() != "/" {
        return Err(wrong());
    }
    let authority = format!("{host}:{port}");
    // IPv4 first: a server on 127.0.0.1 is not on ::1.
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
    fn only_the_url_of_a_server_is_taken() {
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
