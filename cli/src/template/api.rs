//! `AWS::Serverless::Api`: the REST API in front.

use std::collections::BTreeMap;

use super::{Expression, TemplateError, node::Node};

/// A REST API.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its logical id.
    pub logical_id: String,
    /// The name of its stage.
    pub stage: Expression,
    /// How many requests a second reach each method.
    pub throttling_rate: Option<Expression>,
    /// How many requests reach each method at once.
    pub throttling_burst: Option<Expression>,
    /// How it words its own errors, by the type of the error: `MISSING_AUTHENTICATION_TOKEN`, `DEFAULT_4XX`, …
    pub responses: BTreeMap<String, GatewayResponse>,
}

/// How an API words one type of error of its own.
#[derive(Debug, Clone)]
pub struct GatewayResponse {
    /// The status, if it is another than API Gateway's.
    pub status: Option<Expression>,
    /// The headers, by name.
    pub headers: BTreeMap<String, Expression>,
    /// The body and its media type, if it is another than API Gateway's; `$context.…` in it stands for what is known of the
    /// request.
    pub template: Option<(String, Expression)>,
}

impl Api {
    pub(super) fn read(logical_id: &str, resource: &Node<'_>) -> Result<Self, TemplateError> {
        let properties = resource.get("Properties");
        let mut responses = BTreeMap::new();
        for (kind, response) in properties.get("GatewayResponses").entries_or_none()? {
            responses.insert(kind.to_owned(), GatewayResponse::read(&response)?);
        }
        // The settings of all methods: what stands for one resource only is not read here.
        let mut settings = properties.get("MethodSettings").items_or_none()?.into_iter();
        let setting = settings.find(|it| it.get("ThrottlingRateLimit").value().is_some());
        let limit = |name: &str| {
            let limit = setting.as_ref().and_then(|setting| setting.get(name).present());
            limit.map(|limit| Expression::read(&limit)).transpose()
        };
        Ok(Self {
            throttling_rate: limit("ThrottlingRateLimit")?,
            throttling_burst: limit("ThrottlingBurstLimit")?,
            logical_id: logical_id.to_owned(),
            stage: Expression::read(&properties.get("StageName"))?,
            responses,
        })
    }
}

impl GatewayResponse {
    fn read(node: &Node<'_>) -> Result<Self, TemplateError> {
        let read = |(name, node): (&str, Node<'_>)| Ok((name.to_owned(), Expression::read(&node)?));
        let headers = node.get("ResponseParameters").get("Headers").entries_or_none()?;
        let templates = node.get("ResponseTemplates").entries_or_none()?;
        let status = node.get("StatusCode").present();
        Ok(Self {
            status: status.map(|status| Expression::read(&status)).transpose()?,
            headers: headers.into_iter().map(read).collect::<Result<_, TemplateError>>()?,
            template: templates.into_iter().map(read).next().transpose()?,
        })
    }
}
