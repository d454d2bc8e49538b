//! The URL of a PostgreSQL database: its permitted parameters, and the defaults that are added.
//!
//! A URL may contain a password, so the error texts here repeat only the names of parameters, and the
//! values of a few that are not secret.

use std::time::Duration;

use postgres::Config;
use postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::super::{Error, Result};
use super::errors;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The connection to a server that has vanished is given up after this time.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(15);

/// The handling of a parameter of the URL.
enum Use {
    /// The driver supports the parameter with the same meaning as libpq.
    Driver,
    /// Only these values are accepted, because the connection is not encrypted.
    WithoutTls(&'static [&'static str]),
    /// Every value needs TLS or a certificate, so the parameter is refused.
    NeedsTls,
    /// The parameter selects servers that can be written to.
    Target,
}

/// The parameters of libpq that an operator may have in a URL
/// (<https://www.postgresql.org/docs/current/libpq-connect.html>). Any other is refused by name.
const PARAMETERS: &[(&str, Use)] = &[
    ("application_name", Use::Driver),
    ("connect_timeout", Use::Driver),
    ("dbname", Use::Driver),
    ("host", Use::Driver),
    ("hostaddr", Use::Driver),
    ("keepalives", Use::Driver),
    ("keepalives_idle", Use::Driver),
    ("keepalives_interval", Use::Driver),
    ("keepalives_retries", Use::Driver),
    ("load_balance_hosts", Use::Driver),
    ("options", Use::Driver),
    ("password", Use::Driver),
    ("port", Use::Driver),
    ("tcp_user_timeout", Use::Driver),
    ("user", Use::Driver),
    ("channel_binding", Use::WithoutTls(&["disable", "prefer"])),
    ("sslmode", Use::WithoutTls(&["disable", "allow", "prefer"])),
    ("sslnegotiation", Use::WithoutTls(&["postgres"])),
    ("sslcert", Use::NeedsTls),
    ("sslcertmode", Use::NeedsTls),
    ("sslcrl", Use::NeedsTls),
    ("sslcrldir", Use::NeedsTls),
    ("sslkey", Use::NeedsTls),
    ("sslpassword", Use::NeedsTls),
    ("sslrootcert", Use::NeedsTls),
    ("sslsni", Use::NeedsTls),
    ("ssl_max_protocol_version", Use::NeedsTls),
    ("ssl_min_protocol_version", Use::NeedsTls),
    ("target_session_attrs", Use::Target),
];

/// Values that an error text may repeat. Any other value may be a secret.
const WITH_TLS: [&str; 4] = ["require", "verify-ca", "verify-full", "direct"];

/// Parses the URL.
///
/// # Errors
/// [`Error::BadUrl`] if a part of the URL is not understood or not supported.
pub(super) fn parse(url: &str) -> Result<Config> {
    let ats = url.matches('@').count();
    if ats > 1 {
        return Err(Error::BadUrl(
            "the database URL has more than one @: write an @ in a password as %40".to_owned(),
        ));
    }
    let (rest, parameters) = parameters(url);
    for (name, value) in &parameters {
        check_parameter(name, value, ats == 1)?;
    }
    // The driver does not know `allow`. Without TLS it means the same as `disable`.
    let kept = parameters.iter().filter(|(name, _)| *name != "sslmode");
    let kept: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
    let url = if kept.is_empty() { rest.to_owned() } else { format!("{rest}?{}", kept.join("&")) };
    let mut config: Config = url.parse().map_err(|error: postgres::Error| {
        // If there is one @, the password is before it, and the driver's error is about the part after it.
        let detail = if ats == 1 { errors::describe(&error) } else { "no @ in it".to_owned() };
        Error::BadUrl(format!(
            "the database URL is not understood ({detail}): write \
             postgres://user:password@host:5432/database, with %40 for @, %2F for / and %3F for ? \
             in the password"
        ))
    })?;
    config.ssl_mode(SslMode::Disable);
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
    // The first host that answers may be a standby.
    if hosts > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
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
    Ok(config)
}

/// Returns the name of the database in the log: its servers and its name.
pub(super) fn describe(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |i: usize| ports.get(i).or(ports.first()).copied().unwrap_or(5432);
    let mut hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(i, host)| match host {
            Host::Tcp(name) => format!("{name}:{}", port(i)),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}:{}", path.display(), port(i)),
        })
        .collect();
    if hosts.is_empty() {
        let addresses = config.get_hostaddrs().iter().enumerate();
        hosts = addresses.map(|(i, address)| format!("{address}:{}", port(i))).collect();
    }
    let database = config.get_dbname().or(config.get_user());
    let named = database.map_or(String::new(), |name| format!(", database {name}"));
    format!("PostgreSQL at {}{named}", hosts.join(", "))
}

/// Whether all servers in the URL are on this machine.
pub(super) fn is_local(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let addresses = config.get_hostaddrs();
    match addresses.is_empty() {
        true => config.get_hosts().iter().all(is_local),
        false => addresses.iter().all(|address| address.to_canonical().is_loopback()),
    }
}

