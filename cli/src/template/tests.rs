use super::*;

const SMALL: &str = r#"
Parameters:
  ProblemBaseUrl: { Type: String, Default: https://problems.example }
  NoDefault: { Type: String }
  Other: { Type: String, Default: "" }
Conditions:
  Own: !Equals [!Ref Other, ""]
  Named: !And [!Not [!Condition Own], !Or [!Condition Own, !Equals [a, a]]]
Globals:
  Function:
    Environment:
      Variables:
        TABLE: !Ref Things
        KEY: { "Fn::GetAtt": [Key, Arn] }
        SIZE: 3
        CHOSEN: !If [Own, !Ref Things, !Ref Other]
        NESTED: !If [Named, yes, !If [Own, no, never]]
        JOINED: !Join [ "-", [ a, !Ref "AWS::Region" ] ]
Resources:
  Key: { Type: "AWS::KMS::Key" }
  Log: { Type: "AWS::Logs::LogGroup" }
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: at, AttributeType: N }
      KeySchema: [ { AttributeName: pk, KeyType: HASH } ]
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
      StreamSpecification: { StreamViewType: KEYS_ONLY }
      GlobalSecondaryIndexes:
        - IndexName: by_time
          KeySchema: [ { AttributeName: pk, KeyType: HASH }, { AttributeName: at, KeyType: RANGE } ]
          Projection: { ProjectionType: ALL }
  GetThing:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: get_thing } }
    Properties:
      Environment: { Variables: { SIZE: "4", URL: !Sub "${ProblemBaseUrl}/${Key.Arn}/${!kept}" } }
      Events:
        Call: { Type: Api, Properties: { Method: get, Path: "/thing/{id}" } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(1 day) } }
      Role: !GetAtt GetThingRole.Arn
  GetThingRole:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [ !Ref ReadPolicy, !Sub "arn:${AWS::Partition}:iam::aws:policy/Theirs" ]
      Policies:
        - PolicyName: own
          PolicyDocument: { Statement: [ { Effect: Allow, Action: [dynamodb:GetRecords], Resource: !GetAtt Things.StreamArn } ] }
  ReadPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Sid: Read
          Effect: Allow
          Action: dynamodb:Query
          Resource:
            - !If [ Own, !GetAtt Things.Arn, !Sub "arn:table/${Other}" ]
            - !Sub "${Things.Arn}/index/by_time"
            - !GetAtt Key.Arn
            - "*"
"#;

fn resolver(template: &Template) -> Resolver {
    let mut resolver = Resolver::new(template);
    resolver.define("Things", "things");
    resolver.define_attribute("Key", "Arn", "arn:key");
    resolver
}

#[test]
fn a_table_is_read_with_its_keys_its_indexes_its_expiry_and_its_stream() {
    let template = Template::parse(SMALL).unwrap();
    let [table] = template.tables.as_slice() else { panic!("one table") };
    let partition = KeyAttribute { name: "pk".to_owned(), kind: AttributeType::String };
    let sort = KeyAttribute { name: "at".to_owned(), kind: AttributeType::Number };
    assert_eq!(table.key, KeySchema { partition: partition.clone(), sort: None });
    assert_eq!(table.indexes[0].key, KeySchema { partition, sort: Some(sort) });
    assert_eq!(table.indexes[0].projection, "ALL");
    assert_eq!(table.key_attributes().len(), 2);
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.stream_view.as_deref(), Some("KEYS_ONLY"));
}

#[test]
fn the_environment_is_that_of_the_globals_and_the_function_with_every_intrinsic_resolved() {
    let template = Template::parse(SMALL).unwrap();
    let function = template.function("get_thing").unwrap();
    let resolver = resolver(&template);
    let value = |name: &str| resolver.resolve(&function.environment[name]).unwrap();
    assert_eq!(value("TABLE"), "things");
    assert_eq!(value("KEY"), "arn:key");
    assert_eq!(value("SIZE"), "4");
    assert_eq!((value("CHOSEN"), value("NESTED")), ("things".to_owned(), "no".to_owned()));
    assert_eq!(value("JOINED"), "a-us-east-1");
    assert_eq!(value("URL"), "https://problems.example/arn:key/${kept}");
}

#[test]
fn a_parameter_decides_which_of_two_values_holds() {
    let mut template = Template::parse(SMALL).unwrap();
    template.parameters.insert("Other".to_owned(), "restored".to_owned());
    let (function, resolver) = (template.function("get_thing").unwrap(), resolver(&template));
    let value = |name: &str| resolver.resolve(&function.environment[name]).unwrap();
    assert_eq!((value("CHOSEN"), value("NESTED")), ("restored".to_owned(), "yes".to_owned()));
}

#[test]
fn routes_come_from_http_events_alone() {
    let template = Template::parse(SMALL).unwrap();
    let keys: Vec<_> = template.routes().map(|(_, route)| route.to_string()).collect();
    assert_eq!(keys, ["GET /thing/{id}"]);
}

