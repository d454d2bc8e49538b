//! A standby of a private cluster, by streaming replication.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use super::postgres::{PgCluster, new_folder, path, run, share, supervise};

/// How long a test waits for a standby. The time is long because a loaded machine must not fail a test.
const BOUND: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl PgCluster {
    /// Starts a standby of the cluster that answers at `primary`, at this address. It accepts reads when this returns.
    pub fn standby_of(primary: SocketAddr, address: SocketAddr) -> Self {
        let folder = new_folder();
        let in_use = share(&folder);
        supervise(&folder, &folder, 0);
        let data = folder.join("data");
        let source = format!(
            "host={} port={} user=postgres application_name=standby",
            primary.ip(),
            primary.port()
        );
        let how =
            ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"];
        let from = ["--dbname", &source, "--pgdata", path(&data)];
        run(&folder, "pg_basebackup", &[&how[..], &from[..]].concat());
        let settings = format!(
            "\nlisten_addresses = '{}'\nport = {}\nunix_socket_directories = '{}'\n",
            address.ip(),
            address.port(),
            path(&folder)
        );
        File::options()
            .append(true)
            .open(data.join("postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .expect("the settings can be written");
        let admin_url = format!("postgres://postgres@{address}/postgres");
        let cluster = Self { admin_url, folder, _in_use: in_use };
        cluster.start();
        cluster
    }

    /// Turns a standby into a primary.
    pub fn promote(&self) {
        let data = self.folder.join("data");
        run(&self.folder, "pg_ctl", &["promote", "--wait", "-D", path(&data)]);
    }

    /// From now on, a commit waits until a standby has it. The cluster must have one.
    pub fn synchronise(&self) {
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.execute("SELECT pg_reload_conf()");
        let is_synchronous = "
            SELECT count(*) > 0 FROM pg_stat_replication
            WHERE sync_state = 'sync' AND state = 'streaming'
              AND flush_lsn >= pg_current_wal_flush_lsn()";
        self.wait_for(is_synchronous);
        // Commits wait only after the checkpointer, too, has read the new settings, which no view shows. It reads them
        // before it begins a checkpoint; the first of the two may have begun already.
        self.execute("CHECKPOINT");
        self.execute("CHECKPOINT");
        // The standby may lack commits that did not wait yet.
        self.wait_for(is_synchronous);
    }

    /// Waits until the standby has everything that this cluster has committed.
    pub fn wait_for_standby(&self) {
        self.wait_for(
            "SELECT count(*) > 0 FROM pg_stat_replication
             WHERE flush_lsn >= pg_current_wal_flush_lsn()",
        );
    }

    /// Waits until no standby receives what this cluster commits.
    pub fn wait_until_no_standby(&self) {
        self.wait_for("SELECT count(*) = 0 FROM pg_stat_replication");
    }

    /// Waits until the value of this statement is true. Polls, because a setting or a standby takes effect at no
    /// event that a client could wait for.
    fn wait_for(&self, sql: &str) {
        let deadline = Instant::now() + BOUND;
        loop {
            // A new connection each time: it has read the new settings.
            let row = self.admin().query_one(sql, &[]).expect("the cluster answers");
            if row.get(0) {
                return;
            }
            assert!(Instant::now() < deadline, "waited for {sql}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Runs SQL as an administrator.
    pub fn execute(&self, sql: &str) {
        self.admin().batch_execute(sql).expect("the cluster executes it");
    }

    fn admin(&self) -> Client {
        Client::connect(&self.admin_url, NoTls).expect("the cluster answers")
    }
}
