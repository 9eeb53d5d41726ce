//! Bổ sung hồ sơ: what an officer asks a person to add to a dossier (TT 03/2025/TT-VPCP form 02), as a filing of its own.

use crate::{
    Private, Text,
    catalogue::{Catalogue, Component, Procedure},
    for_whom::ForWhom,
    hub::SupplementItem,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The dossier that a dossier of added papers belongs to, and the request that it answers. Who added them is the
/// [`crate::dossier::Dossier::applicant`]: whoever the chip proved, the owner or whom the owner had authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddsTo {
    /// [`crate::dossier::Dossier::id`] of the one that waits for papers.
    pub dossier: Uuid,
    /// Its mã hồ sơ.
    pub official_code: String,
    /// Mã TTHC of its procedure.
    pub procedure: String,
    /// Tên thủ tục.
    pub procedure_name: Text,
    /// [`crate::hub::NewsItem::cursor`] of the request.
    pub request: u64,
    /// What was asked for. Each has a component, which is the [`crate::dossier::Document::component`] of the paper that was added for it.
    pub items: Vec<SupplementItem>,
}

impl AddsTo {
    /// Gives every item a component of its own: where the officer named none, or one twice, `bo-sung-1` and so on.
    pub fn new(
        dossier: Uuid,
        official_code: &str,
        (procedure, procedure_name): (&str, &Text),
        request: u64,
        asked: &[SupplementItem],
    ) -> Self {
        let mut items: Vec<SupplementItem> = Vec::with_capacity(asked.len());
        for (at, item) in asked.iter().enumerate() {
            let named = item.component.as_ref().filter(|named| items.iter().all(|other| other.component.as_ref() != Some(named)));
            let component = named.cloned().unwrap_or_else(|| format!("bo-sung-{}", at + 1));
            items.push(SupplementItem { component: Some(component), what: item.what.clone() });
        }
        let (official_code, procedure) = (official_code.to_owned(), procedure.to_owned());
        Self { dossier, official_code, procedure, procedure_name: procedure_name.clone(), request, items }
    }

    /// The filing of what was asked for, as a procedure: a paper for each item, no question, no fee. None of the papers is required by
    /// itself: whoever has one of two today brings the other later.
    pub fn filing(&self, catalogue: &Catalogue) -> Procedure {
        let known = catalogue.procedure(&self.procedure);
        let of_catalogue = |code: &str| known.and_then(|procedure| procedure.components.iter().find(|component| component.code == code));
        let component = |(at, item): (usize, &SupplementItem)| {
            let code = item.component.clone().unwrap_or_default();
            // The officer's words may name people: they stay out of names, which stand on slips.
            let numbered = || Text::new(format!("Giấy bổ sung {}", at + 1), format!("Added paper {}", at + 1));
            let name = of_catalogue(&code).map_or_else(numbered, |component| component.name.clone());
            Component { code, name, required: false, stored_as: None, not_scanned: None }
        };
        let then = Text::new("Cán bộ xem giấy bổ sung rồi báo lại.", "Staff look at the added papers and tell you.");
        Procedure {
            code: self.procedure.clone(),
            name: Text::new(format!("Bổ sung: {}", self.procedure_name.vi), format!("Added papers: {}", self.procedure_name.en)),
            life_event: String::new(),
            time_limit: then.clone(),
            fee_vnd: 0,
            result: then,
            retention: known.map(|procedure| procedure.retention).unwrap_or_default(),
            competent_agency: known.and_then(|procedure| procedure.competent_agency.clone()),
            filers: vec![ForWhom::Myself],
            components: self.items.iter().enumerate().map(component).collect(),
            questions: Vec::new(),
        }
    }

    /// The officer's words for this component.
    pub fn asked(&self, component: &str) -> Option<&Private> {
        self.items.iter().find(|item| item.component.as_deref() == Some(component)).map(|item| &item.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(component: Option<&str>, what: &str) -> SupplementItem {
        SupplementItem { component: component.map(str::to_owned), what: Private::new(what) }
    }

    #[test]
    fn every_item_is_a_paper_of_its_own_and_no_name_holds_an_officers_words() {
        let catalogue = Catalogue::built_in().unwrap();
        let procedure = &catalogue.procedures[0];
        let known = procedure.components[0].code.as_str();
        let asked = [item(Some(known), "Bản rõ hơn"), item(None, "Giấy của bé Thử"), item(Some(known), "Mặt sau"), item(Some("LẠ"), "Ảnh")];
        let adds = AddsTo::new(Uuid::nil(), "H99.50-261120-0001", (&procedure.code, &procedure.name), 7, &asked);
        let filing = adds.filing(&catalogue);
        let codes: Vec<&str> = filing.components.iter().map(|component| component.code.as_str()).collect();
        assert_eq!(codes, [known, "bo-sung-2", "bo-sung-3", "LẠ"]);
        let names: Vec<&str> = filing.components.iter().map(|component| component.name.vi.as_str()).collect();
        assert_eq!(names, [procedure.components[0].name.vi.as_str(), "Giấy bổ sung 2", "Giấy bổ sung 3", "Giấy bổ sung 4"]);
        assert_eq!(adds.asked("bo-sung-2").unwrap().reveal(), "Giấy của bé Thử");
        assert_eq!((filing.retention, filing.fee_vnd), (procedure.retention, 0));
        assert!(!format!("{adds:?} {filing:?}").contains("Thử"));
    }

    #[test]
    fn a_procedure_that_the_catalogue_lost_can_still_be_added_to() {
        let name = Text::new("Thủ tục cũ", "Old procedure");
        let adds = AddsTo::new(Uuid::nil(), "H99.50-261120-0001", ("1.999999", &name), 7, &[item(None, "Ảnh")]);
        let filing = adds.filing(&Catalogue::built_in().unwrap());
        assert_eq!((filing.name.vi.as_str(), filing.code.as_str()), ("Bổ sung: Thủ tục cũ", "1.999999"));
    }
}
