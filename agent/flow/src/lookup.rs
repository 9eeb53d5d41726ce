//! C20: what a code tells without authentication (R13).

use crate::{Effect, Known, state::Cx};
use motcua_model::{
    api::Action,
    code::{DossierCode, ProvisionalCode},
    fault::Fault,
};

/// Asking, or reading the answer.
pub(crate) enum LookUp {
    Asking { pending: Option<String> },
    Result { asked: String, known: Known, pending: Option<String> },
}

impl LookUp {
    pub(crate) fn action(self, action: Action, cx: &mut Cx) -> Self {
        match (self, action) {
            (look_up, Action::LookUp { code }) => look_up.asked(&code, cx),
            (Self::Result { .. }, Action::Back) => Self::Asking { pending: None },
            (kept, _) => kept,
        }
    }

    /// Typed or scanned. Only what has the form of a code leaves the flow: a card held under the reader
    /// by mistake goes nowhere.
    pub(crate) fn asked(self, text: &str, cx: &mut Cx) -> Self {
        let Some(code) = code_in(text) else {
            cx.show(Fault::CodeUnknown, false);
            return self;
        };
        cx.clear_fault();
        cx.emit(Effect::LookUp { asked: code.clone() });
        match self {
            Self::Asking { .. } => Self::Asking { pending: Some(code) },
            Self::Result { asked, known, .. } => Self::Result { asked, known, pending: Some(code) },
        }
    }

    pub(crate) fn answered(self, asked: String, found: Option<Known>, cx: &mut Cx) -> Self {
        let (Self::Asking { pending } | Self::Result { pending, .. }) = &self;
        if pending.as_ref() != Some(&asked) {
            return self;
        }
        match found {
            Some(known) => Self::Result { asked, known, pending: None },
            None => {
                cx.show(Fault::CodeUnknown, false);
                Self::Asking { pending: None }
            }
        }
    }
}

/// The code itself, or the one inside the address that the slip's QR holds: as parameter `m`, or last.
fn code_in(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = match text.split_once("://") {
        None => text,
        Some((_, address)) => {
            let parameters = address.split_once('?').map_or("", |(_, query)| query);
            let named = parameters.split(['&', '#']).find_map(|parameter| parameter.strip_prefix("m="));
            named.or_else(|| address.trim_end_matches('/').rsplit(['/', '=', '#', '?']).next())?
        }
    };
    let provisional = ProvisionalCode::parse(inside).map(|code| code.as_str().to_owned());
    provisional.or_else(|_| DossierCode::parse(inside).map(|code| code.as_str().to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_code_in_what_a_slip_holds() {
        let code = ProvisionalCode::new("K07", jiff::civil::date(2026, 11, 23), 42);
        for text in [
            code.as_str().to_owned(),
            format!(" {}\r", code.as_str().to_lowercase()),
            format!("https://dichvucong.example.vn/tra-cuu?m={code}"),
            format!("https://dichvucong.example.vn/tra-cuu?x=1&m={code}&y=2"),
            format!("https://dichvucong.example.vn/t/{code}"),
            format!("https://dichvucong.example.vn/t/{code}/"),
            format!("https://dichvucong.example.vn/t#{code}"),
        ] {
            assert_eq!(code_in(&text).as_deref(), Some(code.as_str()), "{text}");
        }
        assert_eq!(code_in("https://x.example.vn/?m=h15.50.05.13-261008-0975").as_deref(), Some("H15.50.05.13-261008-0975"));
        for text in ["", "   ", "https://", "://", "TAM-K07-261123-0042-00", "001190000016||Nguyễn Thị Mẫu|15011990|Nữ|X|"] {
            assert_eq!(code_in(text), None, "{text}");
        }
    }
}
