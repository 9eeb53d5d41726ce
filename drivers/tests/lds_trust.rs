//! Passive authentication, judged with signatures that the `openssl` program makes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use motcua_drivers::idcard::{Access, CardFiles, ChipProof, Traffic, Trust, TrustStore, files, sod, tlv};
use openssl::hash::{MessageDigest, hash};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// 2026-11-23, or the day of the test where that is later: `openssl` signs with the clock of the machine.
fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}
const YEAR: i64 = 365 * 86_400;

const P384: &[&str] = &["ec", "ec_paramgen_curve:P-384"];
const P256: &[&str] = &["ec", "ec_paramgen_curve:P-256"];
const BRAINPOOL_384: &[&str] = &["ec", "ec_paramgen_curve:brainpoolP384r1"];
/// As Vietnam's passport authority has it: the curve written out.
const BRAINPOOL_512_EXPLICIT: &[&str] = &["ec", "ec_paramgen_curve:brainpoolP512r1", "ec_param_enc:explicit"];
const RSA: &[&str] = &["rsa", "rsa_keygen_bits:2048"];

/// A folder in which `openssl` plays the authority.
struct Office(tempfile::TempDir);

impl Office {
    /// None, with a line that says so, where the program is missing.
    fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
            return Some(Self(tempfile::tempdir().unwrap()));
        }
        println!("SKIPPED: the openssl program is not installed");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn key(&self, name: &str, kind: &[&str]) {
        let file = format!("{name}.key");
        let mut arguments = vec!["genpkey", "-out", &file, "-algorithm", kind[0]];
        kind[1..].iter().for_each(|option| arguments.extend(["-pkeyopt", option]));
        self.run(&arguments);
    }

    /// `name`.pem and `name`.key: an authority that signs itself.
    fn authority(&self, name: &str, subject: &str, kind: &[&str], days: &str) {
        self.key(name, kind);
        let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
        let (ca, usage) = ("basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign");
        self.run(&[
            "req", "-x509", "-key", &key, "-out", &pem, "-subj", subject, "-days", days, "-sha512", "-addext", ca, "-addext", usage,
        ]);
    }

    /// `name`.pem and `name`.key: a document signer under an authority.
    fn signer(&self, name: &str, authority: &str, kind: &[&str], days: &str) {
        self.key(name, kind);
        let (key, pem, request) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.csr"));
        self.run(&["req", "-new", "-key", &key, "-out", &request, "-subj", "/C=VN/O=Invented/CN=Document Signer 7"]);
        fs::write(self.path("ds.ext"), "keyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
            .unwrap();
        let (ca, ca_key) = (format!("{authority}.pem"), format!("{authority}.key"));
        let issue = ["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-set_serial", "7", "-sha512"];
        self.run(&[&issue[..], &["-days", days, "-extfile", "ds.ext", "-out", &pem]].concat());
    }

    /// `copy`.pem: the certificate of the request or key `name` again, by the authority `csca`, valid in 2015 only.
    fn redate(&self, name: &str, copy: &str, how: &[&str]) {
        let (key, request, pem) = (format!("{name}.key"), format!("{copy}.csr"), format!("{copy}.pem"));
        let subject = if name == "csca" { SUBJECT } else { "/C=VN/O=Invented/CN=Document Signer 8" };
        self.run(&["req", "-new", "-key", &key, "-out", &request, "-subj", subject]);
        let settings = "[ca]\ndefault_ca=x\n[x]\ndatabase=dated.txt\ndefault_md=sha256\nnew_certs_dir=.\nunique_subject=no\nrand_serial=yes\npolicy=p\n\
                        [p]\ncountryName=optional\norganizationName=optional\ncommonName=optional\n";
        fs::write(self.path("dated.conf"), settings).unwrap();
        fs::write(self.path("dated.txt"), "").unwrap();
        let dates = ["-startdate", "20150101000000Z", "-enddate", "20151231000000Z", "-batch", "-notext"];
        let issue = ["ca", "-config", "dated.conf", "-keyfile", "csca.key", "-in", &request, "-out", &pem];
        self.run(&[&issue[..], &dates, how].concat());
        if copy != name {
            fs::copy(self.path(&key), self.path(&format!("{copy}.key"))).unwrap();
        }
    }

    /// Signed data with `content` of the type `kind`.
    fn sign(&self, signer: &str, kind: &str, content: &[u8], more: &[&str]) -> Vec<u8> {
        fs::write(self.path("content"), content).unwrap();
        let (pem, key) = (format!("{signer}.pem"), format!("{signer}.key"));
        let sign = ["cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-in", "content", "-econtent_type", kind];
        let how = ["-signer", &pem, "-inkey", &key, "-outform", "DER", "-out", "signed"];
        self.run(&[&sign[..], &how, more].concat());
        fs::read(self.path("signed")).unwrap()
    }

    fn sod(&self, signer: &str, content: &[u8], more: &[&str]) -> Vec<u8> {
        tlv::write(0x77, &self.sign(signer, "2.23.136.1.1.1", content, more))
    }

    /// A store of these files of the folder.
    fn store(&self, names: &[&str]) -> TrustStore {
        let mut store = TrustStore::empty();
        for name in names {
            assert!(store.add(&fs::read(self.path(name)).unwrap()), "{name}");
        }
        store
    }
}