/// Whether the URL says explicitly that the connection is not encrypted.
pub(super) fn disables_tls(url: &str) -> bool {
    parameters(url).1.contains(&("sslmode", "disable"))
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

/// `is_shown`: an error text may repeat an unknown name. If the URL has no @, the name may be a part of a
/// password.
fn check_parameter(name: &str, value: &str, is_shown: bool) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::BadUrl(format!(
            "{why}: chatapp speaks to PostgreSQL without TLS; remove it and reach the database over \
             a private network or a tunnel"
        )))
    };
    match PARAMETERS.iter().find(|(known, _)| *known == name) {
        Some((_, Use::Driver)) => Ok(()),
        Some((_, Use::WithoutTls(values))) if values.contains(&value) => Ok(()),
        Some((_, Use::WithoutTls(_))) if WITH_TLS.contains(&value) => {
            refuse(&format!("{name}={value} of the database URL cannot be used"))
        }
        Some((_, Use::WithoutTls(_) | Use::NeedsTls)) => {
            refuse(&format!("{name} of the database URL cannot be used"))
        }
        Some((_, Use::Target)) if ["any", "read-write"].contains(&value) => Ok(()),
        Some((_, Use::Target)) => Err(Error::BadUrl(
            "target_session_attrs of the database URL must be read-write or any: chatapp writes to \
             its database"
                .to_owned(),
        )),
        None if is_shown && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            Err(Error::BadUrl(format!(
                "chatapp does not know the parameter {name} of the database URL: remove it"
            )))
        }
        None => Err(Error::BadUrl(
            "the database URL is not understood: after the ? there must be parameters such as \
             application_name=chat, with %3F for a ? in the password"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        match parse(url) {
            Err(Error::BadUrl(text)) => text,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn a_refusal_repeats_no_password() {
        for url in [
            "postgres://ann:sesame@db:x/chat",
            "postgres://ann:sesame@db/chat?colour=red",
            "postgres://ann:sesame@db/chat?sslmode=verify-full",
            "postgres://ann:sesame@db/chat?sslmode=require",
            "postgres://ann:x@db/chat?sslpassword=sesame",
            "postgres://ann:x@db/chat?sslmode=Sesame1sesame",
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
        for parameter in [
            "sslmode=require",
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "sslrootcert=/etc/ca.pem",
            "sslcert=a.pem",
            "sslkey=a.key",
            "sslcrl=a.crl",
            "sslnegotiation=direct",
            "channel_binding=require",
            "ssl_min_protocol_version=TLSv1.3",
        ] {
            let text = refusal(&format!("postgres://ann:x@db/chat?{parameter}"));
            let name = parameter.split('=').next().unwrap();
            assert!(text.starts_with(name) && text.contains("without TLS"), "{text}");
        }
        for (parameter, part) in [
            ("colour=red", "does not know the parameter colour"),
            ("gssencmode=require", "does not know the parameter gssencmode"),
            ("pool_size=3", "does not know the parameter pool_size"),
            ("target_session_attrs=read-only", "target_session_attrs"),
            ("target_session_attrs=primary", "must be read-write or any"),
            ("connect_timeout=soon", "connect_timeout"),
            ("keepalives_idle=never", "keepalives_idle"),
        ] {
            let text = refusal(&format!("postgres://ann:x@db/chat?{parameter}"));
            assert!(text.contains(part), "{parameter}: {text}");
        }
    }

    #[test]
    fn what_the_url_says_is_what_the_driver_does() {
        let config = parse(
            "postgres://ann:x@db/chat?keepalives_idle=7&tcp_user_timeout=9&connect_timeout=3\
             &application_name=ours&options=-c%20jit%3Doff&sslmode=allow&channel_binding=prefer",
        )
        .unwrap();
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(config.get_application_name(), Some("ours"));
        assert_eq!(config.get_options(), Some("-c jit=off"));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::Any);
        assert_eq!(config.get_ssl_mode(), SslMode::Disable);
    }

    /// Without this the first server that answers would be used, which may be a standby.
    #[test]
    fn of_several_hosts_the_one_that_can_be_written_to_is_meant() {
        for url in ["postgres://a,b:5433/chat", "postgres:///chat?host=a&host=b"] {
            let config = parse(url).unwrap();
            assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite, "{url}");
        }
        let config = parse("postgres://a,b:5433/chat").unwrap();
        assert_eq!(describe(&config), "PostgreSQL at a:5432, b:5433, database chat");
    }

    #[test]
    fn a_host_of_another_machine_is_told_from_this_one() {
        for (url, expected) in [
            ("postgres://127.0.0.1/chat", true),
            ("postgres://[::1]:5433/chat", true),
            ("postgres://localhost/chat", true),
            ("postgres:///chat?host=/run/postgresql", true),
            ("postgres://db/chat", false),
            ("postgres://localhost,db/chat", false),
            ("postgres://localhost/chat?hostaddr=192.0.2.1", false),
        ] {
            assert_eq!(is_local(&parse(url).unwrap()), expected, "{url}");
        }
        assert!(disables_tls("postgres://a:b@db/chat?sslmode=disable"));
        assert!(!disables_tls("postgres://a:b@db/chat?sslmode=prefer"));
    }
}
