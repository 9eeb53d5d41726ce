//! A judge of exchanges: whether request and answer are as the OpenAPI document says.

use jsonschema::Validator;
use motcua_hub::Exchange;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

pub const FILE: &str = "openapi.json";

pub struct Contract(Value);

impl Contract {
    /// The committed document, not the one that the code makes.
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        Self(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    pub fn document(&self) -> &Value {
        &self.0
    }

    /// Everything that is wrong with the answer; empty where all is well.
    pub fn answer(&self, exchange: &Exchange) -> Vec<String> {
        let Some((operation, _)) = self.operation(exchange) else {
            return match exchange.status {
                404 | 405 => self.content("#/components/schemas/Problem", &exchange.answer),
                status => vec![format!("{} {} is not in the document, yet answered {status}", exchange.method, exchange.path)],
            };
        };
        let Some(answer) = operation["responses"].get(exchange.status.to_string()) else {
            return vec![format!("{} {}: {} is not declared", exchange.method, exchange.path, exchange.status)];
        };
        let mut wrong = Vec::new();
        for (name, header) in answer["headers"].as_object().unwrap_or(&Map::new()) {
            wrong.extend(self.header(name, header, &exchange.answer_headers));
        }
        let Some(content) = answer["content"].as_object() else { return wrong };
        let media = media(&exchange.answer_headers);
        match content.get(&media) {
            // A HEAD has the problem in its headers alone.
            Some(_) if exchange.method == "HEAD" => {}
            Some(declared) => wrong.extend(self.schema(&declared["schema"], &exchange.answer)),
            None => wrong.push(format!("{} answers as `{media}`", exchange.path)),
        }
        wrong
    }

    /// Everything that is wrong with the request.
    pub fn request(&self, exchange: &Exchange) -> Vec<String> {
        let Some((operation, item)) = self.operation(exchange) else {
            return vec![format!("{} {} is not in the document", exchange.method, exchange.path)];
        };
        let mut wrong = Vec::new();
        for parameter in [operation, item].iter().filter_map(|place| place["parameters"].as_array()).flatten() {
            let parameter = self.resolve(parameter);
            if parameter["in"] == "header" {
                wrong.extend(self.header(parameter["name"].as_str().unwrap(), parameter, &exchange.headers));
            }
        }
        let content = &operation["requestBody"]["content"];
        let media = media(&exchange.headers);
        match content.get(&media) {
            Some(declared) if declared.get("schema").is_some() => wrong.extend(self.schema(&declared["schema"], &exchange.body)),
            Some(_) => {}
            None if content.is_null() && exchange.body.is_empty() => {}
            None => wrong.push(format!("{} asks as `{media}`", exchange.path)),
        }
        wrong
    }

    fn operation(&self, exchange: &Exchange) -> Option<(&Value, &Value)> {
        let path = exchange.path.split('?').next()?;
        let same = |template: &str| {
            let (mut left, mut right) = (template.split('/'), path.split('/'));
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return true,
                    (Some(left), Some(right)) if left == right || left.starts_with('{') => {}
                    _ => return false,
                }
            }
        };
        let item = self.0["paths"].as_object()?.iter().find(|(template, _)| same(template))?.1;
        Some((item.get(exchange.method.as_str().to_lowercase())?, item))
    }

    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str() {
            Some(pointer) => self.0.pointer(pointer.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn header(&self, name: &str, declared: &Value, headers: &HeaderMap) -> Vec<String> {
        let Some(value) = headers.get(name) else {
            return if declared["required"] == true { vec![format!("no header {name}")] } else { Vec::new() };
        };
        let text = value.to_str().unwrap();
        let value = if declared["schema"]["type"] == "integer" { json!(text.parse::<i64>().unwrap_or(-1)) } else { json!(text) };
        self.validator(&declared["schema"]).iter_errors(&value).map(|e| format!("header {name}: {e}")).collect()
    }

    fn content(&self, pointer: &str, body: &[u8]) -> Vec<String> {
        self.schema(&json!({ "$ref": pointer }), body)
    }

    fn schema(&self, schema: &Value, body: &[u8]) -> Vec<String> {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return vec!["the body is no JSON".to_owned()] };
        self.validator(schema).iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut root = schema.clone();
        root["components"] = self.0["components"].clone();
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    }
}

fn media(headers: &HeaderMap) -> String {
    headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().split(';').next().unwrap_or_default().to_owned()
}
