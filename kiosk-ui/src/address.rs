//! The picker of an address (C07): the province, the commune, what stands before it, and all of it read back. It belongs to the screen
//! alone: the agent gets the whole address, and checks it.

use crate::{
    comfort::List,
    face::{Face, State},
    input::Typed,
    ui::{Act, AddressStep, AddressView, ScreenKind, Tile},
};
use motcua_model::{
    Language, Private, Text,
    address::{ABROAD, Address, DIVIDED, LONGEST, abroad, parts, renamed, today},
    api::{Screen, Snapshot},
    catalogue::AnswerKind,
    units::{FoundCommune, FoundProvince, units},
};

/// What has been chosen so far. `Debug` is left out: it is where somebody lives.
pub(crate) struct Picker {
    /// The steps that led here, the present one last; "Quay lại" leads back through them.
    steps: Vec<AddressStep>,
    province: Option<usize>,
    commune: Option<usize>,
    /// The old name by which the commune was found.
    was: String,
    /// Communes among which that of the answer was divided: they stand first.
    offered: Vec<usize>,
    /// Where the answer stands, a card or a paper, and how; none once it is an answer.
    said: Option<(Text, String)>,
    /// Hamlet, street, number; or an address abroad.
    rest: String,
    abroad: bool,
    commune_enough: bool,
    may_be_abroad: bool,
    may_be_skipped: bool,
    /// The commune that the office serves.
    home: Option<usize>,
    hits: Vec<Hit>,
}

/// A line that can be chosen.
enum Hit {
    Province(FoundProvince),
    Commune(FoundCommune),
    Abroad,
    Skip,
}

/// The words of choices that are no places, and those at the office's own.
pub(crate) fn words() -> [Text; 3] {
    [
        Text::new("Ở nước ngoài", "Abroad"),
        Text::new("Bỏ qua câu này", "Skip this question"),
        Text::new("nơi đặt máy này", "where this machine stands"),
    ]
}

/// The picker for the question that the snapshot asks, and its first input; none where it asks for no address.
pub(crate) fn begin(snapshot: Option<&Snapshot>) -> Option<(Picker, Typed)> {
    let snapshot = snapshot?;
    let Screen::Question { kind: AnswerKind::Address { commune_enough, abroad }, answer, required, read_from, .. } = &snapshot.screen
    else {
        return None;
    };
    let mut picker = Picker {
        steps: vec![AddressStep::Province],
        province: None,
        commune: None,
        was: String::new(),
        offered: Vec::new(),
        said: read_from.as_ref().map(|source| (source.clone(), answer.reveal().to_owned())),
        rest: String::new(),
        abroad: false,
        commune_enough: *commune_enough,
        may_be_abroad: *abroad,
        may_be_skipped: !required,
        home: snapshot.commune.as_deref().and_then(|code| units().commune(code)),
        hits: Vec::new(),
    };
    picker.take_answer(answer.reveal());
    picker.search("");
    let typed = picker.typed();
    Some((picker, typed))
}

impl Picker {
    fn step(&self) -> AddressStep {
        self.steps.last().copied().unwrap_or(AddressStep::Province)
    }

    /// Begins where an answer stops being clear: it may be of an older form, or read on a paper or a card.
    fn take_answer(&mut self, answer: &str) {
        if let Some(own) = abroad(answer) {
            own.clone_into(&mut self.rest);
            self.abroad = true;
            self.steps = vec![AddressStep::Check];
            return;
        }
        let places = today(answer);
        let Some(first) = places.first().filter(|_| places.len() <= DIVIDED) else {
            self.province = units().find_provinces(answer).first().filter(|found| found.was.is_none()).map(|found| found.province);
            self.province = self.province.filter(|_| !answer.is_empty());
            match self.province {
                Some(_) => self.steps.push(AddressStep::Commune),
                // It is not typed again.
                None => self.rest = answer.chars().take(LONGEST).collect(),
            }
            return;
        };
        self.province = Some(units().communes[first.commune].province);
        first.rest.reveal().clone_into(&mut self.rest);
        if !renamed(answer).is_empty() {
            self.was = between(answer, first);
        }
        self.offered = places.iter().map(|place| place.commune).collect();
        if places.len() > 1 {
            self.steps.push(AddressStep::Commune);
            return;
        }
        self.commune = Some(first.commune);
        self.steps = vec![self.behind_place()];
    }

    /// Whether the present province is that in which the commune of the answer was divided.
    fn is_divided(&self) -> bool {
        let of = self.offered.first().and_then(|commune| units().communes.get(*commune)).map(|commune| commune.province);
        self.offered.len() > 1 && of == self.province
    }

    /// The step after the commune of an answer, whose beginning is known.
    fn behind_place(&self) -> AddressStep {
        if self.commune_enough || !self.rest.is_empty() { AddressStep::Check } else { AddressStep::Rest }
    }

