//! An authority that issues certificates for the tests of TLS to PostgreSQL, as files.
#![allow(dead_code, reason = "not every test binary uses it")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use tempfile::TempDir;

use super::postgres::user_id;

/// The authority, and the folder with its certificates.
pub struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// The file `ca.pem` has its certificate.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder");
        let mut params = named("The test authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("write a certificate");
        Self { folder, issuer }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate for these names and addresses, and its key, to `NAME.pem` and `NAME.key`. The key
    /// is readable for PostgreSQL only.
    pub fn issue(&self, name: &str, names: &[&str]) {
        self.issue_with(name, names, |_| ());
    }

    pub fn issue_with(&self, name: &str, names: &[&str], change: impl Fn(&mut CertificateParams)) {
        let mut params = named(name, names);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.write(name, &certificate.pem(), &key);
    }

    /// Writes a certificate as `openssl req -x509` makes it, which is its own authority.
    pub fn self_signed(&self, name: &str, names: &[&str]) {
        let mut params = named(name, names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        self.write(name, &certificate.pem(), &key);
    }

    /// Writes the list of revoked certificates to `NAME.crl`. It is valid to the end of `last_year`.
    pub fn revoke(&self, name: &str, serials: &[u64], last_year: i32) {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(last_year, 12, 31),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a list").pem().expect("PEM");
        fs::write(self.path(&format!("{name}.crl")), list).expect("write a list");
    }

    /// Gives one certificate, and its key, another name. Files of that name keep their owner.
    pub fn install(&self, from: &str, to: &str) {
        for kind in ["pem", "key"] {
            let read = fs::read(self.path(&format!("{from}.{kind}"))).expect("it was issued");
            fs::write(self.path(&format!("{to}.{kind}")), read).expect("it can be replaced");
        }
    }

    fn write(&self, name: &str, certificate: &str, key: &KeyPair) {
        let file = self.path(&format!("{name}.key"));
        fs::write(self.path(&format!("{name}.pem")), certificate).expect("write a certificate");
        fs::write(&file, key.serialize_pem()).expect("write a key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("it is ours");
        if let Some(user) = user_id() {
            chown(&file, Some(user), None).expect("root may give a file away");
        }
    }
}

fn named(name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
