//! Parsing of templates.

use anyhow::{Context, Result};
use local::template::{Function, Names, Template};

use super::common::package;

fn error(resources: &str) -> String {
    let text = format!("Resources:\n{resources}");
    Template::parse(&text).map_or_else(|error| format!("{error:#}"), |_| "it is accepted".to_owned())
}

#[test]
fn function_without_a_binary_is_named() {
    let text = error("  Lonely: {Type: 'AWS::Serverless::Function', Properties: {}}");
    assert!(text.contains("resource Lonely") && text.contains("BuildProperties.Binary"), "{text}");
}

#[test]
fn key_attribute_without_a_type_is_named() {
    let text = error(
        "  Things: {Type: 'AWS::DynamoDB::Table', Properties: {AttributeDefinitions: [], KeySchema: [{AttributeName: pk, KeyType: HASH}]}}",
    );
    assert!(text.contains("resource Things") && text.contains("pk"), "{text}");
}

#[test]
fn non_numeric_limit_is_named() {
    let text = error(
        "  F: {Type: 'AWS::Serverless::Function', Metadata: {BuildProperties: {Binary: f}}, Properties: {Timeout: soon}}",
    );
    assert!(text.contains("resource F") && text.contains("Timeout"), "{text}");
}

#[test]
fn functions_with_the_same_route_are_named() {
    let function = |name: &str| {
        format!(
            "  {name}: {{Type: 'AWS::Serverless::Function', Metadata: {{BuildProperties: {{Binary: f}}}}, \
             Properties: {{Events: {{E: {{Type: HttpApi, Properties: {{Method: get, Path: /a}}}}}}}}}}\n"
        )
    };
    let text = error(&(function("One") + &function("Two")));
    assert!(text.contains("One and Two share the route GET /a"), "{text}");
}

#[test]
fn malformed_templates_are_refused() {
    for text in ["", "just text", "Parameters: {}", "Resources: [", "Resources: {A: {Properties: {}}}"] {
        assert!(Template::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn unused_resources_and_values_are_ignored() -> Result<()> {
    let text = "
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Alarm: {Type: 'AWS::CloudWatch::Alarm', Condition: IsProd, Properties: {Threshold: !If [IsProd, 1, 2]}}
  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: f}}
    Properties:
      KmsKeyArn: !If [IsProd, !GetAtt Key.Arn, !Ref AWS::NoValue]
      Environment: {Variables: {KEY: !ImportValue key, PLAIN: 7}}
      Events: {Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}
";
    let template = Template::parse(text)?;
    let function = template.function("F").context("no function")?;
    assert!(function.routes.is_empty());
    assert_eq!(function.environment["PLAIN"].literal().as_deref(), Some("7"));
    assert_eq!(function.environment["KEY"].literal(), None);
    Ok(())
}

#[test]
fn short_and_long_references_resolve() -> Result<()> {
    let text = "
Parameters: {Stage: {Default: dev}}
Resources:
  MyTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${Stage}-table'
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  MyBucket: {Type: 'AWS::S3::Bucket'}
  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: f}}
    Properties:
      Environment:
        Variables:
          A: !Ref MyTable
          B: {Ref: MyBucket}
          C: !GetAtt MyBucket.Arn
          D: {'Fn::GetAtt': [MyTable, Arn]}
          E: !Sub '${Stage}/${MyBucket}/${!literal}/${AWS::Region}'
";
    let template = Template::parse(text)?;
    let names = Names::new(&template, &std::collections::BTreeMap::new(), None);
    let value = |name: &str| template.functions[0].environment[name].resolve(&names).unwrap_or_default();
    assert_eq!(value("A"), "dev-table");
    assert_eq!(value("B"), "my-bucket");
    assert_eq!(value("C"), "arn:aws:s3:::my-bucket");
    assert_eq!(value("D"), "arn:aws:dynamodb:us-east-1:123456789012:table/dev-table");
    assert_eq!(value("E"), "dev/my-bucket/${literal}/us-east-1");
    Ok(())
}

/// A table that exists elsewhere if a parameter names it.
fn with_existing(name: &str) -> Result<Template> {
    let text = format!(
        "
Parameters: {{Existing: {{Default: '{name}'}}, Stage: {{Default: dev}}}}
Conditions:
  OwnsTable: !Equals [!Ref Existing, '']
  IsTest: !And [!Not [Condition: OwnsTable], !Or [!Equals [!Ref Stage, test], !Condition OwnsTable]]
  IsCircular: !Not [!Condition IsCircular]
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: f}}}}
    Properties:
      Environment:
        Variables:
          TABLE: &table !If [OwnsTable, !Ref MyTable, !Ref Existing]
          ALIAS: *table
          TEST: {{'Fn::If': [IsTest, a, b]}}
          CIRCULAR: !If [IsCircular, a, b]
  MyTable:
    Type: AWS::DynamoDB::Table
    Condition: OwnsTable
    Properties:
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
"
    );
    Template::parse(&text)
}

#[test]
fn conditions_choose_values_and_resources() -> Result<()> {
    for (existing, table) in [("", "my-table"), ("restored", "restored")] {
        let template = with_existing(existing)?;
        assert_eq!(template.tables.len(), usize::from(existing.is_empty()));
        let names = Names::new(&template, &std::collections::BTreeMap::new(), None);
        let value = |name: &str| template.functions[0].environment[name].resolve(&names);
        let values = ["TABLE", "ALIAS", "TEST", "CIRCULAR"].map(value);
        assert_eq!(values, [Some(table.into()), Some(table.into()), Some("b".into()), None]);
    }
    Ok(())
}

#[test]
fn template_of_the_service_loads() -> Result<()> {
    let template = Template::load(&Template::find(&package())?)?;
    assert!(!template.tables.is_empty());
    assert!(template.buckets.iter().any(|bucket| !bucket.cors.is_empty()));
    let has_source = |function: &Function| !function.routes.is_empty() || !function.streams.is_empty();
    assert!(template.functions.iter().all(has_source));
    Ok(())
}
