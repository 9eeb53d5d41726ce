//! The people behind the machine. For the demo: the payer's bank and the officer at the hub, who act by themselves when somebody waits.

use crate::{
    rig::{self, Rig},
    visit::PROCEDURE,
};
use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _};
use motcua_model::{
    api::{FeePage, OfficerPage, PayWay, Screen, Snapshot},
    catalogue::Catalogue,
    hub::MessageBody,
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// Numbers are called, and whoever has filed may wait for the officer; fees are paid through the hub. The first line belongs to the last
/// section of the rig's own configuration.
pub const SERVICES: &str = r#"wait_for_officer = true
[queue]
desks = 2
[[queue.groups]]
code = "A"
name = { vi = "Hộ tịch, chứng thực", en = "Civil status, certification" }
[[queue.groups]]
code = "B"
name = { vi = "Đất đai, xây dựng", en = "Land, construction" }
[payment]
online = true
"#;

/// Who answers for the bank and the officer.
pub struct Staff {
    patience: Duration,
    /// Of the filing at the machine.
    code: Option<String>,
    waited_since: Option<Instant>,
    served: bool,
}

impl Staff {
    /// They act once a screen has waited for them so long.
    pub fn new(patience: Duration) -> Self {
        Self { patience, code: None, waited_since: None, served: false }
    }

    /// Does what this screen waits for, once; says what was done.
    pub async fn serve(&mut self, rig: &Rig, snapshot: &Snapshot) -> anyhow::Result<Option<String>> {
        if let Screen::Slip { code, .. } = &snapshot.screen {
            self.code = Some(code.clone());
        }
        let pays = matches!(&snapshot.screen, Screen::Fee { page: FeePage::Pay { way: PayWay::Platform, .. } });
        let accepts = matches!(&snapshot.screen, Screen::Officer { page: OfficerPage::Waiting { offline: false } });
        let Some(code) = self.code.clone().filter(|_| pays || accepts) else {
            (self.waited_since, self.served) = (None, false);
            return Ok(None);
        };
        let since = *self.waited_since.get_or_insert_with(Instant::now);
        if self.served || since.elapsed() < self.patience {
            return Ok(None);
        }
        if pays {
            rig.at_hub("pay", &["--code", &code, "--transaction", "GD-DEMO"]).await?;
            self.served = true;
            return Ok(Some(format!("the payer's bank: the money for {code} has come")));
        }
        let Some(official) = official_code(rig, &code)? else { return Ok(None) };
        let due = Timestamp::now().checked_add(120.hours()).context("the clock is wrong")?.to_string();
        let said = ["--dossier", &official, "--due", &due, "--officer", "Trần Văn Mẫu", "--place", "Một cửa phường Minh Họa"];
        rig.at_hub("accept", &said).await?;
        self.served = true;
        Ok(Some(format!("an officer at the hub accepts {official}")))
    }
}

/// A catalogue comes from the hub, so many versions newer than the one that is built in, with this fee for [`PROCEDURE`].
pub async fn announce_fee(rig: &Rig, version: u32, fee_vnd: u32) -> anyhow::Result<()> {
    let mut catalogue = Catalogue::built_in().map_err(|problems| anyhow::anyhow!(problems.join("; ")))?;
    catalogue.version += version;
    catalogue.procedures.iter_mut().filter(|procedure| procedure.code == PROCEDURE).for_each(|procedure| procedure.fee_vnd = fee_vnd);
    let file = rig.dir.join("catalogue.json");
    fs::write(&file, serde_json::to_string(&catalogue)?)?;
    rig.at_hub("announce", &["--catalogue", &file.display().to_string()]).await?;
    rig.until_status("the catalogue with a fee", |s| s.catalogue_version == catalogue.version).await.map(drop)
}

/// None until the hub has the dossier whole.
fn official_code(rig: &Rig, code: &str) -> anyhow::Result<Option<String>> {
    for copy in rig.hub_copies()? {
        if let MessageBody::Dossier(dossier) = rig::message(&copy)?.body
            && dossier.code.as_str() == code
        {
            return Ok(rig::receipt(&copy)?.official_code);
        }
    }
    Ok(None)
}
