//! The URL of a PostgreSQL database: its permitted parameters, and the defaults that are added.
//!
//! A URL may contain a password, so the error texts here repeat only the names of parameters.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use super::super::{Error, Result};
use super::errors;
use super::servers;
use super::target::Target;
use super::tls_options::{self, TlsOptions};

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The connection to a server that has vanished is given up after this time.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(15);

/// Parameters of libpq that the driver supports with the same meaning
/// (<https://www.postgresql.org/docs/current/libpq-connect.html>). Any parameter that is neither here nor in
/// [`tls_options::PARAMETERS`] is refused by name.
const OF_THE_DRIVER: [&str; 15] = [
    "application_name",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "tcp_user_timeout",
    "user",
];

const TARGET: &str = "target_session_attrs";

/// Parses the URL.
///
/// # Errors
/// [`Error::BadUrl`] if a part of the URL is not understood or not supported.
pub(super) fn parse(url: &str) -> Result<Target> {
    let ats = url.matches('@').count();
    if ats > 1 {
        return bad("the database URL has more than one @: write an @ in a password as %40");
    }
    let (rest, parameters) = parameters(url);
    let mut of_the_driver = Vec::new();
    let mut of_tls = Vec::new();
    let mut target = None;
    for (name, value) in &parameters {
        match *name {
            TARGET => target = Some(target_of(value)?),
            name if OF_THE_DRIVER.contains(&name) => of_the_driver.push(format!("{name}={value}")),
            name if tls_options::PARAMETERS.contains(&name) => {
                // The last one would count, which may be the weaker.
                if of_tls.iter().any(|(known, _)| *known == name) {
                    return bad(&format!(
                        "{name} is in the database URL twice: remove one of them"
                    ));
                }
                of_tls.push((name, decode(value)?));
            }
            name => return Err(unknown(name, ats == 1)),
        }
    }
    let tls = TlsOptions::of(&of_tls)?;
    let url = match of_the_driver.is_empty() {
        true => rest.to_owned(),
        false => format!("{rest}?{}", of_the_driver.join("&")),
    };
    let mut config: Config = url.parse().map_err(|error: postgres::Error| {
        // If there is one @, the password is before it, and the driver's error is about the part after it.
        let detail = if ats == 1 { errors::describe(&error) } else { "no @ in it".to_owned() };
        Error::BadUrl(format!(
            "the database URL is not understood ({detail}): write \
             postgres://user:password@host:5432/database, with %40 for @, %2F for / and %3F for ? \
             in the password"
        ))
    })?;
    config.ssl_negotiation(tls.negotiation);
    config.channel_binding(tls.channel_binding);
    config.target_session_attrs(target.unwrap_or(TargetSessionAttrs::Any));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("chatapp");
    }
    let is_set = |name: &str| parameters.iter().any(|(it, _)| *it == name);
    if !is_set("keepalives_idle") {
        config.keepalives_idle(SILENCE_TIMEOUT / 3);
    }
    if !is_set("keepalives_interval") {
        config.keepalives_interval(SILENCE_TIMEOUT / 3);
    }
    if !is_set("keepalives_retries") {
        config.keepalives_retries(2);
    }
    if !is_set("tcp_user_timeout") {
        config.tcp_user_timeout(SILENCE_TIMEOUT);
    }
    Ok(Target::new(servers::split(&config)?, tls))
}

fn target_of(value: &str) -> Result<TargetSessionAttrs> {
    match value {
        "any" => Ok(TargetSessionAttrs::Any),
        "read-write" | "primary" => Ok(TargetSessionAttrs::ReadWrite),
        _ => bad(
            "target_session_attrs of the database URL must be read-write, primary or any: chatapp \
             writes to its database",
        ),
    }
}

/// Refuses a URL. The text must not repeat a value.
pub(super) fn bad<T>(text: &str) -> Result<T> {
    Err(Error::BadUrl(text.to_owned()))
}

/// Decodes `%2F` and other escapes.
fn decode(value: &str) -> Result<String> {
    match percent_decode_str(value).decode_utf8() {
        Ok(value) => Ok(value.into_owned()),
        Err(_) => bad("a parameter of the database URL is not UTF-8"),
    }
}

/// Splits the URL into the part before the `?`, and the parameters after it as they are written. A `?`
/// before the @ is part of the password.
pub(super) fn parameters(url: &str) -> (&str, Vec<(&str, &str)>) {
    let behind = url.find('@').unwrap_or(0);
    let Some(mark) = url[behind..].find('?').map(|at| behind + at) else {
        return (url, Vec::new());
    };
    let pairs = url[mark + 1..].split('&').filter(|pair| !pair.is_empty());
    (&url[..mark], pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect())
}

