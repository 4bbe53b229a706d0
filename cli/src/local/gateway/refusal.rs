//! What API Gateway answers itself, in its own words or in those that the template gives it.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use serde_json::json;

use super::{Response, response::build};
use crate::template::{GatewayResponse, Resolver, Template};

/// Why a request is answered by the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be read.
    BadRequest,
    /// There is no such path, or no such method there.
    NoRoute,
    /// The same, where there is an `Authorization` header, which is then taken for a signature.
    NoRouteSigned,
    /// The request line and the headers, the body or the event are too long.
    TooLarge,
    /// Too many at once.
    Throttled,
    /// The function failed, or answered what is no answer.
    FunctionFailed,
    /// The function took longer than the gateway waits.
    TimedOut,
}

impl Refusal {
    /// Its type, its status and its message
    /// ([types](https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html)).
    const fn words(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadRequest => ("BAD_REQUEST", StatusCode::BAD_REQUEST, "Bad Request"),
            Self::NoRoute => (
                "MISSING_AUTHENTICATION_TOKEN",
                StatusCode::FORBIDDEN,
                "Missing Authentication Token",
            ),
            Self::NoRouteSigned => (
                "INVALID_SIGNATURE",
                StatusCode::FORBIDDEN,
                "Authorization header requires 'Credential' parameter.",
            ),
            Self::TooLarge => {
                ("REQUEST_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long")
            }
            Self::Throttled => ("THROTTLED", StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::FunctionFailed => {
                ("API_CONFIGURATION_ERROR", StatusCode::BAD_GATEWAY, "Internal server error")
            }
            Self::TimedOut => {
                ("INTEGRATION_TIMEOUT", StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out")
            }
        }
    }
}

/// The words of one API for its refusals.
#[derive(Debug, Default)]
pub(super) struct Wording {
    responses: BTreeMap<String, GatewayResponse>,
    resolver: Resolver,
}

impl Wording {
    pub(super) fn new(template: &Template) -> Self {
        let responses = template.apis.first().map(|api| api.responses.clone());
        Self { responses: responses.unwrap_or_default(), resolver: Resolver::new(template) }
    }

    /// The answer to a refused request.
    pub(super) fn answer(&self, refusal: Refusal, request_id: &str) -> Response {
        let (kind, status, message) = refusal.words();
        let default = if status.is_client_error() { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let wording = self.responses.get(kind).or_else(|| self.responses.get(default));
        let text = |expression| self.resolver.resolve(expression).ok();

        let chosen = wording.and_then(|wording| text(wording.status.as_ref()?)?.parse().ok());
        let (media_type, body) = wording
            .and_then(|wording| {
                let (media_type, template) = wording.template.as_ref()?;
                let context = [
                    ("$context.error.messageString", json!(message).to_string()),
                    ("$context.error.message", message.to_owned()),
                    ("$context.error.responseType", kind.to_owned()),
                    ("$context.requestId", request_id.to_owned()),
                ];
                let fill = |body: String, (name, value): &(&str, String)| body.replace(name, value);
                Some((media_type.clone(), context.iter().fold(text(template)?, fill)))
            })
            .unwrap_or_else(|| {
                ("application/json".to_owned(), json!({"message": message}).to_string())
            });

        let mut response = build(chosen.unwrap_or(status), Body::from(body));
        let headers = response.headers_mut();
        headers
            .extend(HeaderValue::try_from(media_type).map(|media_type| (CONTENT_TYPE, media_type)));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error_type(refusal)));
        for (name, value) in wording.into_iter().flat_map(|wording| &wording.headers) {
            // A literal stands in quotes; what else could stand there says something of the request, and nothing here.
            let value = text(value).unwrap_or_default();
            let Some(value) = value.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) else {
                continue;
            };
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// What the header `x-amzn-ErrorType` calls it.
const fn error_type(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::BadRequest => "BadRequestException",
        Refusal::NoRoute => "MissingAuthenticationTokenException",
        Refusal::NoRouteSigned => "IncompleteSignatureException",
        Refusal::TooLarge => "RequestTooLargeException",
        Refusal::Throttled => "TooManyRequestsException",
        Refusal::FunctionFailed | Refusal::TimedOut => "InternalServerErrorException",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn body(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 9_999).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn without_a_template_the_words_are_api_gateways() {
        let cases = [
            (Refusal::NoRoute, 403, "Missing Authentication Token"),
            (Refusal::Throttled, 429, "Too Many Requests"),
            (Refusal::FunctionFailed, 502, "Internal server error"),
            (Refusal::TimedOut, 504, "Endpoint request timed out"),
        ];
        for (refusal, status, message) in cases {
            let answer = Wording::default().answer(refusal, "id");
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.headers()["content-type"], "application/json");
            assert_eq!(body(answer).await, json!({"message": message}).to_string());
        }
    }

    #[tokio::test]
    async fn the_template_changes_status_headers_and_body() {
        let template = "
Parameters: { Base: { Type: String, Default: https://x } }
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      GatewayResponses:
        MISSING_AUTHENTICATION_TOKEN:
          StatusCode: 404
          ResponseParameters: { Headers: { Content-Type: \"'application/problem+json'\", X-Path: method.request.path.x } }
          ResponseTemplates: { application/json: !Sub '{\"a\":$context.error.messageString,\"b\":\"${Base}\",\"c\":\"$context.requestId\"}' }
        DEFAULT_5XX: { ResponseTemplates: { text/plain: down } }
";
        let wording = Wording::new(&Template::parse(template).unwrap());
        let answer = wording.answer(Refusal::NoRoute, "id-1");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert!(!answer.headers().contains_key("x-path"));
        assert_eq!(
            body(answer).await,
            r#"{"a":"Missing Authentication Token","b":"https://x","c":"id-1"}"#
        );
        let answer = wording.answer(Refusal::FunctionFailed, "id-1");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (502, &"text/plain".parse().unwrap())
        );
        assert_eq!(body(answer).await, "down");
    }
}
