//! The parameters of the database URL that are about TLS, with the meaning that they have in libpq
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html>).

use std::path::PathBuf;

use tokio_postgres::config::{ChannelBinding, SslNegotiation};

use super::super::Result;
use super::url::bad;

/// `sslmode`, in order of strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    /// Without TLS first; with TLS if the server refuses that.
    Allow,
    /// With TLS first; without TLS if that fails.
    #[default]
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// `sslrootcert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    File(PathBuf),
    /// The certificates that the system trusts.
    System,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TlsOptions {
    pub mode: Mode,
    /// `None`: the default file, if it exists.
    pub roots: Option<Roots>,
    /// `None`: the default file, if it exists.
    pub revoked: Option<PathBuf>,
    /// Whether a certificate is shown to a server that asks for one.
    pub shows_certificate: bool,
    /// `None`: the default file, if it exists.
    pub certificate: Option<PathBuf>,
    /// `None`: the default file.
    pub key: Option<PathBuf>,
    pub oldest: Version,
    pub newest: Version,
    /// Whether the server is told the host's name before it shows a certificate.
    pub sends_name: bool,
    pub negotiation: SslNegotiation,
    pub channel_binding: ChannelBinding,
}

/// The parameters that this file understands.
pub(super) const PARAMETERS: [&str; 16] = [
    "channel_binding",
    "gssencmode",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
];

const VERSIONS: &[(&str, Version)] = &[("TLSv1.2", Version::Tls12), ("TLSv1.3", Version::Tls13)];

