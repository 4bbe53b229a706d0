//! A stack by its name, and failures that name their cause.

use std::{collections::BTreeMap, net::TcpListener, sync::mpsc, thread};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse as _,
};

use crate::{Running, Target, coffer, environment, refused};

/// A CloudFormation that knows one stack, for as long as the test runs.
pub(crate) fn cloudformation(stack: &str, outputs: &[(&str, &str)]) -> String {
    let output = |(key, value): &(&str, &str)| {
        format!("<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.iter().map(output).collect();
    let found = format!(
        r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>{stack}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeStacksResponse>"#
    );
    let error = |code: &str, message: &str| {
        format!(
            r#"<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
        )
    };
    let missing = error("ValidationError", "Stack with id nosuch does not exist");
    let denied = error("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized");
    let resource = |kind: &str, name: &str, status: &str| {
        format!(
            "<member><LogicalResourceId>{name}</LogicalResourceId><ResourceType>{kind}</ResourceType><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp><ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let resources = [
        resource("AWS::Lambda::EventSourceMapping", "Fan", "CREATE_FAILED"),
        resource("AWS::Events::Rule", "Tick", "UPDATE_COMPLETE"),
        resource("AWS::DynamoDB::Table", "Table", "CREATE_FAILED"),
    ]
    .concat();
    let resources = format!(
        r#"<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ListStackResourcesResult><StackResourceSummaries>{resources}</StackResourceSummaries></ListStackResourcesResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ListStackResourcesResponse>"#
    );
    let named = format!("StackName={stack}");
    let answer = async move |body: String| {
        let (status, text) = if body.contains(&named) && body.contains("Action=DescribeStacks") {
            (StatusCode::OK, found.clone())
        } else if body.contains(&named) && body.contains("Action=ListStackResources") {
            (StatusCode::OK, resources.clone())
        } else if body.contains("StackName=secret") {
            (StatusCode::FORBIDDEN, denied.clone())
        } else {
            (StatusCode::BAD_REQUEST, missing.clone())
        };
        (status, [(CONTENT_TYPE, "text/xml")], text).into_response()
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (ready, started) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            ready.send(()).unwrap();
            axum::serve(listener, Router::new().fallback(answer)).await.unwrap();
        });
    });
    started.recv().unwrap();
    url
}

#[test]
fn a_stack_is_named_in_place_of_its_tables() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let _running = Running::over(&data_dir);
    let mut variables = environment(&data_dir);
    let taken = ["USERS_TABLE", "KEYS_TABLE", "KMS_KEY_ID"];
    let [users, keys, key] = taken.map(|name| variables.remove(name).unwrap());
    let outputs = [("UsersTableName", &*users), ("KeysTableName", &*keys), ("VaultKeyArn", &*key)];
    let url = cloudformation("acme-prod", &outputs);
    variables.insert("AWS_ENDPOINT_URL_CLOUDFORMATION".to_owned(), url);
    let target = Target::Environment(variables.clone());
    target.prints(&["tenants", "create", "acme", "--stack-name", "acme-prod"]);
    let listed = target.json(&["keys", "list", "--tenant", "acme", "--stack-name", "acme-prod"]);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let issuers = ["issuers", "list", "--tenant", "acme", "--mode", "test"];
    target.prints(&[&issuers[..], &["--stack-name", "acme-prod"]].concat());
    // An option outweighs the output.
    let other = ["--stack-name", "acme-prod", "--keys-table", "Elsewhere"];
    let dynamodb = &variables["AWS_ENDPOINT_URL_DYNAMODB"];
    assert_eq!(
        target.refuses(&[&["tenants", "list"][..], &other].concat()),
        format!("there is no table Elsewhere in us-east-1 at {dynamodb}")
    );
    for (stack, sentence) in [
        ("nosuch", "there is no stack nosuch in us-east-1"),
        (
            "secret",
            "these credentials may not cloudformation:DescribeStacks on secret in us-east-1",
        ),
    ] {
        assert_eq!(target.refuses(&["tenants", "list", "--stack-name", stack]), sentence);
    }
    variables.insert(
        "AWS_ENDPOINT_URL_CLOUDFORMATION".to_owned(),
        cloudformation("other", &[("Bucket", "x")]),
    );
    assert_eq!(
        Target::Environment(variables).refuses(&["tenants", "list", "--stack-name", "other"]),
        "the stack other has no output UsersTableName: it is not Coffer's, or not finished"
    );
}

#[test]
fn what_the_shell_lacks_is_named() {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("config");
    std::fs::write(&config, "[profile empty]\nregion = eu-west-1\n").unwrap();
    let run = |variables: &[(&str, &str)]| {
        let mut command = coffer(&["tenants", "list", "--users-table", "u", "--keys-table", "k"]);
        command.env("AWS_CONFIG_FILE", &config).env("AWS_SHARED_CREDENTIALS_FILE", &config);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        refused(&command.envs(variables.iter().copied()).output().unwrap())
    };
    assert_eq!(run(&[]), "no Region is set: set AWS_REGION, or `region` in the profile");
    let nobody = run(&[("AWS_REGION", "eu-west-1")]);
    assert!(nobody.starts_with("there are no AWS credentials: set AWS_PROFILE, or"), "{nobody}");
    for profile in ["empty", "nosuch"] {
        assert_eq!(
            run(&[("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", profile)]),
            format!(
                "there are no credentials in the profile {profile}, which AWS_PROFILE names: is it in ~/.aws/config?"
            )
        );
    }
}

/// What AWS answers to credentials that are not good enough, and to keys that are not there.
#[test]
fn what_aws_refuses_is_named() {
    let answers = [
        (
            "AccessDeniedException",
            "these credentials may not dynamodb:Query on u and k: give them that right, or others",
        ),
        (
            "UnrecognizedClientException",
            "AWS does not take these credentials (UnrecognizedClientException)",
        ),
        ("ExpiredTokenException", "these credentials have expired: log in again"),
    ];
    for (code, sentence) in answers {
        let body = format!(r#"{{"__type":"com.amazonaws#{code}","message":"no"}}"#);
        let answer = async move || (StatusCode::BAD_REQUEST, body.clone()).into_response();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, Router::new().fallback(answer)).await.unwrap();
            });
        });
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let mut variables: BTreeMap<_, _> =
            names.map(|name| (name.to_owned(), "x".to_owned())).into();
        variables.insert("AWS_REGION".to_owned(), "eu-west-1".to_owned());
        variables.insert("AWS_ENDPOINT_URL".to_owned(), url);
        let tables = ["--users-table", "u", "--keys-table", "k"];
        let command = [&["tenants", "list"][..], &tables].concat();
        assert_eq!(Target::Environment(variables).refuses(&command), sentence);
    }
}