#[test]
fn the_policies_of_a_role_name_tables_indexes_streams_and_keys() {
    let template = Template::parse(SMALL).unwrap();
    let [statement, own] = template.functions[0].policy.as_slice() else { panic!("two") };
    assert_eq!(own.resources, [Resource::Stream("Things".to_owned())]);
    assert_eq!(statement.actions, ["dynamodb:Query"]);
    assert_eq!(
        statement.resources,
        [
            Resource::Table("Things".to_owned()),
            Resource::Index { table: "Things".to_owned(), index: "by_time".to_owned() },
            Resource::KmsKey("Key".to_owned()),
            Resource::Other(Term::Literal("*".to_owned())),
        ]
    );
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let cases = [
        (
            "KeyType: HASH }, {",
            "KeyType: NONE }, {",
            "Resources.Things.Properties.GlobalSecondaryIndexes.0.KeySchema.0.KeyType: found \"NONE\", expected HASH or RANGE",
        ),
        (
            "Method: get",
            "Method: 'g t'",
            "Resources.GetThing.Properties.Events.Call.Properties.Method: found \"g t\", expected DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY",
        ),
        (
            "{id}\"",
            "{id}/\"",
            "Resources.GetThing.Properties.Events.Call.Properties.Path: found \"/thing/{id}/\", expected a path without a last slash: the same method answers both forms",
        ),
        (
            "Type: Api",
            "Type: HttpApi",
            "Resources.GetThing.Properties.Events.Call.Type: found \"HttpApi\", expected Api, which leaves paths as they were sent",
        ),
        (
            "Binary: get_thing",
            "Other: 1",
            "Resources.GetThing.Metadata.BuildProperties.Binary: found nothing, expected text",
        ),
        (
            "!Ref Things",
            "!Select [ 0, [ b ] ]",
            "Globals.Function.Environment.Variables.TABLE: found Fn::Select, expected a value, !Ref, !GetAtt, !Sub, !Join or !If",
        ),
        (
            "!Equals [!Ref Other, \"\"]",
            "!Equals [!Ref Other]",
            "Conditions.Own.Fn::Equals: found a list, expected two values",
        ),
        (
            "GetThingRole.Arn",
            "Nobody.Arn",
            "Resources.GetThing.Properties.Role: found a mapping, expected !GetAtt and the Arn of a role of this template",
        ),
    ];
    for (from, to, expected) in cases {
        let broken = SMALL.replacen(from, to, 1);
        assert_ne!(broken, SMALL, "{from} does not occur");
        let error = Template::parse(&broken).unwrap_err().to_string();
        let (line, rest) = error.strip_prefix("line ").unwrap().split_once(": ").unwrap();
        assert_eq!(rest, expected);
        let line = broken.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        assert!(line.contains(to), "{error}: {line}");
    }
}

#[test]
fn a_reference_to_nothing_is_named_with_its_place() {
    let template = Template::parse(&SMALL.replace("!Ref Things", "!Ref NoDefault")).unwrap();
    let error =
        resolver(&template).resolve(&template.functions[0].environment["TABLE"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Globals.Function.Environment.Variables.TABLE: NoDefault is neither a parameter with a default nor a resource known here"
    );
}

#[test]
fn routes_that_api_gateway_refuses_together_are_refused() {
    let with = |path: &str| {
        let event =
            format!("Again: {{ Type: Api, Properties: {{ Method: GET, Path: \"{path}\" }} }}");
        let tick = "Tick: { Type: Schedule, Properties: { Schedule: rate(1 day) } }";
        Template::parse(&SMALL.replace(tick, &event)).unwrap_err().to_string()
    };
    let twice = with("/thing/{id}");
    assert!(
        twice.contains("found GET /thing/{id}, as at Resources.GetThing.Properties.Events.Again"),
        "{twice}"
    );
    let beside = with("/thing/{other}/more");
    assert!(beside.contains("found {id} in /thing/{id}, expected {other}"), "{beside}");
    assert!(beside.starts_with("line "), "{beside}");
}

#[test]
fn broken_yaml_is_named_with_its_line() {
    let error = Template::parse("Resources:\n  A: [").unwrap_err();
    assert!(matches!(error, TemplateError::Syntax { line: 2.., .. }), "{error}");
}

#[test]
fn the_template_of_this_repository_is_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE_NAME);
    let template = Template::read(&path).unwrap();
    assert_eq!(template.tables.len(), 2);
    assert_eq!(template.kms_keys, ["VaultKey"]);
    for function in &template.functions {
        assert_eq!(function.logical_id, pascal_case(&function.operation));
        assert!(!function.policy.is_empty(), "{} has no policy", function.operation);
        for statement in &function.policy {
            // X-Ray knows no resources.
            let everything = Resource::Other(Term::Literal("*".to_owned()));
            let traces = statement.actions.iter().all(|action| action.starts_with("xray:"));
            assert!(traces || !statement.resources.contains(&everything), "{statement:?}");
            assert!(!statement.actions.iter().any(|action| action.contains('*')));
        }
    }
    for (_, route) in template.routes() {
        let of_path = template.routes().filter(|(_, other)| other.path == route.path);
        let any = of_path.filter(|(_, other)| other.method == MethodPattern::Any);
        assert_eq!(any.count(), 1, "{} needs one ANY", route.path);
    }
}

fn pascal_case(operation: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    operation.split('_').map(capital).collect()
}
