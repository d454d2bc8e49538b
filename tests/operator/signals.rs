//! Signals that stop a server, and signals that it ignores.

use crate::support::{Database, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_that_tools_send_do_not_end_the_server() {
    let mut server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    // The numbers are SIGVTALRM, SIGPROF, SIGIO and SIGXFSZ: not every shell knows their names.
    for signal in ["USR1", "USR2", "ALRM", "PIPE", "26", "27", "29", "25"] {
        server.signal(signal);
        ann.get("/rooms/").await.expect(200);
    }
    server.signal("QUIT");
    server.says("stopping").await;
    assert_eq!(server.exited().await.code(), Some(0));
}
