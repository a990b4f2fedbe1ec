//! What is there: tags, and who refers to a manifest.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::refusal::{Code, Refusal};
use super::{Asked, Registry, value};
use crate::{Digest, Error, MediaType, Name, Tag};

pub(super) async fn tags(registry: &Registry, asked: &Asked, name: Name) -> Result<Response, Refusal> {
    let asked_for = asked.parameter("n").map(|n| n.parse::<usize>()).transpose();
    let asked_for = asked_for
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, Code::Unsupported, "`n` is not a number of tags"))?;
    let count = asked_for.unwrap_or(usize::MAX).min(registry.settings.page);
    let last = asked.parameter("last");
    let of = name.clone();
    let (tags, more) = registry.on_disk(move |layout| layout.tags(&of, last.as_deref(), count)).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(last) = tags.last().filter(|_| more) {
        link(&mut headers, &format!("/v2/{name}/tags/list"), &[("n", &count.to_string()), ("last", last.as_str())]);
    }
    let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    Ok((headers, json!({"name": name.as_str(), "tags": tags}).to_string()).into_response())
}

pub(super) async fn referrers(
    registry: &Registry,
    asked: &Asked,
    name: Name,
    subject: Digest,
) -> Result<Response, Refusal> {
    let artifact_type = asked.parameter("artifactType").filter(|text| !text.is_empty());
    let last = asked.parameter("last").map(|last| last.parse::<Digest>()).transpose()?;
    let (of, about, wanted) = (name.clone(), subject.clone(), artifact_type.clone());
    let (index, more) =
        registry.on_disk(move |layout| layout.referrers(&of, &about, wanted.as_deref(), last.as_ref())).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MediaType::Index.as_str()));
    if artifact_type.is_some() {
        headers.insert("oci-filters-applied", HeaderValue::from_static("artifactType"));
    }
    if let Some(last) = index.manifests.last().filter(|_| more) {
        let last = last.digest.to_string();
        let filter = artifact_type.iter().map(|text| ("artifactType", text.as_str()));
        let parameters: Vec<_> = filter.chain([("last", last.as_str())]).collect();
        link(&mut headers, &format!("/v2/{name}/referrers/{subject}"), &parameters);
    }
    let bytes = serde_json::to_vec(&index).map_err(|error| Error::Io(error.into()))?;
    Ok((headers, bytes).into_response())
}

/// Where the next page is (RFC 8288).
fn link(headers: &mut HeaderMap, path: &str, parameters: &[(&str, &str)]) {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    headers.insert(header::LINK, value(&format!("<{path}?{query}>; rel=\"next\"")));
}
