//! Descriptions of errors, nulls and headers.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::Operation;
use crate::domain::Kind;
use crate::domain::validation::Patch;
use crate::edge::ErrorCode;
use crate::edge::response::error_response;

const INVOICE_PAID: ErrorCode = ErrorCode::own(Kind::Conflict, "INVOICE_PAID");

fn document(build: impl FnOnce(&mut Operation)) -> Value {
    let mut operation = Operation::new("Changes an invoice", |error| error_response(error).ok()?.body);
    build(&mut operation);
    operation.document(&Method::PATCH, "/v1/invoices/{invoiceId}", &["invoiceId"], &["invoiceId"])
}

#[test]
fn own_codes_join_the_union() {
    let document = document(|operation| operation.refusals([INVOICE_PAID, ErrorCode::CONFLICT]));
    let components = &document["components"];
    let content = &components["responses"]["ConflictOrInvoicePaid"]["content"]["application/json"];
    let error = &content["schema"]["properties"]["error"];
    assert_eq!(error["discriminator"]["mapping"]["INVOICE_PAID"], "#/components/schemas/InvoicePaidError");
    assert_eq!(error["oneOf"][1], json!({"$ref": "#/components/schemas/InvoicePaidError"}));
    let schema = &components["schemas"]["InvoicePaidError"];
    assert_eq!(schema["properties"]["code"]["const"], "INVOICE_PAID");
    assert_eq!(schema["required"], json!(["code", "message"]));
    let example = &content["examples"]["InvoicePaid"]["value"];
    assert_eq!(*example, json!({"error": {"code": "INVOICE_PAID", "message": "Invoice paid"}}));
}

#[test]
fn examples_are_the_errors_that_are_sent() {
    let codes = [ErrorCode::VALIDATION_ERROR, ErrorCode::NOT_FOUND];
    let responses = document(|operation| operation.refusals(codes))["components"]["responses"].take();
    let example = |response: &str, name: &str| {
        responses[response]["content"]["application/json"]["examples"][name]["value"]["error"].clone()
    };
    let missing = json!({"code": "NOT_FOUND", "message": "Invoice not found"});
    assert_eq!(example("NotFound", "InvoiceNotFound"), missing);
    let invalid = example("ValidationError", "ValidationError");
    assert_eq!(invalid["message"], "The request breaks 2 rules");
    assert_eq!((&invalid["issues"][0]["path"][0], &invalid["field"]), (&json!("limit"), &json!("limit")));
}

#[test]
fn only_removable_members_may_be_null() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of use")]
    struct Change {
        /// Name.
        name: Option<String>,
        /// Note.
        note: Patch<String>,
    }
    let document = document(|operation| operation.json_body::<Change>(&["application/json"]));
    let properties = &document["components"]["schemas"]["Change"]["properties"];
    assert_eq!(properties["name"], json!({"description": "Name.", "type": "string"}));
    assert_eq!(properties["note"], json!({"description": "Note.", "type": ["string", "null"]}));
}

#[test]
fn other_headers_make_another_response() {
    let names = |build: fn(&mut Operation)| {
        let document = document(|operation| {
            operation.empty_response(StatusCode::NO_CONTENT);
            operation.refusals([ErrorCode::CONFLICT]);
            build(operation);
        });
        let responses = document["components"]["responses"].as_object().cloned().unwrap_or_default();
        responses.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(|_| {}), ["Conflict"]);
    assert_eq!(names(Operation::if_match), ["ConflictWithETag"]);
    assert_eq!(names(Operation::public), ["PublicConflict"]);
}
