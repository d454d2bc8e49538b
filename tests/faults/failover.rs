//! A primary of PostgreSQL that dies, and a standby that is promoted: two clusters with streaming replication.

use std::net::SocketAddr;

use serde_json::json;
use tokio::task::spawn_blocking;

use super::times;
use crate::crash::under_load;
use crate::support::postgres::{PgCluster, own_address};
use crate::support::proxy::Proxy;
use crate::support::{Client, Database, PASSWORD, Server};

/// A primary with a database, and a standby.
struct Pair {
    primary: PgCluster,
    standby: PgCluster,
    addresses: [SocketAddr; 2],
}

impl Pair {
    /// Starts both. The standby reaches the primary through `via`, if that is given.
    async fn start(
        primary: PgCluster,
        addresses: [SocketAddr; 2],
        via: Option<SocketAddr>,
    ) -> Self {
        let source = via.unwrap_or(addresses[0]);
        let standby = blocking(move || PgCluster::standby_of(source, addresses[1])).await;
        Self { primary, standby, addresses }
    }

    /// Starts both; a proxy is between them.
    async fn behind_proxy() -> (Self, Proxy) {
        let (primary, addresses) = primary().await;
        let proxy = Proxy::to(addresses[0]).await;
        (Self::start(primary, addresses, Some(proxy.address())).await, proxy)
    }

    fn url(&self) -> String {
        let [one, two] = self.addresses;
        format!("postgres://postgres@{one},{two}/{NAME}")
    }

    /// Waits until the standby has everything, then cuts it off, so that it receives nothing more.
    async fn loses_its_link(self, proxy: Proxy) -> Self {
        let pair = blocking(move || {
            self.primary.wait_for_standby();
            self
        })
        .await;
        // Its connections end soon after.
        drop(proxy);
        blocking(move || {
            pair.primary.wait_until_no_standby();
            pair
        })
        .await
    }

    /// Crashes the primary and promotes the standby.
    async fn fails_over(self) -> PgCluster {
        blocking(move || {
            self.primary.crash();
            self.standby.promote();
            self.standby
        })
        .await
    }
}

/// The name of the database.
const NAME: &str = "chat";

async fn primary() -> (PgCluster, [SocketAddr; 2]) {
    blocking(|| {
        let addresses = [own_address(), own_address()];
        let primary = PgCluster::private_with(addresses[0], "");
        primary.execute(&format!("CREATE DATABASE {NAME} TEMPLATE template0"));
        (primary, addresses)
    })
    .await
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(run).await.expect("it does not panic")
}

/// The clients of `tests/crash` send, edit, delete and read meanwhile, and resume if a socket is closed; but none is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_to_a_synchronous_standby_loses_nothing_and_needs_no_restart() {
    let (primary, mut addresses) = primary().await;
    let pair = Pair::start(primary, addresses, None).await;
    let mut nodes = [Server::with(Database::Postgres).at(&pair.url()).start().await];
    let process = nodes[0].pid();
    let mut clusters = Some((pair.primary, pair.standby));
    let mut closed = None;
    under_load(&mut nodes, times(3, 100), async |nodes| {
        let admin = nodes[0].anonymous().signs_in("admin", PASSWORD).await;
        let closes = socket_closes(&admin).await;
        let before = closed.get_or_insert_with(|| closes.clone());
        assert_eq!(*before, closes, "a socket was closed");
        let (primary, standby) = clusters.take().expect("both");
        let (primary, standby) = blocking(move || {
            primary.synchronise();
            primary.crash();
            (primary, standby)
        })
        .await;
        // No node is a primary now.
        let sent = admin.post("/rooms/1/messages", json!({ "content": "refused" })).await;
        assert!(sent.status == 503 && !sent.header("retry-after").is_empty(), "{sent:?}");
        let read = admin.get("/rooms/1/messages").await;
        read.expect_problem(503, "unavailable");
        admin.get("/health").await.expect(200);
        addresses.reverse();
        let [source, address] = addresses;
        clusters = Some(
            blocking(move || {
                standby.promote();
                // The crashed primary is replaced by a new standby.
                drop(primary);
                let another = PgCluster::standby_of(source, address);
                (standby, another)
            })
            .await,
        );
    })
    .await;
    assert_eq!(nodes[0].pid(), process);
    let log = nodes[0].log().join("\n");
    assert!(!log.contains("has lost committed events"), "{log}");
}