impl TlsOptions {
    /// Reads the parameters, with their values decoded. Of a parameter that is given twice, the last
    /// counts, and an empty value means the default, as in libpq.
    ///
    /// # Errors
    /// [`Error::BadUrl`](super::super::Error::BadUrl) if a parameter cannot be had. The text never repeats a value.
    pub fn of(parameters: &[(&str, String)]) -> Result<Self> {
        let get = |name: &str| {
            let given = parameters.iter().rev().find(|(it, _)| *it == name);
            given.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let path = |name: &str| get(name).map(PathBuf::from);
        check_refused(&get)?;

        let roots = match get("sslrootcert") {
            Some("system") => Some(Roots::System),
            Some(file) => Some(Roots::File(file.into())),
            None => None,
        };
        let mode = match get("sslmode") {
            Some(_) => Some(one_of(&get, "sslmode", Mode::NAMES, Mode::default())?),
            // For the JDBC driver's spelling, as in libpq.
            None if get("ssl").is_some() => {
                Some(one_of(&get, "ssl", &[("true", Mode::Require)], Mode::Require)?)
            }
            None => None,
        };
        let mode = match (mode, &roots) {
            (None, Some(Roots::System)) => Mode::VerifyFull,
            (Some(mode), Some(Roots::System)) if mode != Mode::VerifyFull => {
                return bad(
                    "sslrootcert=system of the database URL needs sslmode=verify-full, because \
                     everybody can get a certificate that the system trusts: write \
                     sslmode=verify-full, or remove sslmode",
                );
            }
            (mode, _) => mode.unwrap_or_default(),
        };
        let negotiation = one_of(
            &get,
            "sslnegotiation",
            &[("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)],
            SslNegotiation::Postgres,
        )?;
        if negotiation == SslNegotiation::Direct && mode < Mode::Require {
            return bad(
                "sslnegotiation=direct of the database URL needs a sslmode that insists on TLS: write \
                 sslmode=verify-full",
            );
        }
        let channel_binding = one_of(
            &get,
            "channel_binding",
            &[
                ("disable", ChannelBinding::Disable),
                ("prefer", ChannelBinding::Prefer),
                ("require", ChannelBinding::Require),
            ],
            ChannelBinding::Prefer,
        )?;
        if channel_binding == ChannelBinding::Require && mode == Mode::Disable {
            return bad(
                "channel_binding=require of the database URL needs TLS: write sslmode=verify-full, or \
                 remove channel_binding",
            );
        }
        let oldest = one_of(&get, "ssl_min_protocol_version", VERSIONS, Version::Tls12)?;
        let newest = one_of(&get, "ssl_max_protocol_version", VERSIONS, Version::Tls13)?;
        if oldest > newest {
            return bad("ssl_min_protocol_version of the database URL is newer than \
                 ssl_max_protocol_version: no version of TLS is left");
        }
        let is_verified = mode >= Mode::VerifyCa || roots.is_some();
        if get("sslcrl").is_some() && !is_verified {
            return bad(
                "sslcrl of the database URL has no effect if the server's certificate is not \
                 verified: write sslmode=verify-full, and sslrootcert",
            );
        }
        Ok(Self {
            mode,
            roots,
            revoked: path("sslcrl"),
            shows_certificate: one_of(
                &get,
                "sslcertmode",
                &[("allow", true), ("disable", false)],
                true,
            )?,
            certificate: path("sslcert"),
            key: path("sslkey"),
            oldest,
            newest,
            sends_name: one_of(&get, "sslsni", &[("1", true), ("0", false)], true)?,
            negotiation,
            channel_binding,
        })
    }
}

impl Mode {
    const NAMES: &[(&str, Self)] = &[
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
}

/// Refuses what chatapp cannot do, and accepts what asks for nothing.
fn check_refused<'a>(get: &impl Fn(&str) -> Option<&'a str>) -> Result<()> {
    if get("sslpassword").is_some() {
        return bad(
            "sslpassword of the database URL cannot be used, because chatapp reads no encrypted keys: \
             decrypt the key with `openssl pkey -in KEY -out NEW`, give the file mode 0600, and name \
             it with sslkey",
        );
    }
    if get("sslcrldir").is_some() {
        return bad(
            "sslcrldir of the database URL cannot be used: write the lists into one file, and name it \
             with sslcrl",
        );
    }
    if get("gssencmode").is_some_and(|value| !["disable", "prefer"].contains(&value)) {
        return bad(
            "gssencmode of the database URL must be disable or prefer, because chatapp does not have \
             GSSAPI: use TLS, with sslmode=verify-full",
        );
    }
    if get("sslcompression").is_some_and(|value| value != "0") {
        return bad("sslcompression of the database URL must be 0: remove it");
    }
    if get("sslcertmode") == Some("require") {
        return bad(
            "sslcertmode=require of the database URL cannot be used: remove it, and let pg_hba.conf \
             of PostgreSQL ask for a certificate",
        );
    }
    Ok(())
}

/// Finds the meaning of a value.
fn one_of<'a, T: Copy>(
    get: &impl Fn(&str) -> Option<&'a str>,
    name: &str,
    known: &[(&str, T)],
    default: T,
) -> Result<T> {
    let Some(value) = get(name) else { return Ok(default) };
    match known.iter().find(|(text, _)| *text == value) {
        Some((_, meaning)) => Ok(*meaning),
        None => {
            let known: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
            bad(&format!("{name} of the database URL must be {}", known.join(" or ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Error;
    use super::*;

    fn options(query: &str) -> Result<TlsOptions> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        TlsOptions::of(&pairs.map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn the_mode_is_what_libpq_would_take() {
        for (query, mode) in [
            ("", Mode::Prefer),
            ("sslmode=", Mode::Prefer),
            ("sslmode=disable", Mode::Disable),
            ("sslmode=allow", Mode::Allow),
            ("sslmode=require&channel_binding=require", Mode::Require),
            ("sslmode=disable&sslmode=verify-ca", Mode::VerifyCa),
            ("ssl=true", Mode::Require),
            ("sslrootcert=system", Mode::VerifyFull),
            ("sslrootcert=system&sslmode=verify-full&sslnegotiation=direct", Mode::VerifyFull),
        ] {
            assert_eq!(options(query).unwrap().mode, mode, "{query}");
        }
    }

    #[test]
    fn what_cannot_be_had_is_refused_by_name_and_without_its_value() {
        for query in [
            "sslmode=sesame",
            "ssl=sesame",
            "sslpassword=sesame",
            "sslcrldir=sesame",
            "gssencmode=require",
            "sslcompression=1",
            "sslcertmode=require",
            "channel_binding=sesame",
            "channel_binding=require&sslmode=disable",
            "sslnegotiation=sesame",
            "sslnegotiation=direct",
            "sslnegotiation=direct&sslmode=prefer",
            "ssl_min_protocol_version=TLSv1.1",
            "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
            "sslrootcert=system&sslmode=verify-ca",
            "sslsni=sesame",
            "sslcrl=sesame",
            "sslcrl=sesame&sslmode=require",
        ] {
            let Err(Error::BadUrl(text)) = options(query) else { panic!("{query}") };
            let name = query.split('=').next().unwrap();
            assert!(text.starts_with(name) && !text.contains("sesame"), "{query}: {text}");
        }
    }
}
