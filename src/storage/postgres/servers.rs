//! The servers of a database URL, each with a configuration of its own: TLS may be had from one of them and
//! not from another.

use tokio_postgres::Config;
use tokio_postgres::config::{Host, TargetSessionAttrs};

use super::super::Result;
use super::url::bad;

/// Splits the configuration into one for each host.
///
/// # Errors
/// [`Error::BadUrl`](super::super::Error::BadUrl) if the numbers of hosts, addresses and ports do not fit
/// together.
pub(super) fn split(config: &Config) -> Result<Vec<Config>> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let count = hosts.len().max(addresses.len()).max(1);
    let fits = |length: usize| length == 0 || length == count;
    if !fits(hosts.len()) || !fits(addresses.len()) {
        return bad("host and hostaddr of the database URL must have the same number of entries");
    }
    let ports = config.get_ports();
    if ports.len() > 1 && ports.len() != count {
        return bad("the database URL must have one port, or as many as it has hosts");
    }
    let one = |i: usize| {
        let mut one = without_hosts(config);
        match (hosts.get(i), addresses.get(i)) {
            (Some(Host::Tcp(name)), _) => one.host(name),
            (Some(Host::Unix(path)), _) => one.host_path(path),
            // The address is also the name that the certificate must have.
            (None, Some(address)) => one.host(address.to_string()),
            (None, None) => one.host("localhost"),
        };
        if let Some(address) = addresses.get(i) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(i).or(ports.first()) {
            one.port(*port);
        }
        // The first host that answers may be a standby.
        if count > 1 {
            one.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        one
    };
    Ok((0..count).map(one).collect())
}

/// Copies everything except hosts, addresses and ports, which cannot be removed from a configuration.
fn without_hosts(config: &Config) -> Config {
    let mut copy = Config::new();
    if let Some(user) = config.get_user() {
        copy.user(user);
    }
    if let Some(password) = config.get_password() {
        copy.password(password);
    }
    if let Some(name) = config.get_dbname() {
        copy.dbname(name);
    }
    if let Some(options) = config.get_options() {
        copy.options(options);
    }
    if let Some(name) = config.get_application_name() {
        copy.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        copy.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        copy.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        copy.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        copy.keepalives_retries(retries);
    }
    copy.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .load_balance_hosts(config.get_load_balance_hosts());
    copy
}
