//! Advice for the operator about each error of PostgreSQL or of a pooler in front of it
//! (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use std::error::Error as _;
use std::io;

use postgres::error::DbError;

use super::{errors, tls_advice};

/// Advice by error code (five characters) or class (two). The first entry that matches counts.
const BY_CODE: &[(&str, &str)] = &[
    (
        "08",
        "a program between chatapp and PostgreSQL, such as PgBouncer, ended the connection: look into \
         its log",
    ),
    ("22P05", NOT_UTF8),
    (
        "25006",
        "this server cannot be written to, as a standby: name the primary in the database URL",
    ),
    ("25P03", "the transaction was idle for 30 seconds: look for a slow disk or network"),
    (
        "26000",
        "if this goes on, a pooler shares connections: connect to PostgreSQL directly (port 5432), \
         or use pool_mode = session",
    ),
    (
        "42P05",
        "a pooler shares connections: connect to PostgreSQL directly (port 5432), or use \
         pool_mode = session",
    ),
    (
        "28P01",
        "correct the password in the database URL, or set the role's with ALTER ROLE … PASSWORD",
    ),
    ("28", "correct the user in the database URL, or make such a role with CREATE ROLE … LOGIN"),
    (
        "3D000",
        "correct the name in the database URL, or make it with CREATE DATABASE … ENCODING 'UTF8' \
         TEMPLATE template0",
    ),
    (
        "3F000",
        "as its owner, run GRANT USAGE, CREATE ON SCHEMA public TO the role of the database URL",
    ),
    ("42501", "`chatapp doctor` names the GRANT that is missing"),
    ("53100", "make room on the disk of the PostgreSQL server"),
    (
        "53200",
        "give PostgreSQL more memory; if shared memory is short, raise \
         max_locks_per_transaction",
    ),
    (
        "53300",
        "raise max_connections of PostgreSQL, or the CONNECTION LIMIT of the role or the database, \
         or lower database.read_threads",
    ),
    ("53", "PostgreSQL is at a limit of its own: look into its log"),
    ("55P03", "another session holds the lock: pg_stat_activity and pg_locks say which"),
    (
        "57014",
        "the statement took too long or was cancelled: look for the cause of the load on PostgreSQL",
    ),
    (
        "57P01",
        "PostgreSQL is being stopped, or an administrator ended this connection: chatapp connects again by itself",
    ),
    ("57P02", "PostgreSQL crashed and is restarting: chatapp connects again by itself"),
    (
        "57P03",
        "PostgreSQL is starting, stopping or recovering: chatapp connects once it accepts connections",
    ),
    ("57P04", "an administrator dropped the database: restore a backup into a new one"),
    ("57P05", "set idle_session_timeout of PostgreSQL to 0 for this role"),
    ("57", "chatapp connects again by itself"),
    ("58", "look into the log of PostgreSQL and of its system: it may be the disk"),
];

pub(super) const NOT_UTF8: &str = "\
    the database cannot hold every text: make another with CREATE DATABASE … ENCODING 'UTF8' \
    TEMPLATE template0, and move to it with `chatapp copy`";

/// Codes with more than one meaning, told apart by the message of PostgreSQL 13 to 18 or PgBouncer.
const BY_MESSAGE: &[(&str, &str, &str)] = &[
    (
        "28000",
        "pg_hba.conf",
        "let pg_hba.conf of PostgreSQL admit this host, user and database. A line `hostssl` admits only \
         connections with TLS (sslmode=verify-full in the database URL), and `hostnossl` only those \
         without",
    ),
    (
        "28000",
        "client certificate",
        "name a certificate and its key with sslcert and sslkey in the database URL",
    ),
    ("28000", "certificate authentication failed", OTHER_NAME),
    // `trust` fails only if the line of pg_hba.conf has clientcert=verify-full.
    ("28000", "\"trust\" authentication failed", OTHER_NAME),
    ("08P01", "SSL required", WANTS_TLS),
    ("08P01", "insecure", WANTS_TLS),
    (
        "08P01",
        "startup parameter",
        "the pooler does not pass this parameter of the database URL on: remove it, or set it with \
         ALTER ROLE … SET",
    ),
    (
        "08P01",
        "query_wait_timeout",
        "the pooler had no free connection: raise default_pool_size of PgBouncer, or lower \
         database.read_threads",
    ),
    (
        "08P01",
        "max_client_conn",
        "raise max_client_conn of PgBouncer, or lower database.read_threads",
    ),
];

