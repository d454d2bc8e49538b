//! Several versions of the program on one database, as during an upgrade of a fleet.

mod lint;
mod newer;
mod replay;

use crate::support::Server;

/// Runs SQL in the server's database as another process would.
fn execute(server: &Server, sql: &str) {
    let run = || match server.database_url().strip_prefix("sqlite://") {
        Some(file) => {
            let path = server.folder().join(file);
            rusqlite::Connection::open(path)?.execute_batch(sql).map_err(anyhow::Error::from)
        }
        None => {
            let mut client = postgres::Client::connect(server.database_url(), postgres::NoTls)?;
            Ok(client.batch_execute(sql)?)
        }
    };
    on_a_thread(run).expect("SQL");
}

/// Runs `work` on a new thread: the blocking client panics on a thread that runs an async runtime.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join()).expect("no panic")
}
