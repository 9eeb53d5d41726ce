//! What a signer reads, in both languages: what is wrong and what to do.

use motcua_model::Text;

use super::{CertificateProblem, PdfProblem, Scheme, SignError, TokenProblem, TriesLeft, Warning};

impl SignError {
    /// For the person at the token; the English is what `Display` says.
    pub fn text(&self) -> Text {
        let vi = match self {
            Self::Pdf(problem) => pdf(problem),
            Self::Certificate(problem) => certificate(problem),
            Self::Token(problem) => token(problem),
        };
        Text::new(vi, self.to_string())
    }
}

impl Warning {
    /// For the person at the token.
    pub fn text(self) -> Text {
        match self {
            Self::RevocationUnchecked => Text::new(
                "Chưa kiểm tra được chứng thư số có bị thu hồi hay không (ký ngoại tuyến).",
                "whether the certificate was revoked could not be checked (signed offline)",
            ),
            Self::EndsSoon { days } => Text::new(
                format!("Chứng thư số còn hiệu lực {days} ngày; hãy đề nghị gia hạn."),
                format!("the certificate ends in {days} day(s); ask for a new one"),
            ),
        }
    }
}

fn pdf(problem: &PdfProblem) -> String {
    match problem {
        PdfProblem::Broken(_) => "Tệp không phải PDF hoặc bị hỏng; hãy tạo lại tệp.".into(),
        PdfProblem::Encrypted => "Tệp PDF bị mã hóa; hãy lấy bản không có mật khẩu.".into(),
        PdfProblem::Certified => "Tác giả đã chứng nhận tệp PDF này, ký thêm sẽ làm hỏng chứng nhận; hãy ký tệp gốc.".into(),
        PdfProblem::NoAgency => "Thiếu tên cơ quan ký; hãy nhập tên cơ quan.".into(),
        PdfProblem::Letter(letter) => format!("Không hiển thị được ký tự '{letter}' trong chữ ký; hãy bỏ ký tự này."),
        PdfProblem::PageTooSmall => "Trang 1 quá nhỏ để đặt chữ ký; hãy quét lại trên trang đầy đủ.".into(),
        PdfProblem::Font(_) | PdfProblem::NoRoom(_) => "Lỗi chương trình khi tạo chữ ký; hãy báo bộ phận kỹ thuật.".into(),
    }
}

fn certificate(problem: &CertificateProblem) -> String {
    let day = |date: &jiff::civil::Date| date.strftime("%d/%m/%Y").to_string();
    match problem {
        CertificateProblem::Unreadable => "Không đọc được chứng thư số trong thiết bị; hãy hỏi nơi cấp.".into(),
        CertificateProblem::Expired { name, on } => {
            format!("Chứng thư số của {name} đã hết hạn ngày {}; hãy đề nghị cấp mới.", day(on))
        }
        CertificateProblem::NotYet { name, from } => {
            format!("Chứng thư số của {name} có hiệu lực từ ngày {}; hãy kiểm tra đồng hồ máy tính.", day(from))
        }
        CertificateProblem::NotForSigning { name } => {
            format!("Chứng thư số của {name} không dùng để ký; hãy chọn chứng thư số ký theo tên (--key, signing.key).")
        }
        CertificateProblem::Key { name, .. } => {
            format!("Khóa của {name} không đạt: cần RSA từ 2048 bit hoặc ECDSA P-256 (TT 05/2025/TT-BNV).")
        }
    }
}

fn token(problem: &TokenProblem) -> String {
    match problem {
        TokenProblem::Module { path, .. } => {
            format!("Không dùng được thư viện PKCS#11 {}; hãy cài phần mềm của thiết bị ký số.", path.display())
        }
        TokenProblem::NotIn { label, .. } => format!("Chưa cắm thiết bị ký số '{label}'; hãy cắm thiết bị."),
        TokenProblem::WrongPin { tries } => match tries {
            TriesLeft::Unknown => "Sai mã PIN; hãy nhập lại cẩn thận, nhập sai vài lần thiết bị sẽ bị khóa.".into(),
            TriesLeft::Fewer => "Sai mã PIN; chỉ còn vài lần thử.".into(),
            TriesLeft::One => "Sai mã PIN; chỉ còn MỘT lần thử, sau đó thiết bị bị khóa.".into(),
        },
        TokenProblem::PinLocked => "Thiết bị ký số đã bị khóa do nhập sai mã PIN; hãy liên hệ nơi cấp để mở khóa.".into(),
        TokenProblem::PinToSet => "Cần đặt lại mã PIN bằng phần mềm của thiết bị trước khi ký.".into(),
        TokenProblem::NoKey => "Thiết bị không có khóa kèm chứng thư số để ký; có đúng thiết bị không?".into(),
        TokenProblem::WhichKey { names } => format!("Hãy chọn khóa theo tên (--key, signing.key): {}", names.join(", ")),
        TokenProblem::Scheme { scheme } => {
            let scheme = match scheme {
                Scheme::RsaPss => "RSASSA-PSS",
                Scheme::EcdsaP256 => "ECDSA",
            };
            format!("Thiết bị không ký được bằng {scheme} theo TT 05/2025/TT-BNV; hãy đề nghị đổi thiết bị.")
        }
        TokenProblem::Gone => "Thiết bị ký số đã bị rút ra; tệp này chưa được ký và giữ nguyên. Hãy cắm lại và ký tiếp.".into(),
        TokenProblem::OtherKey => "Khóa trong thiết bị không khớp với chứng thư số; hãy hỏi nơi cấp.".into(),
        TokenProblem::Refused(_) => "Thiết bị ký số báo lỗi; hãy rút ra, cắm lại rồi thử lại.".into(),
    }
}