    /// The input of the present step.
    fn typed(&self) -> Typed {
        let text = AnswerKind::Text { max: u16::try_from(LONGEST).unwrap_or(u16::MAX) };
        match self.step() {
            AddressStep::Province | AddressStep::Commune => Typed::search(""),
            AddressStep::Rest => Typed::for_question(&text, &self.rest, !self.commune_enough),
            AddressStep::Abroad => Typed::for_question(&text, &self.rest, true),
            AddressStep::Check => Typed::none(),
        }
    }

    /// What fits the words that were typed; without any, what most people choose comes first.
    pub(crate) fn search(&mut self, typed: &str) {
        let nothing = typed.trim().is_empty();
        self.hits.clear();
        match (self.step(), self.province) {
            (AddressStep::Province, _) => {
                let mut found = units().find_provinces(typed);
                let home = self.home.filter(|_| nothing).map(|home| units().communes[home].province);
                found.sort_by_key(|found| Some(found.province) != home);
                self.hits.extend(found.into_iter().map(Hit::Province));
                let others = [(self.may_be_abroad, Hit::Abroad), (self.may_be_skipped, Hit::Skip)];
                let at = usize::from(home.is_some());
                self.hits.splice(at..at, others.into_iter().filter(|(may, _)| *may && nothing).map(|(_, hit)| hit));
            }
            (AddressStep::Commune, Some(province)) => {
                let mut found = units().find_communes(province, typed);
                let divided = nothing && self.is_divided();
                // Whoever lives in none of them types another.
                found.retain(|found| !divided || self.offered.contains(&found.commune));
                found.sort_by_key(|found| !nothing || Some(found.commune) != self.home);
                // Short: all that the card says comes with the last look.
                let was = || divided.then(|| self.was.split(", ").next().unwrap_or_default().to_owned());
                self.hits.extend(found.into_iter().map(|found| Hit::Commune(FoundCommune { was: found.was.or_else(was), ..found })));
            }
            (AddressStep::Commune | AddressStep::Rest | AddressStep::Abroad | AddressStep::Check, _) => {}
        }
    }

    pub(crate) fn hits(&self) -> usize {
        self.hits.len()
    }

    /// Whether the present step is a list of places.
    pub(crate) fn lists(&self) -> bool {
        matches!(self.step(), AddressStep::Province | AddressStep::Commune)
    }

    pub(crate) fn can_back(&self) -> bool {
        self.steps.len() > 1
    }

    /// Whether the person has done nothing yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.steps == [AddressStep::Province]
    }

    /// Whether this place of the list leaves the question without an answer.
    pub(crate) fn skips(&self, at: usize) -> bool {
        matches!(self.hits.get(at), Some(Hit::Skip))
    }

    fn choose(&mut self, at: usize) {
        let next = match self.hits.get(at) {
            Some(Hit::Province(found)) => {
                self.province = Some(found.province);
                AddressStep::Commune
            }
            Some(Hit::Commune(found)) => {
                (self.commune, self.was) = (Some(found.commune), found.was.clone().unwrap_or_default());
                let offered = self.offered.len() > 1 && self.offered.contains(&found.commune);
                if offered { self.behind_place() } else { AddressStep::Rest }
            }
            Some(Hit::Abroad) => AddressStep::Abroad,
            Some(Hit::Skip) | None => return,
        };
        if self.abroad != (next == AddressStep::Abroad) {
            self.abroad = next == AddressStep::Abroad;
            self.rest.clear();
        }
        self.steps.push(next);
    }

    /// What was typed before the commune, or abroad.
    fn take_rest(&mut self, value: &str) {
        value.clone_into(&mut self.rest);
        self.steps.push(AddressStep::Check);
    }

    /// What is sent; none before the last step.
    pub(crate) fn answer(&self) -> Option<Private> {
        if self.step() != AddressStep::Check {
            return None;
        }
        if self.abroad {
            return Some(Private::new(format!("{ABROAD}{}", self.rest)));
        }
        let address = Address { rest: Private::new(self.rest.as_str()), commune: self.commune? };
        Some(Private::new(address.written()))
    }

    /// The page of the present step.
    pub(crate) fn kind(&self) -> ScreenKind {
        match self.step() {
            AddressStep::Province | AddressStep::Commune => ScreenKind::AddressSearch,
            AddressStep::Rest | AddressStep::Abroad => ScreenKind::AddressText,
            AddressStep::Check => ScreenKind::AddressCheck,
        }
    }

    /// What the page reads.
    pub(crate) fn view(&self, language: Language) -> AddressView {
        // Of another commune the card says nothing.
        let of_it = self.step() == AddressStep::Check && self.commune.is_some_and(|commune| self.offered.contains(&commune));
        let said = self.said.as_ref().filter(|(_, said)| of_it && self.answer().is_none_or(|answer| answer.reveal() != said));
        let place = self.commune.filter(|_| !self.abroad).map(|commune| units().place(commune)).unwrap_or_default();
        AddressView {
            step: self.step(),
            province: self.province.map(|province| units().provinces[province].name).unwrap_or_default().into(),
            place: place.into(),
            rest: self.rest.as_str().into(),
            was: self.was.as_str().into(),
            abroad: self.abroad,
            commune_enough: self.commune_enough,
            divided: self.step() == AddressStep::Commune && self.is_divided(),
            source: said.map(|(source, _)| source.get(language)).unwrap_or_default().into(),
            said: said.map(|(_, said)| said.as_str()).unwrap_or_default().into(),
        }
    }

    fn tile(&self, hit: &Hit, language: Language) -> Tile {
        let [abroad, skip, here] = words();
        let (title, was) = match hit {
            Hit::Province(found) => (units().provinces[found.province].name, found.was),
            Hit::Commune(found) => (units().communes[found.commune].name, found.was.as_deref()),
            Hit::Abroad => (abroad.get(language), None),
            Hit::Skip => (skip.get(language), None),
        };
        let home = match hit {
            Hit::Province(found) => self.home.is_some_and(|home| units().communes[home].province == found.province),
            Hit::Commune(found) => self.home == Some(found.commune),
            Hit::Abroad | Hit::Skip => false,
        };
        let note = match (was, language) {
            (None, _) if home => here.get(language).to_owned(),
            (None, _) => String::new(),
            (Some(was), Language::Vi) => format!("trước là {was}"),
            (Some(was), Language::En) => format!("formerly {was}"),
        };
        Tile { title: title.into(), note: note.into(), enabled: true, ..Tile::default() }
    }
}