/// The numbers of closed sockets by code.
async fn socket_closes(admin: &Client) -> Vec<String> {
    let metrics = admin.get("/metrics").await.expect(200);
    let lines = metrics.as_str().expect("text").lines();
    let mut closes: Vec<String> = lines
        .filter(|line| line.starts_with("chatapp_socket_closes_total{"))
        .map(str::to_owned)
        .collect();
    closes.sort();
    closes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_loses_messages_ends_the_server_and_old_cursors_are_refused() {
    let (pair, proxy) = Pair::behind_proxy().await;
    let mut server = Server::with(Database::Postgres).at(&pair.url()).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let epoch = socket.synced["epoch"].as_str().expect("epoch").to_owned();
    socket.says(room, "kept", "kept").await;
    let pair = pair.loses_its_link(proxy).await;
    socket.says(room, "lost 1", "lost-1").await;
    socket.says(room, "lost 2", "lost-2").await;
    let _primary = pair.fails_over().await;

    assert_eq!(socket.expect_close().await, 1001);
    assert_eq!(server.exited().await.code(), Some(1));
    let log = server.log().join("\n");
    assert!(log.contains("PostgreSQL has lost committed events"), "{log}");
    assert!(log.contains("error: the database at database.url is not the one"), "{log}");

    server.restart().await;
    is_refused(&ann, room, 3, &epoch).await;
    let mut socket = ann.joins(room).await;
    assert_ne!(socket.synced["epoch"], epoch);
    let history = ann.history(room).await;
    assert_eq!(history.iter().map(|it| &it["content"]).collect::<Vec<_>>(), ["kept"]);
    // The number of a lost message is given again.
    assert_eq!(socket.says(room, "new", "new").await["seq"], 2);
    is_refused(&ann, room, 2, &epoch).await;
}

async fn is_refused(client: &Client, room: i64, since: i64, epoch: &str) {
    let path = format!("/ws/{room}?token={}&since={since}&epoch={epoch}", client.token);
    let mut socket = client.opens(&path).await;
    assert_eq!(socket.recv_type("error").await["code"], "epoch_changed");
    assert_eq!(socket.expect_close().await, 4409);
}

/// The second server has seen nothing of what was lost, and serves again before the first one notices it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_notices_lost_messages_ends_the_other_servers_too() {
    let (pair, proxy) = Pair::behind_proxy().await;
    let mut server = Server::with(Database::Postgres).at(&pair.url()).start().await;
    let mut other = server.start_another().await;
    let ann = server.admin("ann").await;
    let ann_there = other.anonymous().signs_in("ann", PASSWORD).await;
    let [room, quiet] = [ann.creates_room("general").await, ann.creates_room("quiet").await];
    let mut socket = ann.joins(room).await;
    let epoch = socket.synced["epoch"].as_str().expect("epoch").to_owned();
    let mut socket_there = ann_there.joins(quiet).await;
    let pair = pair.loses_its_link(proxy).await;
    socket.says(room, "lost", "lost").await;

    server.signal("STOP");
    let _primary = pair.fails_over().await;
    let path = format!("/rooms/{quiet}/messages");
    let send = json!({ "content": "afterwards", "client_id": "afterwards" });
    while ann_there.post(&path, send.clone()).await.status >= 300 {}
    assert_eq!(socket_there.recv_type("message").await["content"], "afterwards");
    server.signal("CONT");
    assert_eq!(server.exited().await.code(), Some(1));
    assert_eq!(socket_there.expect_close().await, 1001);
    assert_eq!(other.exited().await.code(), Some(1));

    server.restart().await;
    other.restart().await;
    is_refused(&ann, room, 1, &epoch).await;
    is_refused(&ann_there, room, 0, &epoch).await;
    let epochs = [ann.joins(room).await, ann_there.joins(room).await]
        .map(|socket| socket.synced["epoch"].clone());
    assert!(epochs[0] == epochs[1] && epochs[0] != epoch, "{epochs:?}");
    assert_eq!(ann.history(room).await.len(), 0);
    assert_eq!(ann_there.history(quiet).await.len(), 1);
}

/// The server that stored the messages ends with the primary. Another one has delivered them to its clients.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_server_that_died_are_missed_by_a_server_that_has_read_them() {
    let (pair, proxy) = Pair::behind_proxy().await;
    let mut server = Server::with(Database::Postgres).at(&pair.url()).start().await;
    let mut other = server.start_another().await;
    let ann = server.admin("ann").await;
    let ann_there = other.anonymous().signs_in("ann", PASSWORD).await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let mut socket_there = ann_there.joins(room).await;
    let epoch = socket_there.synced["epoch"].as_str().expect("epoch").to_owned();
    let pair = pair.loses_its_link(proxy).await;
    socket.says(room, "lost", "lost").await;
    assert_eq!(socket_there.recv_type("message").await["content"], "lost");

    server.kill9();
    let _primary = pair.fails_over().await;
    assert_eq!(socket_there.expect_close().await, 1001);
    assert_eq!(other.exited().await.code(), Some(1));
    let log = other.log().join("\n");
    assert!(log.contains("PostgreSQL has lost committed events"), "{log}");
    other.restart().await;
    is_refused(&ann_there, room, 1, &epoch).await;
    assert_eq!(ann_there.history(room).await.len(), 0);
}
