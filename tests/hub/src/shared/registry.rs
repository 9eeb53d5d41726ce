//! The engine for scale: people, their stored papers, how devices are. As [`crate::registry`] does it.

use super::Shared;
use crate::{
    registry::{Known, LastSeen, OwnedPaper, Payment, Person, flag_of, flag_text, source_text, version_of},
    seal::{HEADS_KEPT, judge, key_parts},
};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use motcua_model::{
    Private,
    hub::{Heartbeat, News, PaperSource, PaymentRequest, PersonKey, StoredPaper},
};

impl Shared {
    pub(crate) async fn heartbeat(&self, heartbeat: &Heartbeat, now: Timestamp) -> Result<Known> {
        let (device, head, now) = (&heartbeat.device, &heartbeat.audit, now.to_string());
        let number = i64::try_from(head.number)?;
        let mut client = self.client().await?;
        let tx = client.transaction().await?;
        let sql = "SELECT (SELECT max(number) FROM audit_head WHERE device = $1),
            (SELECT hash FROM audit_head WHERE device = $1 AND number = $2),
            (SELECT max(version) FROM version WHERE kind = 'catalogue' AND device IN ($1, '*')),
            (SELECT max(version) FROM version WHERE kind = 'config' AND device IN ($1, '*'))";
        let row = super::one(&tx, sql, &[device, &number]).await?;
        let (highest, same): (Option<i64>, Option<String>) = (row.get(0), row.get(1));
        let flag = judge(highest.map(i64::cast_unsigned), same.as_deref(), head);
        let version = |column: usize| row.get::<_, Option<i64>>(column).and_then(|version| u32::try_from(version).ok());
        let known = Known { catalogue: version(2), config: version(3), flag };
        let statement =
            tx.prepare_cached("INSERT INTO audit_head (device, number, hash, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING").await?;
        tx.execute(&statement, &[device, &number, &head.hash, &now]).await?;
        let sql = "DELETE FROM audit_head WHERE device = $1
            AND number <= (SELECT number FROM audit_head WHERE device = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)";
        let statement = tx.prepare_cached(sql).await?;
        tx.execute(&statement, &[device, &HEADS_KEPT]).await?;
        let sql = "INSERT INTO heartbeat (device, at, flag, body) VALUES ($1, $2, $3, $4)
            ON CONFLICT (device) DO UPDATE SET at = excluded.at, flag = COALESCE(excluded.flag, heartbeat.flag), body = excluded.body";
        let statement = tx.prepare_cached(sql).await?;
        tx.execute(&statement, &[device, &now, &flag.map(flag_text), &serde_json::to_string(heartbeat)?]).await?;
        tx.commit().await?;
        Ok(known)
    }

    pub(crate) async fn last_seen(&self) -> Result<Vec<LastSeen>> {
        let rows = self.client().await?.query("SELECT at, flag, body FROM heartbeat ORDER BY device", &[]).await?;
        let seen = |row: &tokio_postgres::Row| -> Result<LastSeen> {
            let (at, flag, body): (String, Option<String>, String) = (row.get(0), row.get(1), row.get(2));
            Ok(LastSeen { at: at.parse()?, flag: flag.as_deref().and_then(flag_of), heartbeat: serde_json::from_str(&body)? })
        };
        rows.iter().map(seen).collect()
    }

    pub(crate) async fn set_version(&self, device: &str, news: &News) -> Result<()> {
        let Some((kind, version)) = version_of(news) else { return Ok(()) };
        let sql = "INSERT INTO version (kind, device, version) VALUES ($1, $2, $3) ON CONFLICT (kind, device) DO UPDATE SET version = excluded.version";
        self.client().await?.execute(sql, &[&kind, &device, &i64::from(version)]).await.context("cannot keep the version")?;
        Ok(())
    }

    pub(crate) async fn set_catalogue(&self, device: &str, version: u32, text: &str) -> Result<()> {
        let sql = "INSERT INTO catalogue (device, version, body) VALUES ($1, $2, $3)
            ON CONFLICT (device) DO UPDATE SET version = excluded.version, body = excluded.body";
        self.client().await?.execute(sql, &[&device, &i64::from(version), &text]).await.context("cannot keep the catalogue")?;
        Ok(())
    }

