//! Rows in DynamoDB's JSON, which keeps the type of each attribute: `{"name": {"S": "Apollo"}, "version": {"N": "1"}}`.

use anyhow::{Result, bail};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::rows::Item;

/// Returns a row as a line, with the attributes in alphabetical order.
///
/// # Errors
/// When an attribute has a type that this version of the SDK doesn't know.
pub(super) fn line(item: &Item) -> Result<String> {
    Ok(format!("{}\n", json!({ "Item": map(item)? })))
}

fn map(item: &Item) -> Result<Value> {
    let mut names: Vec<_> = item.iter().collect();
    names.sort_by_key(|(name, _)| *name);
    let entries = names.into_iter().map(|(name, value)| Ok((name.clone(), attribute(value)?)));
    Ok(entries.collect::<Result<Map<_, _>>>()?.into())
}

fn attribute(value: &AttributeValue) -> Result<Value> {
    let blob = |bytes: &Blob| STANDARD.encode(bytes);
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": blob(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::M(item) => json!({ "M": map(item)? }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Result<Vec<_>>>()? }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(blobs) => json!({ "BS": blobs.iter().map(blob).collect::<Vec<_>>() }),
        _ => bail!("a row has an attribute of unknown type; build this tool with a newer SDK"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_keeps_its_value() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item = Item::from([
            ("number".to_owned(), AttributeValue::N("12345678901234567890.5".to_owned())),
            ("bytes".to_owned(), AttributeValue::B(Blob::new([0, 255]))),
            ("list".to_owned(), AttributeValue::L(vec![text("\u{e9}\n"), AttributeValue::Null(true)])),
            (
                "map".to_owned(),
                AttributeValue::M(Item::from([("flag".to_owned(), AttributeValue::Bool(false))])),
            ),
            ("set".to_owned(), AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()])),
        ]);
        let expected = concat!(
            r#"{"Item":{"bytes":{"B":"AP8="},"list":{"L":[{"S":"é\n"},{"NULL":true}]},"#,
            r#""map":{"M":{"flag":{"BOOL":false}}},"number":{"N":"12345678901234567890.5"},"#,
            r#""set":{"NS":["1","2"]}}}"#,
            "\n"
        );
        assert_eq!(line(&item).unwrap(), expected);
    }
}