const SUBJECT: &str = "/C=VN/O=Invented/CN=CSCA of the tests";
const NAME: &str = "C=VN, O=Invented, CN=CSCA of the tests";

/// An office with the authority `csca` and the signer `ds` as idcard.md 2d has them.
fn office() -> Option<Office> {
    let office = Office::new()?;
    office.authority("csca", SUBJECT, P384, "3650");
    office.signer("ds", "csca", P256, "90");
    Some(office)
}

fn groups() -> BTreeMap<u8, Vec<u8>> {
    let zone = "IDVNM1900000163001190000016<<49001158F4001153VNM<<<<<<<<<<<4NGUYEN<<THI<MAU<<<<<<<<<<<<<<<";
    let field = |number: u8, text: &str| tlv::write(0x30, &[tlv::write(0x02, &[number]), tlv::write(0x0C, text.as_bytes())].concat());
    let set = tlv::write(0x31, &[field(1, "001190000016"), field(2, "Nguyễn Thị Mẫu")].concat());
    BTreeMap::from([(1, tlv::write(0x61, &tlv::write(0x5F1F, zone.as_bytes()))), (13, tlv::write(0x6D, &tlv::write(0x30, &set)))])
}

const SHA1: &[u8] = &[0x2B, 0x0E, 0x03, 0x02, 0x1A];
const fn sha2(which: u8) -> [u8; 9] {
    [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, which]
}

/// LDSSecurityObject; version 1 also says which LDS it is.
fn security_object(version: u8, oid: &[u8], digest: MessageDigest, groups: &BTreeMap<u8, Vec<u8>>) -> Vec<u8> {
    let entry = |(number, bytes): (&u8, &Vec<u8>)| {
        tlv::write(0x30, &[tlv::write(0x02, &[*number]), tlv::write(0x04, &hash(digest, bytes).unwrap())].concat())
    };
    let list: Vec<u8> = groups.iter().flat_map(entry).collect();
    let algorithm = tlv::write(0x30, &[tlv::write(0x06, oid), tlv::write(0x05, &[])].concat());
    let mut parts = [tlv::write(0x02, &[version]), algorithm, tlv::write(0x30, &list)].concat();
    if version == 1 {
        parts.extend(tlv::write(0x30, &[tlv::write(0x13, b"0108"), tlv::write(0x13, b"040000")].concat()));
    }
    tlv::write(0x30, &parts)
}

fn plain_object() -> Vec<u8> {
    security_object(0, &sha2(1), MessageDigest::sha256(), &groups())
}

fn trusted() -> Trust {
    Trust::Trusted { authority: NAME.into() }
}

#[track_caller]
fn assert_broken(trust: &Trust, about: &str) {
    let Trust::Broken { reason } = trust else { panic!("{trust:?} instead of broken: {about}") };
    assert!(reason.contains(about), "{reason:?} does not say {about:?}");
    assert!(!reason.contains("001190000016") && !reason.contains("MAU"), "{reason}");
}