/// The units that an address names between what stands before and its province.
fn between(answer: &str, address: &Address) -> String {
    let (parts, before) = (parts(answer), parts(address.rest.reveal()).len());
    parts.get(before..parts.len().saturating_sub(1)).unwrap_or_default().join(", ")
}

/// Where the address on a card is today, where the card does not say so itself; none where that is not clear.
pub(crate) fn now(card: &Private) -> String {
    match renamed(card.reveal()).as_slice() {
        [now] => units().place(now.commune),
        [] | [_, _, ..] => String::new(),
    }
}

/// The places on the present page.
pub(crate) fn tiles(state: &State, language: Language) -> Vec<Tile> {
    let Some(picker) = &state.local.address else { return Vec::new() };
    state.on_page(List::Places, &picker.hits).map(|(_, hit)| picker.tile(hit, language)).collect()
}

impl State {
    /// A place in the whole list of what is picked.
    pub(crate) fn place_at(&self, at: usize) -> usize {
        self.local.page * self.most(List::Places) + at
    }
}

impl Face {
    /// A touch that changes the picker alone; false where it means something else.
    pub(crate) fn pick(&self, act: Act, at: usize) -> bool {
        let now = (self.now)();
        {
            let mut state = self.state.borrow_mut();
            let at = state.place_at(at);
            let Some(picker) = &state.local.address else { return false };
            let picks = match act == Act::Back {
                true => picker.can_back(),
                false => matches!(act, Act::ChoosePlace | Act::ChangePlace | Act::ChangeRest) && !picker.skips(at),
            };
            if !picks {
                return false;
            }
            // Whatever stands at the same place of the next step was not touched.
            if state.trembles("place", now) {
                return true;
            }
            state.last_act = Some(now);
            let Some(picker) = &mut state.local.address else { return false };
            if act == Act::ChoosePlace {
                picker.choose(at);
            } else if act == Act::ChangePlace {
                picker.steps.push(AddressStep::Province);
            } else if act == Act::ChangeRest {
                picker.steps.push(if picker.abroad { AddressStep::Abroad } else { AddressStep::Rest });
            } else {
                picker.steps.pop();
            }
            state.local.begin_step();
        }
        self.draw();
        self.say_touched();
        true
    }

    /// What was typed in the picker; false where nothing is picked.
    pub(crate) fn pick_typed(&self) -> bool {
        {
            let mut state = self.state.borrow_mut();
            let now = (self.now)();
            let value = state.local.typed.value();
            let Some(picker) = &mut state.local.address else { return false };
            let (Some(value), false) = (value, picker.lists()) else { return true };
            picker.take_rest(&value);
            state.local.begin_step();
            // "Đúng" stands where "Xong" stood: a second tap is none on it.
            state.last_act = Some(now);
        }
        self.draw();
        self.say_touched();
        true
    }
}

impl crate::face::Local {
    fn begin_step(&mut self) {
        let Some(picker) = &mut self.address else { return };
        self.typed = picker.typed();
        picker.search("");
        self.page = 0;
    }
}
