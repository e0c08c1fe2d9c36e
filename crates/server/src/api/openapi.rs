//! The API's description in OpenAPI 3.1, as a value built here, so that its limits are those of the code. A test compares it
//! with `docs/reference/openapi.json`.

use serde_json::{Value, json};

use super::limits;

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Reading Room",
            "version": "1",
            "summary": "Governed questions over health data.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": {
            "/api/v1/query": {"post": query()},
            "/api/v1/catalogue": {"get": catalogue()},
            "/api/v1/openapi.json": {"get": {
                "operationId": "openapi",
                "summary": "This document.",
                "security": [],
                "responses": {"200": {"description": "The document.", "content": {"application/json": {}}}},
            }},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
            "headers": headers(),
            "responses": {
                "Problem": {
                    "description": "A refusal with its rule and what to do, or a fault without text.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
                "Unknown": {
                    "description": "No valid token.",
                    "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        },
    })
}

fn query() -> Value {
    let mut responses = problems(&[
        "400", "403", "406", "408", "413", "415", "422", "429", "500", "504",
    ]);
    let names = [
        "readingroom-question",
        "readingroom-entry",
        "readingroom-release",
        "readingroom-mode",
        "readingroom-withheld-rows",
        "readingroom-withheld-cells",
    ];
    let headers: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!({"$ref": format!("#/components/headers/{name}")}),
            )
        })
        .collect();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "The answer, in the form that Accept prefers.",
            "headers": headers,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Answer"}},
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.arrow.stream": {},
            },
        }),
    );
    responses.sort_keys();
    json!({
        "operationId": "query",
        "summary": "Asks one question.",
        "description": "Closing the connection cancels the question.",
        "requestBody": {
            "required": true,
            "description": format!("At most {} bytes.", limits::BODY_BYTES),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Query"}}},
        },
        "responses": responses,
    })
}

fn catalogue() -> Value {
    let mut responses = problems(&["403", "500", "504"]);
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "The tables and columns that the token's project may use.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Catalogue"}}},
        }),
    );
    responses.sort_keys();
    json!({
        "operationId": "catalogue",
        "summary": "The granted tables.",
        "responses": responses,
    })
}

fn problems(codes: &[&str]) -> serde_json::Map<String, Value> {
    let mut responses: serde_json::Map<String, Value> = codes
        .iter()
        .map(|code| {
            (
                (*code).to_owned(),
                json!({"$ref": "#/components/responses/Problem"}),
            )
        })
        .collect();
    responses.insert(
        "401".to_owned(),
        json!({"$ref": "#/components/responses/Unknown"}),
    );
    responses
}

fn headers() -> Value {
    let of = |text: &str, kind: &str| json!({"description": text, "schema": {"type": kind}});
    json!({
        "readingroom-question": of("The question's id, by which it can be run again.", "string"),
        "readingroom-entry": of("Number of the question's entry in the ledger.", "integer"),
        "readingroom-release": of("The release of the data that was asked.", "string"),
        "readingroom-mode": of("The mode it was answered in: aggregate or enclave.", "string"),
        "readingroom-withheld-rows": of("Groups that were left out, where that may be told.", "integer"),
        "readingroom-withheld-cells": of("Numbers of shown groups that were withheld.", "integer"),
    })
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    json!({
        "Query": {
            "type": "object",
            "additionalProperties": false,
            "required": ["sql"],
            "properties": {
                "sql": {"type": "string", "description": "One SELECT, in PostgreSQL's dialect, with ? or $1 as places for values."},
                "params": {
                    "type": "array",
                    "description": "Values for the places, in order. Dates are texts: \"2010-01-31\".",
                    "items": {"type": ["string", "number", "boolean", "null"]},
                },
            },
        },
        "Answer": {
            "type": "object",
            "required": ["mode", "columns", "rows", "withheld_rows", "withheld_cells"],
            "properties": {
                "mode": {"enum": ["aggregate", "enclave"]},
                "columns": {"type": "array", "items": {
                    "type": "object",
                    "required": ["name", "kind"],
                    "properties": {"name": text, "kind": {"$ref": "#/components/schemas/Kind"}},
                }},
                "rows": {"type": "array", "items": {
                    "type": "array",
                    "items": {"type": ["string", "number", "boolean", "null"]},
                }},
                "withheld_rows": {"type": ["integer", "null"]},
                "withheld_cells": {"type": "integer"},
            },
        },
        "Catalogue": {
            "type": "object",
            "required": ["tables"],
            "properties": {"tables": {"type": "array", "items": {
                "type": "object",
                "required": ["name", "columns"],
                "properties": {
                    "name": text,
                    "columns": {"type": "array", "items": {
                        "type": "object",
                        "required": ["name", "kind", "title", "class"],
                        "properties": {
                            "name": text,
                            "kind": {"$ref": "#/components/schemas/Kind"},
                            "title": text,
                            "class": text,
                        },
                    }},
                },
            }}},
        },
        "Kind": {"enum": ["boolean", "integer", "number", "text", "date"]},
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text, "title": text, "status": {"type": "integer"}, "detail": text,
                "code": {"type": "string", "description": "Stable, for programs."},
                "reason": {"type": "string", "description": "What was found and what was expected."},
                "rule": {"type": "string", "description": "The rule that says no."},
                "fix": {"type": "string", "description": "What to do about it."},
            },
        },
    })
}
