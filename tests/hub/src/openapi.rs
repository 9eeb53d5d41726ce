//! The hub contract as OpenAPI 3.1, made from the types themselves so that it cannot drift. `tests/hub/openapi.json` is
//! its committed text; a test keeps the two equal.

use motcua_model::hub::{
    AccountAnswer, AccountCheck, Heartbeat, HeartbeatAnswer, Message, MessageState, NewsPage, PaperAnswer, PaperSearch, PaymentAnswer,
    PaymentRequest, Problem, Receipt, SignedCatalogue,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

const PROBLEM: &str = "application/problem+json";

/// OpenAPI 3.1 of what a hub serves.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    let generator = &mut generator;
    let problem = schema::<Problem>(generator);
    // Signed, so its text travels as a string; named for readers.
    schema::<Receipt>(generator);
    let count = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
    let paths = json!({
        "/v1/messages": {"post": {
            "operationId": "takeMessage",
            "summary": "A record, or the same once more: which of its files are missing, or the signed receipt",
            "parameters": [
                {"$ref": "#/components/parameters/IdempotencyKey"},
                {"$ref": "#/components/parameters/ContentDigest"},
            ],
            "requestBody": body::<Message>(generator),
            "responses": responses(ok::<MessageState>(generator), &[400, 401, 403, 409, 413, 422, 429, 500, 503], &problem),
        }},
        "/v1/uploads": {
            "post": {
                "operationId": "createUpload",
                "summary": "tus 1.0 creation: the upload of a file that a message declares, new or found again",
                "parameters": [
                    {"$ref": "#/components/parameters/TusResumable"},
                    {"name": "Upload-Length", "in": "header", "required": true, "schema": count},
                    {"name": "Upload-Metadata", "in": "header", "required": true, "description": "`message` and `file`, each the base64 of an id",
                        "schema": {"type": "string", "pattern": "^(message [A-Za-z0-9+/]{48},file|file [A-Za-z0-9+/]{48},message) [A-Za-z0-9+/]{48}$"}},
                ],
                "responses": responses(empty(201, "the upload is there", &["Location", "Tus-Resumable"]), &[400, 401, 403, 404, 409, 412, 413, 423, 460, 500, 503], &problem),
            },
            "options": {
                "operationId": "uploadOptions",
                "summary": "tus 1.0: version and extensions",
                "responses": responses(empty(204, "versions in headers", &["Tus-Resumable", "Tus-Version", "Tus-Extension"]), &[503], &problem),
            },
        },
        "/v1/uploads/{message}/{file}": {
            "parameters": [
                {"name": "message", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                {"name": "file", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
            ],
            "head": {
                "operationId": "uploadOffset",
                "summary": "tus 1.0: how many bytes the hub holds",
                "parameters": [{"$ref": "#/components/parameters/TusResumable"}],
                "responses": responses(empty(200, "the offset", &["Upload-Offset", "Upload-Length", "Tus-Resumable"]), &[400, 401, 403, 404, 412, 500, 503], &problem),
            },
            "patch": {
                "operationId": "continueUpload",
                "summary": "tus 1.0: bytes from the offset on; the last one settles the file",
                "parameters": [
                    {"$ref": "#/components/parameters/TusResumable"},
                    {"name": "Upload-Offset", "in": "header", "required": true, "schema": count},
                ],
                "requestBody": {"required": true, "content": {"application/offset+octet-stream": {}}},
                "responses": responses(empty(204, "the new offset", &["Upload-Offset", "Tus-Resumable"]), &[400, 401, 403, 404, 408, 409, 412, 413, 415, 423, 460, 500, 503], &problem),
            },
            "options": {
                "operationId": "uploadOptionsHere",
                "summary": "tus 1.0: version and extensions",
                "responses": responses(empty(204, "versions in headers", &["Tus-Resumable", "Tus-Version", "Tus-Extension"]), &[400, 503], &problem),
            },
        },
        "/v1/inbox": {"get": {
            "operationId": "news",
            "summary": "News for this device after a cursor, oldest first; kinds that a device does not know are skipped",
            "parameters": [{"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0}}],
            "responses": responses(ok::<NewsPage>(generator), &[400, 401, 429, 500, 503], &problem),
        }},
        "/v1/catalogue": {"get": {
            "operationId": "catalogue",
            "summary": "The newest catalogue of procedures for this device, signed (R10)",
            "responses": responses(ok::<SignedCatalogue>(generator), &[401, 404, 429, 500, 503], &problem),
        }},
        "/v1/heartbeat": {"post": {
            "operationId": "heartbeat",
            "summary": "How the device is; answers the hub's clock, the newest versions, and what is wrong with the audit chain",
            "parameters": [{"$ref": "#/components/parameters/ContentDigest"}],
            "requestBody": body::<Heartbeat>(generator),
            "responses": responses(ok::<HeartbeatAnswer>(generator), &[400, 401, 403, 413, 429, 500, 503], &problem),
        }},
        "/v1/accounts/check": {"post": {
            "operationId": "checkAccount",
            "summary": "The button \"Xác nhận tài khoản\" (R26-R30)",
            "parameters": [{"$ref": "#/components/parameters/ContentDigest"}],
            "requestBody": body::<AccountCheck>(generator),
            "responses": responses(ok::<AccountAnswer>(generator), &[400, 401, 413, 429, 500, 503], &problem),
        }},
        "/v1/papers/search": {"post": {
            "operationId": "searchPapers",
            "summary": "Papers of a person that are stored already: the province's store first, the national one then (R37)",
            "parameters": [{"$ref": "#/components/parameters/ContentDigest"}],
            "requestBody": body::<PaperSearch>(generator),
            "responses": responses(ok::<PaperAnswer>(generator), &[400, 401, 413, 429, 500, 503], &problem),
        }},
        "/v1/payments": {"post": {
            "operationId": "payment",
            "summary": "How the payment of a fee stands at the national platform (R15); the first question opens it",
            "parameters": [{"$ref": "#/components/parameters/ContentDigest"}],
            "requestBody": body::<PaymentRequest>(generator),
            "responses": responses(ok::<PaymentAnswer>(generator), &[400, 401, 403, 413, 429, 500, 503], &problem),
        }},
        "/v1/health": {"get": {
            "operationId": "health",
            "summary": "Whether the hub answers and accepts this device",
            "responses": responses((204, json!({"description": "it does"})), &[401], &problem),
        }},
        "/v1/openapi.json": {"get": {
            "operationId": "contract",
            "summary": "This document",
            "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}},
        }},
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Một Cửa Edge: contract between agent and provincial hub",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTPS with mutual TLS; the client certificate's common name is the device. Errors are RFC 9457 problems. Personal data is in bodies alone.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "security": [{"certificate": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"certificate": {"type": "mutualTLS"}},
            "parameters": {
                "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "required": true,
                    "description": "The message's id, a UUIDv7. With the device and the body's digest it is the key.",
                    "schema": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"}},
                "ContentDigest": {"name": "Content-Digest", "in": "header", "required": false,
                    "description": "RFC 9530; `sha-256` is checked, other algorithms are ignored.",
                    "schema": {"type": "string", "examples": ["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"]}},
                "TusResumable": {"name": "Tus-Resumable", "in": "header", "required": true, "schema": {"const": "1.0.0"}},
            },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn body<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema::<T>(generator)}}})
}

/// A status with its description.
type Good = (u16, Value);

fn ok<T: JsonSchema>(generator: &mut SchemaGenerator) -> Good {
    (200, json!({"description": "the answer", "content": {"application/json": {"schema": schema::<T>(generator)}}}))
}

fn empty(status: u16, what: &str, headers: &[&str]) -> Good {
    let headers: Map<String, Value> =
        headers.iter().map(|name| ((*name).to_owned(), json!({"required": true, "schema": {"type": "string"}}))).collect();
    (status, json!({"description": what, "headers": headers}))
}

fn responses((status, good): Good, refusals: &[u16], problem: &Value) -> Value {
    let mut all = Map::from_iter([(status.to_string(), good)]);
    for status in refusals {
        let mut refusal = json!({"description": meaning(*status), "content": {PROBLEM: {"schema": problem}}});
        if matches!(status, 429 | 503) {
            refusal["headers"] = json!({"Retry-After": {"required": true, "schema": {"type": "string", "pattern": "^[0-9]+$"}}});
        }
        all.insert(status.to_string(), refusal);
    }
    Value::Object(all)
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "the request has not its form, or not its digest",
        401 => "the certificate names no device, or was revoked",
        403 => "another device's",
        404 => "unknown",
        408 => "the body broke off",
        409 => "still at work, complete already, or another offset",
        412 => "not tus 1.0.0",
        413 => "too long, or another length than declared",
        415 => "another Content-Type",
        422 => "the key was used with another body",
        423 => "another request writes to this upload",
        429 => "this device asks too often",
        460 => "the file's SHA-256 is not the declared one; it was discarded",
        500 => "the hub could not store or read",
        503 => "the hub is full",
        _ => "refused",
    }
}
