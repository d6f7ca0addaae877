//! Invalid bodies, and the issues in their responses.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, projects};

fn post(app: &App) -> RequestBuilder {
    app.as_alice("POST", &projects("acme"))
}

#[tokio::test]
async fn all_issues_are_returned_in_field_order() -> Result<()> {
    let app = App::start(&[]).await?;
    let (long_name, long_text) = ("é".repeat(101), "é".repeat(501));
    let cases = [
        (json!({}), "name invalid_type"),
        (json!({"name": null}), "name invalid_type"),
        (json!({"name": ""}), "name too_small"),
        (json!({"name": " \t\u{a0}"}), "name too_small"),
        (json!({"name": "\u{200b} \u{ad}\u{3164}"}), "name too_small"),
        (json!({"name": long_name}), "name too_big"),
        (json!({"name": "Apollo", "description": long_text}), "description too_big"),
        (
            json!({"name": "Apollo", "description": null, "color": null}),
            "description invalid_type, color invalid_type",
        ),
        (json!({"name": "Apollo", "color": "#12345g"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": "#123"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": "112233"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": ""}), "color invalid_format"),
        (json!({"name": ["Apollo"]}), "name invalid_type"),
        (
            json!({"color": true, "description": 2, "name": 1}),
            "name invalid_type, description invalid_type, color invalid_type",
        ),
        (
            json!({"color": "red", "description": long_text, "name": ""}),
            "name too_small, description too_big, color invalid_format",
        ),
        (
            json!({"color": "red", "description": 2}),
            "name invalid_type, description invalid_type, color invalid_format",
        ),
        (json!([]), " invalid_type"),
        (json!("Apollo"), " invalid_type"),
        (json!(null), " invalid_type"),
    ];
    for (body, expected) in cases {
        let response = post(&app).json(&body).send().await?;
        let issues: Vec<_> = response.issues().iter().map(|(path, code)| format!("{path} {code}")).collect();
        assert_eq!(
            (response.status_and_code().as_str(), issues.join(", ").as_str()),
            ("400 VALIDATION_ERROR", expected),
            "{body}"
        );
    }
    assert_eq!(app.rows("ProjectsTable", "").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn empty_name_has_a_message_for_users() -> Result<()> {
    let app = App::start(&[]).await?;
    let response = app.create("").await?;
    let issue = json!({"path": ["name"], "code": "too_small", "message": "Name is required"});
    assert_eq!(response.json()["error"]["issues"], json!([issue]));
    Ok(())
}