#[test]
fn three_outcomes_are_kept_apart() {
    let Some(office) = office() else { return };
    office.authority("foreign", "/C=UT/O=Elsewhere/CN=Foreign CSCA", P256, "3650");
    office.authority("namesake", SUBJECT, P384, "3650");
    let sod = office.sod("ds", &plain_object(), &["-md", "sha256"]);
    let check = |store: &TrustStore, groups: &BTreeMap<u8, Vec<u8>>| sod::check(Some(&sod), groups, store, now());

    assert_eq!(check(&office.store(&["csca.pem"]), &groups()), trusted());
    // A namesake with another key, before and behind, changes nothing.
    assert_eq!(check(&office.store(&["namesake.pem", "foreign.pem", "csca.pem"]), &groups()), trusted());
    let unknown = Trust::UnknownSigner { issuer: NAME.into() };
    for names in [&[][..], &["foreign.pem"], &["namesake.pem"]] {
        assert_eq!(check(&office.store(names), &groups()), unknown, "{names:?}");
    }
    // The signer itself may be installed.
    assert!(matches!(check(&office.store(&["ds.pem"]), &groups()), Trust::Trusted { .. }));

    let mut tampered = groups();
    *tampered.get_mut(&1).unwrap().last_mut().unwrap() = b'X';
    assert_broken(&check(&office.store(&["csca.pem"]), &tampered), "DG1 differs from what was signed (SHA-256)");
    let mut more = groups();
    more.insert(2, vec![0x75, 0x00]);
    assert_broken(&check(&office.store(&["csca.pem"]), &more), "DG2 is not among");
    // A group that was not asked for is not missed.
    let fewer = BTreeMap::from([(1, groups()[&1].clone())]);
    assert_eq!(check(&office.store(&["csca.pem"]), &fewer), trusted());
}

#[test]
fn a_signature_that_is_wrong_missing_or_of_something_else_is_broken() {
    let Some(office) = office() else { return };
    let store = office.store(&["csca.pem"]);
    let check = |sod: &[u8]| sod::check(Some(sod), &groups(), &store, now());
    assert_broken(&sod::check(None, &groups(), &store, now()), "no signature file");

    let sod = office.sod("ds", &plain_object(), &[]);
    assert_eq!(check(&sod), trusted());
    // The signer named by its key instead of its number.
    assert_eq!(check(&office.sod("ds", &plain_object(), &["-keyid"])), trusted());
    let mut wrong = sod.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_broken(&check(&wrong), "the signature is wrong");
    // Other digests under the old signature.
    let digest = hash(MessageDigest::sha256(), &groups()[&1]).unwrap();
    let at = sod.windows(32).position(|window| window == digest.as_ref()).unwrap();
    let mut swapped = sod.clone();
    swapped[at] ^= 1;
    assert_broken(&check(&swapped), "the signature is wrong");

    let other = tlv::write(0x77, &office.sign("ds", "1.2.840.113549.1.7.1", &plain_object(), &[]));
    assert_broken(&check(&other), "signs something else");
    assert_broken(&check(&office.sod("ds", b"no digests", &[])), "list of digests");
    assert_broken(&check(&office.sod("ds", &plain_object(), &["-nocerts"])), "certificate of its signer is missing");
    for cut in (0..sod.len()).step_by(37) {
        assert!(matches!(check(&sod[..cut]), Trust::Broken { .. }), "{cut}");
    }
}

/// OpenSSL's verification finds nothing wrong with signed data that nobody signed.
#[test]
fn signed_data_without_a_signature_is_broken() {
    let Some(office) = office() else { return };
    let cms = office.sign("ds", "2.23.136.1.1.1", &plain_object(), &[]);
    let info = tlv::all(tlv::read(&cms).unwrap().0.value).unwrap();
    let signed = tlv::read(info[1].value).unwrap().0;
    let mut parts = tlv::all(signed.value).unwrap();
    assert_eq!(parts.pop().unwrap().tag, 0x31);
    for signers in [tlv::write(0x31, &[]), Vec::new()] {
        let body: Vec<u8> = parts.iter().flat_map(|part| part.whole.to_vec()).chain(signers).collect();
        let data = tlv::write(0xA0, &tlv::write(0x30, &body));
        let sod = tlv::write(0x77, &tlv::write(0x30, &[info[0].whole, &data].concat()));
        assert_broken(&sod::check(Some(&sod), &groups(), &office.store(&["csca.pem"]), now()), "0 signatures");
    }
}