    pub(crate) async fn catalogue(&self, device: &str) -> Result<Option<String>> {
        let sql = "SELECT body FROM catalogue WHERE device IN ($1, '*') ORDER BY version DESC LIMIT 1";
        Ok(self.client().await?.query_opt(sql, &[&device]).await?.map(|row| row.get(0)))
    }

    pub(crate) async fn payment(&self, device: &str, asked: &PaymentRequest) -> Result<Option<Payment>> {
        let client = self.client().await?;
        let sql = "INSERT INTO payment (dossier, device, code, amount) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        client.execute(sql, &[&asked.dossier, &device, &asked.code, &i64::from(asked.amount_vnd)]).await?;
        let sql = "SELECT amount, paid FROM payment WHERE dossier = $1 AND device = $2 AND code = $3";
        let Some(row) = client.query_opt(sql, &[&asked.dossier, &device, &asked.code]).await? else { return Ok(None) };
        Ok(Some(Payment { amount_vnd: u32::try_from(row.get::<_, i64>(0))?, transaction: row.get(1) }))
    }

    pub(crate) async fn pay(&self, code: &str, transaction: &str) -> Result<bool> {
        let sql = "UPDATE payment SET paid = $2 WHERE code = $1 AND paid IS NULL";
        Ok(self.client().await?.execute(sql, &[&code, &transaction]).await? > 0)
    }

    pub(crate) async fn add_person(&self, person: &Person) -> Result<()> {
        let (kind, number, name) = key_parts(&person.key);
        let sql = "INSERT INTO person (kind, number, folded_name, technical_id, profile) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (kind, number) DO UPDATE SET folded_name = excluded.folded_name, technical_id = excluded.technical_id,
            profile = excluded.profile";
        let technical_id = person.technical_id.as_ref().map(Private::reveal);
        let profile = serde_json::to_string(&person.profile)?;
        self.client().await?.execute(sql, &[&kind, &number.reveal(), &name, &technical_id, &profile]).await?;
        Ok(())
    }

    pub(crate) async fn person(&self, key: &PersonKey) -> Result<Option<Person>> {
        let (kind, number, name) = key_parts(key);
        let sql = "SELECT technical_id, profile FROM person WHERE kind = $1 AND number = $2 AND folded_name IS NOT DISTINCT FROM $3";
        let client = self.client().await?;
        let row = client.query_opt(&client.prepare_cached(sql).await?, &[&kind, &number.reveal(), &name]).await?;
        let Some(row) = row else { return Ok(None) };
        let technical_id: Option<String> = row.get(0);
        let profile = serde_json::from_str(&row.get::<_, String>(1))?;
        Ok(Some(Person { key: key.clone(), technical_id: technical_id.map(Private::new), profile }))
    }

    pub(crate) async fn add_paper(&self, OwnedPaper { owner, type_code, paper }: &OwnedPaper) -> Result<()> {
        let (kind, number, name) = key_parts(owner);
        let sql = "INSERT INTO paper (source, reference, kind, number, folded_name, type, issued, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source, reference) DO UPDATE SET kind = excluded.kind,
            number = excluded.number, folded_name = excluded.folded_name, type = excluded.type, issued = excluded.issued, body = excluded.body";
        let issued = paper.issued.map(|day| day.to_string()).unwrap_or_default();
        let (source, body) = (source_text(paper.source), serde_json::to_string(paper)?);
        let client = self.client().await?;
        client.execute(sql, &[&source, &paper.reference, &kind, &number.reveal(), &name, type_code, &issued, &body]).await?;
        Ok(())
    }

    pub(crate) async fn papers(&self, owner: &PersonKey, type_code: &str, source: PaperSource) -> Result<Vec<StoredPaper>> {
        let (kind, number, name) = key_parts(owner);
        let sql = "SELECT body FROM paper WHERE source = $1 AND kind = $2 AND number = $3 AND type = $4
            AND folded_name IS NOT DISTINCT FROM $5 ORDER BY issued DESC, reference LIMIT 20";
        let client = self.client().await?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&source_text(source), &kind, &number.reveal(), &type_code, &name]).await?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.get::<_, String>(0))?)).collect()
    }
}
