//! The OpenAPI document of the local API, made from the types themselves so that it cannot drift.

use motcua_model::{
    api::{
        ActionRequest, AgentStatus, AuditState, BackupState, CarriedReceipt, CarryRequest, CorrectAnswer, CorrectRequest, ErasedAnswer,
        OutboxDetail, PersonData, PersonRequest, ReceiptAnswer, RetryAnswer, RetryRequest, SealedMessage, Snapshot,
    },
    hub::Problem,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

/// OpenAPI 3.1 of what [`crate::api`] serves.
pub(crate) fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    let snapshot = schema::<Snapshot>(&mut generator);
    let action = schema::<ActionRequest>(&mut generator);
    let status = schema::<AgentStatus>(&mut generator);
    let mut technician = technician(&mut generator);
    let problem = answer("problem, RFC 9457", "application/problem+json", &schema::<Problem>(&mut generator));
    let ok = |what: &str, media: &str, schema: &Value| json!({"200": answer(what, media, schema), "503": problem});
    let mut paths = json!({
        "/v1/snapshots": {"get": {
            "summary": "Every change of the picture as server-sent events; the first comes at once",
            "responses": ok("each data field is a Snapshot", "text/event-stream", &snapshot),
        }},
        "/v1/snapshot": {"get": {"summary": "The present picture", "responses": ok("a Snapshot", "application/json", &snapshot)}},
        "/v1/actions": {"post": {
            "summary": "A touch, quoting the step of the picture it was meant for",
            "requestBody": {"required": true, "content": {"application/json": {"schema": action}}},
            "responses": {"204": {"description": "taken"}, "409": problem, "422": {"description": "not an action"}, "503": problem},
        }},
        "/v1/pages/{id}": {"get": {
            "summary": "A page of the present visit as a small picture",
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                {"name": "width", "in": "query", "schema": {"type": "integer", "minimum": 50, "maximum": 2000}},
            ],
            "responses": {"200": {"description": "JPEG", "content": {"image/jpeg": {}}}, "404": problem},
        }},
        "/v1/status": {"get": {"summary": "Devices, link and outbox, without personal data", "responses": ok("an AgentStatus", "application/json", &status)}},
        "/v1/openapi.json": {"get": {"summary": "This document", "responses": {"200": {"description": "OpenAPI 3.1"}}}},
    });
    if let (Some(paths), Some(technician)) = (paths.as_object_mut(), technician.as_object_mut()) {
        paths.append(technician);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Một Cửa Edge: local API of the agent",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTP on a unix socket; the kernel vouches for the peer's user.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {"schemas": generator.take_definitions(true)},
    })
}

/// What `crate::technician` serves.
fn technician(generator: &mut SchemaGenerator) -> Value {
    let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}]);
    json!({
        "/v1/metrics": {"get": {
            "summary": "Figures without personal data",
            "responses": {"200": {"description": "Prometheus text", "content": {"text/plain": {}}}},
        }},
        "/v1/audit": {"get": {"summary": "Verifies the whole audit chain", "responses": found::<AuditState>(generator, "an AuditState")}},
        "/v1/backup": {"get": {"summary": "The copy of the database", "responses": found::<BackupState>(generator, "a BackupState")}},
        "/v1/backup/restore": {"post": {
            "summary": "The copy takes the place of a database that does not open; the agent is started anew",
            "responses": found::<BackupState>(generator, "the copy that is taken"),
        }},
        "/v1/outbox/{id}": {"get": {
            "summary": "One waiting message, without personal data",
            "parameters": id.clone(),
            "responses": found::<OutboxDetail>(generator, "an OutboxDetail"),
        }},
        "/v1/outbox/retry": question::<RetryRequest, RetryAnswer>(generator, "a RetryAnswer", "Tries waiting messages now, also those that were set aside"),
        "/v1/outbox/export": question::<CarryRequest, SealedMessage>(generator, "a SealedMessage", "One waiting message, sealed for the hub, to be carried there"),
        "/v1/outbox/receipt": question::<CarriedReceipt, ReceiptAnswer>(generator, "a ReceiptAnswer", "Takes the hub's receipt for a message that was carried there"),
        "/v1/person/export": question::<PersonRequest, PersonData>(generator, "a PersonData", "Everything that is held of one person, for the person"),
        "/v1/person/files/{id}": {"get": {
            "summary": "One file of a person, as the answer to /v1/person/export names it",
            "parameters": id,
            "responses": {"200": {"description": "its bytes", "content": {"application/octet-stream": {}}}, "404": {"description": "it is damaged or gone"}},
        }},
        "/v1/person/correct": question::<CorrectRequest, CorrectAnswer>(generator, "a CorrectAnswer", "Other data of one person, which follow the person's dossiers to the hub"),
        "/v1/person/erase": question::<PersonRequest, ErasedAnswer>(generator, "an ErasedAnswer", "Erases everything of one person that the hub does not still wait for"),
    })
}

/// A POST of one form that answers with another.
fn question<Q: JsonSchema, A: JsonSchema>(generator: &mut SchemaGenerator, what: &str, summary: &str) -> Value {
    let question = schema::<Q>(generator);
    json!({"post": {
        "summary": summary,
        "requestBody": {"required": true, "content": {"application/json": {"schema": question}}},
        "responses": found::<A>(generator, what),
    }})
}

fn found<A: JsonSchema>(generator: &mut SchemaGenerator, what: &str) -> Value {
    json!({"200": answer(what, "application/json", &schema::<A>(generator)), "404": {"description": "nothing waits under this id"}})
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn answer(what: &str, media: &str, schema: &Value) -> Value {
    json!({"description": what, "content": {media: {"schema": schema}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_points_to_a_schema() {
        let document = document();
        let text = document.to_string();
        let mut references = 0;
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
            references += 1;
        }
        assert!(references > 20, "only {references} references");
    }

    #[test]
    fn every_action_of_the_screen_is_described() {
        let text = document()["components"]["schemas"].to_string();
        for action in ["choose_procedure", "declare_sheets", "confirm_parcel", "more_time"] {
            assert!(text.contains(&format!("\"const\":\"{action}\"")), "{action} is missing");
        }
    }
}