#[test]
fn every_kind_of_key_and_signature_is_verified() {
    let Some(office) = Office::new() else { return };
    let pss = ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss"];
    let kinds: [(&[&str], &[&str], &[&str]); 6] = [
        (P384, P256, &["-md", "sha256"]),
        (RSA, RSA, &["-md", "sha256"]),
        (RSA, RSA, &pss),
        (BRAINPOOL_384, BRAINPOOL_384, &["-md", "sha384"]),
        (BRAINPOOL_512_EXPLICIT, BRAINPOOL_512_EXPLICIT, &["-md", "sha512"]),
        (BRAINPOOL_512_EXPLICIT, P256, &["-md", "sha256"]),
    ];
    for (number, (authority, signer, how)) in kinds.into_iter().enumerate() {
        let (csca, ds) = (format!("csca{number}"), format!("ds{number}"));
        office.authority(&csca, SUBJECT, authority, "3650");
        office.signer(&ds, &csca, signer, "90");
        let mut sod = office.sod(&ds, &plain_object(), how);
        let store = office.store(&[&format!("{csca}.pem")]);
        assert_eq!(sod::check(Some(&sod), &groups(), &store, now()), trusted(), "{authority:?} {signer:?} {how:?}");
        *sod.last_mut().unwrap() ^= 1;
        assert_broken(&sod::check(Some(&sod), &groups(), &store, now()), "the signature is wrong");
        // A namesake with a key of the same kind.
        office.authority("namesake", SUBJECT, authority, "3650");
        let sod = office.sod(&ds, &plain_object(), how);
        let unknown = Trust::UnknownSigner { issuer: NAME.into() };
        assert_eq!(sod::check(Some(&sod), &groups(), &office.store(&["namesake.pem"]), now()), unknown, "{authority:?}");
        // Long after the certificates have expired, and before they were made.
        assert_eq!(sod::check(Some(&sod), &groups(), &store, now() + 30 * YEAR), trusted());
        assert_broken(&sod::check(Some(&sod), &groups(), &store, now() - YEAR), "was not valid when");
    }
}

#[test]
fn every_digest_and_both_versions_are_compared() {
    let Some(office) = office() else { return };
    let store = office.store(&["csca.pem"]);
    let digests = [
        (SHA1.to_vec(), MessageDigest::sha1(), "sha1", "SHA-1"),
        (sha2(4).to_vec(), MessageDigest::sha224(), "sha224", "SHA-224"),
        (sha2(1).to_vec(), MessageDigest::sha256(), "sha256", "SHA-256"),
        (sha2(2).to_vec(), MessageDigest::sha384(), "sha384", "SHA-384"),
        (sha2(3).to_vec(), MessageDigest::sha512(), "sha512", "SHA-512"),
    ];
    for (oid, digest, option, name) in digests {
        for version in [0, 1] {
            let sod = office.sod("ds", &security_object(version, &oid, digest, &groups()), &["-md", option]);
            assert_eq!(sod::check(Some(&sod), &groups(), &store, now()), trusted(), "{name} {version}");
            let mut tampered = groups();
            tampered.get_mut(&13).unwrap().push(0);
            assert_broken(&sod::check(Some(&sod), &tampered, &store, now()), &format!("DG13 differs from what was signed ({name})"));
        }
    }
    let unknown = security_object(0, &sha2(9), MessageDigest::sha256(), &groups());
    assert_broken(&sod::check(Some(&office.sod("ds", &unknown, &[])), &groups(), &store, now()), "unknown digest");
}

#[test]
fn certificates_must_have_been_valid_when_the_chip_was_signed() {
    let Some(office) = office() else { return };
    let sod = office.sod("ds", &plain_object(), &[]);
    let check = |sod: &[u8], store: &TrustStore, now: i64| sod::check(Some(sod), &groups(), store, now);
    // Long after both have expired.
    assert_eq!(check(&sod, &office.store(&["csca.pem"]), now() + 30 * YEAR), trusted());
    // A signature from the future counts as one of today: the certificates were not valid then.
    assert_broken(&check(&sod, &office.store(&["csca.pem"]), now() - 5 * YEAR), "was not valid when");

    office.redate("csca", "old", &["-selfsign"]);
    office.signer("late", "csca", P256, "90");
    let store = office.store(&["old.pem"]);
    let late = office.sod("late", &plain_object(), &[]);
    assert_broken(&check(&late, &store, now()), "was not valid when");
    // The same key with a certificate that was valid then.
    assert_eq!(check(&late, &office.store(&["old.pem", "csca.pem"]), now()), trusted());
    assert_eq!(check(&office.sod("late", &plain_object(), &["-noattr"]), &store, now()), trusted());

    office.signer("expired", "csca", P256, "90");
    office.redate("expired", "expired", &["-cert", "csca.pem"]);
    assert_broken(&check(&office.sod("expired", &plain_object(), &[]), &store, now()), "was not valid when");
}