/// `is_shown`: the error may repeat the name. If the URL has no @, the name may be a part of a password.
fn unknown(name: &str, is_shown: bool) -> Error {
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Error::BadUrl(match is_shown && is_name {
        true => {
            format!("chatapp does not know the parameter {name} of the database URL: remove it")
        }
        false => {
            "the database URL is not understood: after the ? there must be parameters such as \
                  application_name=chat, with %3F for a ? in the password"
                .to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::{ChannelBinding, Host, LoadBalanceHosts, SslNegotiation};

    use super::super::tls_options::Mode;
    use super::*;

    fn refusal(url: &str) -> String {
        match parse(url) {
            Err(Error::BadUrl(text)) => text,
            other => panic!("{url}: {other:?}"),
        }
    }

    fn only(url: &str) -> Config {
        let target = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let [server] = target.servers() else { panic!("{url}: {target:?}") };
        server.clone()
    }

    #[test]
    fn a_refusal_repeats_no_password() {
        for url in [
            "postgres://ann:sesame@db:x/chat",
            "postgres://ann:sesame@db/chat?colour=red",
            "postgres://ann:sesame@db/chat?sslmode=full",
            "postgres://ann:x@db/chat?sslpassword=sesame",
            "postgres://ann:x@db/chat?sslmode=Sesame1sesame",
            "postgres://ann:x@db/chat?sslrootcert=%FFsesame",
            "postgres://ann:x@db/chat?Sesame-sesame",
            "postgres://ann:open@sesame@db/chat",
            "postgres://ann:sesame/db",
            "postgres://ann?sesame=1",
        ] {
            let text = refusal(url);
            assert!(!text.contains("sesame"), "{url}: {text}");
        }
    }

    /// A connection is never silently weaker than the URL asks for.
    #[test]
    fn a_parameter_that_cannot_be_had_is_refused_by_name() {
        for (parameter, part) in [
            ("colour=red", "does not know the parameter colour"),
            ("pool_size=3", "does not know the parameter pool_size"),
            ("pgbouncer=true", "does not know the parameter pgbouncer"),
            ("gssencmode=require", "gssencmode"),
            ("sslpassword=x", "openssl pkey"),
            ("sslmode=verify", "verify-ca or verify-full"),
            ("sslmode=verify-full&sslmode=disable", "sslmode is in the database URL twice"),
            ("target_session_attrs=read-only", "target_session_attrs"),
            ("target_session_attrs=standby", "must be read-write, primary or any"),
            ("connect_timeout=soon", "connect_timeout"),
            ("keepalives_idle=never", "keepalives_idle"),
            ("host=a&hostaddr=192.0.2.1,192.0.2.2", "same number"),
            ("host=a,b,c&port=1,2", "one port"),
        ] {
            let url = match parameter.starts_with("host") {
                true => format!("postgres://?{parameter}"),
                false => format!("postgres://ann:x@db/chat?{parameter}"),
            };
            let text = refusal(&url);
            assert!(text.contains(part), "{parameter}: {text}");
        }
    }

    #[test]
    fn what_the_url_says_is_what_the_driver_does() {
        let config = only(
            "postgres://ann:x@db:6432/chat?keepalives_idle=7&tcp_user_timeout=9&connect_timeout=3\
             &keepalives_interval=4&keepalives_retries=5&keepalives=0&load_balance_hosts=random\
             &application_name=ours&options=-c%20jit%3Doff&sslmode=require&channel_binding=require\
             &sslnegotiation=direct&target_session_attrs=primary",
        );
        assert_eq!(config.get_user(), Some("ann"));
        assert_eq!(config.get_password(), Some(&b"x"[..]));
        assert_eq!(config.get_dbname(), Some("chat"));
        assert_eq!(config.get_hosts(), [Host::Tcp("db".to_owned())]);
        assert_eq!(config.get_ports(), [6432]);
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
        assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(4)));
        assert_eq!(config.get_keepalives_retries(), Some(5));
        assert!(!config.get_keepalives());
        assert_eq!(config.get_load_balance_hosts(), LoadBalanceHosts::Random);
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(config.get_application_name(), Some("ours"));
        assert_eq!(config.get_options(), Some("-c jit=off"));
        assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
        assert_eq!(config.get_ssl_negotiation(), SslNegotiation::Direct);
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    /// As their pages show them, with other names.
    #[test]
    fn the_urls_of_hosters_are_understood() {
        for (url, mode) in [
            // Neon.
            (
                "postgresql://neondb_owner:npg_x@ep-cool-darkness-a1b2c3d4.eu-central-1.aws.neon.tech\
                 /neondb?sslmode=require&channel_binding=require",
                Mode::Require,
            ),
            (
                "postgres://alex:x@ep-cool-darkness-a1b2c3d4.eu-central-1.aws.neon.tech/dbname\
                 ?sslmode=verify-full&sslrootcert=system&options=endpoint%3Dep-cool-darkness-a1b2c3d4",
                Mode::VerifyFull,
            ),
            // Supabase: directly, and through its pooler in session mode.
            (
                "postgresql://postgres:x@db.abcdefghijklmnopqrst.supabase.co:5432/postgres",
                Mode::Prefer,
            ),
            (
                "postgres://postgres.abcdefghijklmnopqrst:x@aws-0-eu-central-1.pooler.supabase.com\
                 :5432/postgres?sslmode=verify-full&sslrootcert=/etc/chatapp/prod-ca-2021.crt",
                Mode::VerifyFull,
            ),
            // Amazon RDS and Aurora.
            (
                "postgres://chat:x@chat.abc123def456.eu-central-1.rds.amazonaws.com:5432/chat\
                 ?sslmode=verify-full&sslrootcert=/etc/chatapp/global-bundle.pem",
                Mode::VerifyFull,
            ),
            (
                "postgresql://chat:x@chat.cluster-abc123def456.eu-central-1.rds.amazonaws.com/chat\
                 ?sslmode=verify-ca&sslrootcert=global-bundle.pem&target_session_attrs=primary",
                Mode::VerifyCa,
            ),
            // Azure Database for PostgreSQL.
            (
                "postgres://chat:x@chat.postgres.database.azure.com/postgres?sslmode=require",
                Mode::Require,
            ),
            // Google Cloud SQL: over its proxy's socket, and directly with a client certificate.
            ("postgres://chat:x@/chat?host=/cloudsql/project:europe-west1:chat", Mode::Prefer),
            (
                "postgres://chat:x@203.0.113.7/chat?sslmode=verify-ca&sslrootcert=server-ca.pem\
                 &sslcert=client-cert.pem&sslkey=client-key.pem",
                Mode::VerifyCa,
            ),
            // DigitalOcean.
            (
                "postgresql://doadmin:x@db-postgresql-fra1-12345-do-user-1-0.b.db.ondigitalocean.com\
                 :25060/defaultdb?sslmode=require",
                Mode::Require,
            ),
            // Heroku.
            (
                "postgres://u1a2b3:p4c5d6@ec2-203-0-113-7.eu-west-1.compute.amazonaws.com:5432/d7e8f9",
                Mode::Prefer,
            ),
            // Aiven, with more than one host.
            (
                "postgres://avnadmin:x@pg-1-chat.aivencloud.com:12691,\
                 replica.pg-1-chat.aivencloud.com:12691/defaultdb?sslmode=require",
                Mode::Require,
            ),
            // Crunchy Bridge.
            (
                "postgres://application:x@p.abcdefghijklmnop.db.postgresbridge.com:5432/postgres\
                 ?sslmode=require&gssencmode=disable",
                Mode::Require,
            ),
        ] {
            let target = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(target.mode(), mode, "{url}");
        }
        let neon = only("postgres://alex:x@neon/dbname?options=endpoint%3Dep-cool&sslmode=require");
        assert_eq!(neon.get_options(), Some("endpoint=ep-cool"));
    }

    /// Without this the first server that answers would be used, which may be a standby.
    #[test]
    fn of_several_hosts_the_one_that_can_be_written_to_is_meant() {
        for url in ["postgres://a,b:5433/chat", "postgres:///chat?host=a&host=b&port=5432,5433"] {
            let target = parse(url).unwrap();
            assert_eq!(target.servers().len(), 2, "{url}");
            for server in target.servers() {
                assert_eq!(
                    server.get_target_session_attrs(),
                    TargetSessionAttrs::ReadWrite,
                    "{url}"
                );
            }
            assert_eq!(target.describe(), "PostgreSQL at a:5432, b:5433, database chat");
        }
        let one = only("postgres://db/chat?target_session_attrs=any");
        assert_eq!(one.get_target_session_attrs(), TargetSessionAttrs::Any);
        // The address is the name that the certificate must have.
        let address = only("postgres:///chat?hostaddr=192.0.2.1");
        assert_eq!(address.get_hosts(), [Host::Tcp("192.0.2.1".to_owned())]);
    }

    #[test]
    fn a_host_of_another_machine_is_told_from_this_one() {
        for (url, expected) in [
            ("postgres://127.0.0.1/chat", true),
            ("postgres://[::1]:5433/chat", true),
            ("postgres://localhost/chat", true),
            ("postgres:///chat", true),
            ("postgres:///chat?host=/run/postgresql", true),
            ("postgres://db/chat", false),
            ("postgres://localhost,db/chat", false),
            ("postgres://localhost/chat?hostaddr=192.0.2.1", false),
        ] {
            assert_eq!(parse(url).unwrap().is_local(), expected, "{url}");
        }
    }
}
