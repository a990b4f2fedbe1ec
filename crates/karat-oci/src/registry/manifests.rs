//! Manifests and tags.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;

use super::refusal::{Code, Refusal};
use super::{Asked, Registry, value};
use crate::manifest::MANIFEST_LIMIT;
use crate::{Error, Name, Reference, Tag};

pub(super) async fn get(
    registry: &Registry,
    asked: &Asked,
    name: Name,
    reference: Reference,
) -> Result<Response, Refusal> {
    let head = asked.method == Method::HEAD;
    let (digest, entry, bytes) = registry
        .on_disk(move |layout| {
            if head {
                let (digest, entry) = layout.find(&name, &reference)?;
                Ok((digest, entry, Vec::new()))
            } else {
                layout.manifest(&name, &reference)
            }
        })
        .await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(entry.media_type.as_str()));
    headers.insert(header::CONTENT_LENGTH, entry.size.into());
    headers.insert(header::ETAG, value(&format!("\"{digest}\"")));
    headers.insert("docker-content-digest", value(&digest.to_string()));
    Ok((headers, Body::from(bytes)).into_response())
}

/// By a tag, or by its digest with any number of tags (`?tag=`).
pub(super) async fn put(
    registry: &Registry,
    asked: &Asked,
    name: Name,
    reference: Reference,
    body: Body,
) -> Result<Response, Refusal> {
    let (expected, tags) = match reference.clone() {
        Reference::Tag(tag) => (None, vec![tag]),
        Reference::Digest(digest) => {
            (Some(digest), asked.parameters("tag").map(|tag| tag.parse()).collect::<Result<Vec<Tag>, Error>>()?)
        }
    };
    // Parameters of the media type are to be ignored; what clients send who know none says nothing.
    let content_type = asked.header(header::CONTENT_TYPE).and_then(|text| text.split(';').next());
    let content_type = content_type.map(|text| text.trim().to_ascii_lowercase());
    let content_type = content_type.filter(|text| !matches!(text.as_str(), "" | "application/octet-stream"));
    let bytes = receive(registry, asked, body).await?;
    let (to, tagged) = (name.clone(), tags.clone());
    let (digest, manifest) = registry
        .on_disk(move |layout| layout.push(&to, &bytes, content_type.as_deref(), expected.as_ref(), &tagged))
        .await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, value(&format!("/v2/{name}/manifests/{digest}")));
    headers.insert("docker-content-digest", value(&digest.to_string()));
    if let Some(subject) = manifest.subject {
        headers.insert("oci-subject", value(&subject.to_string()));
    }
    if matches!(reference, Reference::Digest(_)) {
        for tag in tags {
            headers.append("oci-tag", value(tag.as_str()));
        }
    }
    Ok((StatusCode::CREATED, headers).into_response())
}

pub(super) async fn delete(registry: &Registry, name: Name, reference: Reference) -> Result<Response, Refusal> {
    registry.on_disk(move |layout| layout.delete_manifest(&name, &reference)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// A manifest is small, and in memory as a whole. Of one that is too large some is read and thrown away: a client that is cut off while it
/// sends may never see why.
async fn receive(registry: &Registry, asked: &Asked, body: Body) -> Result<Vec<u8>, Refusal> {
    let limit = MANIFEST_LIMIT as u64;
    let too_large = || Refusal::from(Error::TooLarge { limit });
    let announced = asked.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > 2 * limit) {
        return Err(too_large());
    }
    let mut stream = body.into_data_stream();
    let (mut bytes, mut total) = (Vec::new(), 0);
    loop {
        let piece: Bytes = match tokio::time::timeout(registry.settings.stall, stream.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) if total > limit => return Err(too_large()),
            Ok(None) => return Ok(bytes),
            Ok(Some(Err(_))) => return Err(cut("the body was cut")),
            Err(_) => return Err(cut("the body did not come")),
        };
        total += piece.len() as u64;
        if total > 2 * limit {
            return Err(too_large());
        }
        if total <= limit {
            bytes.extend_from_slice(&piece);
        }
    }
}

fn cut(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Code::SizeInvalid, message)
}
