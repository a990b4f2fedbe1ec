//! A registry on a loopback port, and a client that can be as rude as it likes.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use karat_oci::{Access, Algorithm, Digest, Layout, Loopback, MediaType, Name, Settings, router};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A registry in a folder of its own, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) layout: Arc<Layout>,
    pub(crate) folder: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(Settings::default(), Arc::new(Loopback))
    }

    pub(crate) fn with(settings: Settings, access: Arc<dyn Access>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (layout, address, runtime) = serve(folder.path(), settings, access);
        Self { address, layout, folder, runtime }
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        send(self.address, method, path, headers, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// Pushes a blob in one request.
    pub(crate) fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let answer = self.send("POST", &format!("/v2/{name}/blobs/uploads/?digest={digest}"), &[], bytes);
        assert_eq!(answer.status, 201, "{answer:?}");
        digest
    }

    /// Pushes a manifest.
    pub(crate) fn manifest(&self, name: &str, reference: &str, media_type: MediaType, bytes: &[u8]) -> Digest {
        let headers = [("content-type", media_type.as_str())];
        let answer = self.send("PUT", &format!("/v2/{name}/manifests/{reference}"), &headers, bytes);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.header("docker-content-digest").parse().unwrap()
    }

    /// Pushes an image with one layer of its own, under a tag or, with an empty one, by its digest.
    pub(crate) fn image(&self, name: &str, tag: &str, layer: &[u8]) -> Digest {
        let bytes = image(&self.blob(name, b"{}"), &self.blob(name, layer), None);
        let digest = Digest::of(Algorithm::Sha256, &bytes).to_string();
        self.manifest(name, if tag.is_empty() { &digest } else { tag }, MediaType::Image, &bytes)
    }

    /// Begins an upload and gives its location.
    pub(crate) fn begin(&self, name: &str) -> String {
        let answer = self.send("POST", &format!("/v2/{name}/blobs/uploads/"), &[], b"");
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").to_owned()
    }

    /// Ends it, and leaves what it has written.
    pub(crate) fn stop(self) -> TempDir {
        let Self { layout, folder, runtime, .. } = self;
        drop(runtime);
        drop(layout);
        folder
    }

    /// Of no upload anything is left; files are removed beside the answers.
    pub(crate) fn assert_no_uploads(&self) {
        let uploads = self.folder.path().join("uploads");
        let mut left = usize::MAX;
        for _ in 0..100 {
            left = fs_err::read_dir(&uploads).unwrap().count();
            if left == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{left} uploads are left");
    }

    /// Everything on the disk is as it should be.
    pub(crate) fn assert_sound(&self) {
        assert_eq!(self.layout.check().unwrap(), []);
    }
}

/// Serves a folder on a free port of the loopback interface.
pub(crate) fn serve(
    folder: &Path,
    settings: Settings,
    access: Arc<dyn Access>,
) -> (Arc<Layout>, SocketAddr, tokio::runtime::Runtime) {
    let layout = Arc::new(Layout::open(folder).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let service = router(Arc::clone(&layout), access, settings).into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move {
        axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), service).await.unwrap();
    });
    (layout, address, runtime)
}

/// An image of a configuration and a layer.
pub(crate) fn image(config: &Digest, layer: &Digest, subject: Option<&Digest>) -> Vec<u8> {
    let mut image = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::Image.as_str(),
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": 1}],
    });
    if let Some(subject) = subject {
        image["subject"] = json!({"mediaType": MediaType::Image.as_str(), "digest": subject, "size": 1});
        image["artifactType"] = "application/vnd.example.signature".into();
        image["annotations"] = json!({"b": "2", "a": "1"});
    }
    image.to_string().into_bytes()
}

/// An index of manifests.
pub(crate) fn index(manifests: &[&Digest]) -> Vec<u8> {
    let manifests: Vec<Value> = manifests
        .iter()
        .map(|digest| json!({"mediaType": MediaType::Image.as_str(), "digest": digest, "size": 1}))
        .collect();
    json!({"schemaVersion": 2, "mediaType": MediaType::Index.as_str(), "manifests": manifests}).to_string().into_bytes()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a refusal, `""` if it has none.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One request on a connection of its own. `Content-Length` and `Host` are set unless they are given.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !given("host") {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    if !given("content-length") && !given("transfer-encoding") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    // Who is refused early may not be heard to the end.
    let _ = stream.write_all(body);
    receive(&mut stream)
}

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

pub(crate) fn receive(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        read?;
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(':'));
    Ok(Answer {
        status: status.unwrap_or(0),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    })
}
