//! The signer's certificate: may it sign, at this time, with which scheme.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{self, TimeZone};
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

/// How a token's key signs; both are what TT 05/2025/TT-BNV asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PSS (RFC 8017 8.1) with SHA-256, MGF1 with SHA-256, a salt of 32 bytes.
    RsaPss,
    /// ECDSA over P-256 (FIPS 186-5) with SHA-256.
    EcdsaP256,
}

/// Why a certificate cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// No X.509 certificate.
    #[error("the certificate on the token cannot be read; ask who issued the token")]
    Unreadable,
    /// Its validity is over.
    #[error("the certificate of {name} ended on {on}; ask its authority for a new one")]
    Expired {
        /// The signer.
        name: String,
        /// Day of notAfter in Viet Nam.
        on: Date,
    },
    /// Its validity has not begun.
    #[error("the certificate of {name} is good from {from} on; is this PC's clock right?")]
    NotYet {
        /// The signer.
        name: String,
        /// Day of notBefore in Viet Nam.
        from: Date,
    },
    /// keyUsage (RFC 5280 4.2.1.3) has neither digitalSignature nor nonRepudiation.
    #[error("the certificate of {name} is not for signing; choose the signing certificate of the token by its name (--key, signing.key)")]
    NotForSigning {
        /// The signer.
        name: String,
    },
    /// Neither RSA of 2048 bits and more nor P-256.
    #[error("the certificate of {name} has {kind}; RSA of at least 2048 bits or ECDSA P-256 is needed (TT 05/2025/TT-BNV)")]
    Key {
        /// The signer.
        name: String,
        /// What it is instead.
        kind: String,
    },
}

/// rsaEncryption, the same as a number of RSASSA-PSS.
const RSA: [&str; 2] = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"];
const P256: &str = "1.2.840.10045.3.1.7";

/// A certificate that was read; borrows its DER.
pub(super) struct Certificate<'a> {
    pub(super) der: &'a [u8],
    pub(super) name: String,
    pub(super) scheme: Scheme,
    /// Bytes that a signature has at most.
    pub(super) signature_len: usize,
    parsed: X509Certificate<'a>,
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> Result<Self, CertificateProblem> {
        let (rest, parsed) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateProblem::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateProblem::Unreadable);
        }
        let name = name(&parsed);
        let (scheme, signature_len) = scheme(&parsed).map_err(|kind| CertificateProblem::Key { name: name.clone(), kind })?;
        Ok(Self { der, name, scheme, signature_len, parsed })
    }

    /// May it sign at this time?
    pub(super) fn check(&self, at: Timestamp) -> Result<(), CertificateProblem> {
        let name = || self.name.clone();
        if !self.is_for_signing() {
            return Err(CertificateProblem::NotForSigning { name: name() });
        }
        let (from, to) = self.validity()?;
        if at < from {
            return Err(CertificateProblem::NotYet { name: name(), from: day(from) });
        }
        // To the end of that second (RFC 5280 4.1.2.5).
        if at.as_second() > to.as_second() {
            return Err(CertificateProblem::Expired { name: name(), on: day(to) });
        }
        Ok(())
    }

    /// Without keyUsage every use is allowed.
    pub(super) fn is_for_signing(&self) -> bool {
        match self.parsed.key_usage() {
            Ok(Some(usage)) => usage.value.digital_signature() || usage.value.non_repudiation(),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    pub(super) fn validity(&self) -> Result<(Timestamp, Timestamp), CertificateProblem> {
        let time = |at: x509_parser::time::ASN1Time| Timestamp::from_second(at.timestamp()).map_err(|_| CertificateProblem::Unreadable);
        Ok((time(self.parsed.validity().not_before)?, time(self.parsed.validity().not_after)?))
    }

    /// The issuer's name as it stands in the certificate.
    pub(super) fn issuer(&self) -> &[u8] {
        self.parsed.tbs_certificate.issuer.as_raw()
    }

    /// The serial number as it stands in the certificate, the content of an INTEGER.
    pub(super) fn serial(&self) -> &[u8] {
        self.parsed.tbs_certificate.raw_serial()
    }
}

/// Was `certificate` issued by `authority`, by their names?
pub(super) fn issued_by(certificate: &[u8], authority: &[u8]) -> bool {
    let (Ok((_, one)), Ok((_, other))) = (x509_parser::parse_x509_certificate(certificate), x509_parser::parse_x509_certificate(authority))
    else {
        return false;
    };
    one.tbs_certificate.issuer.as_raw() == other.tbs_certificate.subject.as_raw()
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::fixed(tz::offset(7))).date()
}

fn name(certificate: &X509Certificate<'_>) -> String {
    let subject = certificate.subject();
    let common = subject.iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
    common.unwrap_or_else(|| subject.to_string())
}

fn scheme(certificate: &X509Certificate<'_>) -> Result<(Scheme, usize), String> {
    let key = certificate.public_key();
    let algorithm = key.algorithm.algorithm.to_id_string();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) if RSA.contains(&algorithm.as_str()) => match rsa.key_size() {
            bits @ ..2048 => Err(format!("an RSA key of {bits} bits")),
            bits => Ok((Scheme::RsaPss, bits.div_ceil(8))),
        },
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok()).map(|curve| curve.to_id_string());
            match curve.as_deref() {
                // Two INTEGERs of at most 33 bytes.
                Some(P256) => Ok((Scheme::EcdsaP256, 72)),
                other => Err(format!("a key on the curve {}", other.unwrap_or("of unknown name"))),
            }
        }
        Ok(_) | Err(_) => Err(format!("a key of the kind {algorithm}")),
    }
}