#[test]
fn a_withdrawn_signer_is_refused() {
    let Some(office) = office() else { return };
    let sod = office.sod("ds", &plain_object(), &[]);
    fs::write(office.path("index.txt"), "").unwrap();
    let settings = "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\ncertificate=csca.pem\nprivate_key=csca.key\n";
    fs::write(office.path("ca.conf"), settings).unwrap();
    let list = |name: &str| office.run(&["ca", "-config", "ca.conf", "-gencrl", "-crldays", "30", "-out", name]);
    list("before.crl");
    office.run(&["ca", "-config", "ca.conf", "-revoke", "ds.pem"]);
    list("after.crl");
    let check = |names: &[&str]| sod::check(Some(&sod), &groups(), &office.store(names), now());
    assert_eq!(check(&["csca.pem", "before.crl"]), trusted());
    assert_broken(&check(&["csca.pem", "before.crl", "after.crl"]), "withdrawn");
    // A list of a namesake with another key says nothing.
    office.authority("namesake", SUBJECT, P384, "3650");
    fs::copy(office.path("namesake.pem"), office.path("csca.pem")).unwrap();
    fs::copy(office.path("csca.key"), office.path("own.key")).unwrap();
    assert_eq!(check(&["namesake.pem", "after.crl"]), Trust::UnknownSigner { issuer: NAME.into() });
}

#[test]
fn a_bad_file_in_the_folder_is_named_and_spoils_nothing() {
    let Some(office) = office() else { return };
    office.authority("other", "/C=UT/CN=Other", P256, "3650");
    let folder = office.path("trust");
    fs::create_dir(&folder).unwrap();
    let place = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    let read = |name: &str| fs::read(office.path(name)).unwrap();
    let der = |name: &str| openssl::x509::X509::from_pem(&read(name)).unwrap().to_der().unwrap();
    let listed = [tlv::write(0x02, &[0]), tlv::write(0x31, &[der("csca.pem"), der("other.pem")].concat())].concat();
    let master_list = office.sign("ds", "2.23.136.1.1.2", &tlv::write(0x30, &listed), &[]);
    place("a.pem", &[read("csca.pem"), read("other.pem")].concat());
    place("b.der", &der("csca.pem"));
    place("c.ml", &master_list);
    place("broken.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    place("readme.txt", "đọc tôi".as_bytes());
    place(".hidden", b"x");
    fs::create_dir(folder.join("subfolder")).unwrap();
    let (store, problems) = TrustStore::load(&folder);
    assert_eq!(store.len(), 5);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("broken.pem") && problems[1].contains("readme.txt"), "{problems:?}");
    let sod = office.sod("ds", &plain_object(), &[]);
    assert_eq!(sod::check(Some(&sod), &groups(), &store, now()), trusted());
    // The list alone does as well.
    let mut listed = TrustStore::empty();
    assert!(listed.add(&master_list) && listed.len() == 2);
    assert_eq!(sod::check(Some(&sod), &groups(), &listed, now()), trusted());

    let (store, problems) = TrustStore::load(Path::new("/nowhere/at/all"));
    assert!(store.is_empty() && problems.len() == 1 && problems[0].contains("/nowhere/at/all"), "{problems:?}");
}

/// Bytes outside of what is signed may say one thing or another; what was signed and what was read never differ.
#[test]
fn a_flipped_bit_never_lets_another_card_through() {
    let Some(office) = office() else { return };
    let (store, sod) = (office.store(&["csca.pem"]), office.sod("ds", &plain_object(), &[]));
    let mut tampered = groups();
    *tampered.get_mut(&1).unwrap().last_mut().unwrap() = b'X';
    let mut harmless = 0;
    for at in 0..sod.len() {
        let mut flipped = sod.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(matches!(sod::check(Some(&flipped), &tampered, &store, now()), Trust::Broken { .. }), "{at}");
        harmless += usize::from(sod::check(Some(&flipped), &groups(), &store, now()) == trusted());
    }
    assert!(harmless < sod.len() / 20, "{harmless} of {}", sod.len());
}

#[test]
fn card_data_carries_the_verdict() {
    let Some(office) = office() else { return };
    let read = |groups: BTreeMap<u8, Vec<u8>>| {
        let sod = office.sod("ds", &security_object(0, &sha2(1), MessageDigest::sha256(), &groups), &[]);
        let files = CardFiles { access: Access::Pace, groups, sod: Some(sod), chip: ChipProof::Active, traffic: Traffic::default() };
        files::card_data(files, &office.store(&["csca.pem"]), now()).unwrap()
    };
    let card = read(groups());
    assert_eq!((card.trust, card.chip), (trusted(), ChipProof::Active));
    assert_eq!(card.citizen.unwrap().name, "Nguyễn Thị Mẫu");
    assert_eq!(card.mrz.len(), 90);
    // Signed or not, a card of two persons is none.
    let mut mixed = groups();
    let other = String::from_utf8(mixed[&1].clone()).unwrap().replace("VNM190000016", "VNM190000017").into_bytes();
    mixed.insert(1, other);
    assert_broken(&read(mixed).trust, "different numbers");
}