const OTHER_NAME: &str = "\
    the certificate that sslcert of the database URL names must have the user as its common name (CN), or \
    pg_ident.conf must map it to the user";

const WANTS_TLS: &str = "write sslmode=verify-full and sslrootcert into the database URL";

const NO_TLS: &str = "\
    switch TLS on in PostgreSQL (ssl, ssl_cert_file, ssl_key_file). If the network is private, or a tunnel, \
    you can write sslmode=disable into the database URL instead";

const NO_ANSWER: &str = "\
    the server ended the connection: look into its log. sslnegotiation=direct needs PostgreSQL 17 or newer";

/// Returns the advice about an error of the server.
pub(super) fn of_server(error: &DbError) -> Option<&'static str> {
    let (code, message) = (error.code().code(), error.message());
    let by_message = BY_MESSAGE
        .iter()
        .find(|(of_code, part, _)| *of_code == code && message.contains(part))
        .map(|(_, _, advice)| *advice);
    let by_code = || BY_CODE.iter().find(|(start, _)| code.starts_with(start));
    by_message.or_else(|| by_code().map(|(_, advice)| *advice))
}

/// The advice about an error of a connection that was in use.
pub(super) const LOST: &str = "the connection was lost: chatapp connects again by itself";

/// Returns the advice about an error while connecting for which the server gave no code.
pub(super) fn of_connecting(error: &postgres::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref::<io::Error>() {
            return match found.kind() {
                io::ErrorKind::UnexpectedEof if errors::is_of_tls(error) => NO_ANSWER,
                _ => of_io(found),
            };
        }
        cause = found.source();
    }
    // The driver keeps the kind of an error private, so its text is compared.
    let text = error.to_string();
    if text.starts_with("invalid configuration") {
        return "PostgreSQL asks for a password: write it in the database URL";
    }
    if errors::is_without_tls(error) {
        return NO_TLS;
    }
    if errors::is_of_tls(error) {
        return NO_ANSWER;
    }
    if errors::describe(error).contains("channel binding") {
        return "let pg_hba.conf of PostgreSQL ask for scram-sha-256 and the URL for TLS, or remove \
                channel_binding=require from the database URL";
    }
    if text.starts_with("authentication error") {
        return "let pg_hba.conf of PostgreSQL ask for scram-sha-256 or md5, and check the password";
    }
    NOT_POSTGRES
}

const NOT_POSTGRES: &str = "\
    the server at this address does not speak PostgreSQL's protocol, or closed the connection: check host \
    and port in the database URL";

fn of_io(error: &io::Error) -> &'static str {
    if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        return tls_advice::of(error);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "start PostgreSQL, or correct host and port in the database URL"
        }
        io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => {
            "check host and port in the database URL, and the network and firewalls on the way"
        }
        io::ErrorKind::NotFound => {
            "there is no such socket: start PostgreSQL, or correct host and port in the database URL"
        }
        io::ErrorKind::PermissionDenied if error.to_string().contains("allow writes") => {
            "none of the servers in the database URL can be written to: name the primary"
        }
        io::ErrorKind::PermissionDenied => "give this system user the right to use the socket",
        _ if error.to_string().contains("lookup address") => {
            "correct the host in the database URL, or its entry in the DNS"
        }
        _ => NOT_POSTGRES,
    }
}

#[cfg(test)]
mod tests {
    use postgres::error::SqlState;

    use super::*;

    /// No entry is hidden by an entry for its class before it.
    #[test]
    fn no_entry_hides_another() {
        for (i, (code, _)) in BY_CODE.iter().enumerate() {
            let hides = |(earlier, _): &&(&str, &str)| code.starts_with(earlier);
            assert_eq!(BY_CODE[..i].iter().find(hides), None, "{code}");
        }
        // A code that the driver does not know is mistyped.
        for (code, _) in BY_CODE.iter().filter(|(code, _)| code.len() == 5) {
            assert!(format!("{:?}", SqlState::from_code(code)).contains(code), "{code}");
        }
    }
}
