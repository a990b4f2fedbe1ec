//! One URL, read: bounded in time, size and redirects, and only from hosts that may be asked.

mod address;

use std::fmt;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use karat_source::FILE_LIMIT;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use address::{Allowed, is_public};

/// How long one URL may take, redirects and body included.
const WHOLE: Duration = Duration::from_secs(20);
/// How long until a connection stands, and until an answer begins.
const FIRST: Duration = Duration::from_secs(10);
const REDIRECTS: u32 = 5;
/// The largest head of an answer, in bytes.
const HEAD: usize = 64 << 10;
/// The longest URL.
const LONGEST: usize = 2_000;

/// Reads URLs.
pub(crate) struct Fetcher {
    allowed: Allowed,
    /// Made when it is first needed: the system's certificates take a moment to load.
    agent: OnceLock<Agent>,
    whole: Duration,
}

impl Fetcher {
    pub(crate) fn new(allow: &[String]) -> Self {
        Self { allowed: Allowed::new(allow), agent: OnceLock::new(), whole: WHOLE }
    }

    /// For tests, which have less patience.
    #[cfg(test)]
    pub(crate) fn hasty(allow: &[String], whole: Duration) -> Self {
        Self { whole, ..Self::new(allow) }
    }

    /// The bytes that a URL has.
    ///
    /// # Errors
    /// A sentence that says why not, with the name that Backstage's readers give such a failure.
    pub(crate) fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let url = check(url).map_err(|why| format!("InputError: {why}"))?;
        let agent = self.agent.get_or_init(|| self.agent());
        let mut answer = agent.get(url.as_str()).call().map_err(|error| said(&error))?;
        if answer.status() == 404 {
            return Err(format!("NotFoundError: {url} was not found"));
        }
        if !answer.status().is_success() {
            return Err(format!("Error: {url} answered {}", answer.status()));
        }
        let mut bytes = Vec::new();
        let mut body = answer.body_mut().as_reader().take(FILE_LIMIT + 1);
        body.read_to_end(&mut bytes).map_err(|error| format!("Error: {url} could not be read to its end: {error}"))?;
        if bytes.len() as u64 > FILE_LIMIT {
            return Err(format!("Error: {url} is larger than the limit of {FILE_LIMIT} bytes"));
        }
        Ok(bytes)
    }

    fn agent(&self) -> Agent {
        let config = Config::builder()
            // What a proxy resolves we could not check.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .max_response_header_size(HEAD)
            // A kept connection would be to a host that was allowed once.
            .max_idle_connections(0)
            .timeout_global(Some(self.whole))
            .timeout_connect(Some(FIRST))
            .timeout_recv_response(Some(FIRST))
            .user_agent("karat")
            .tls_config(TlsConfig::builder().root_certs(roots()).build())
            .build();
        let resolver = Checked { allowed: self.allowed.clone(), inner: DefaultResolver::default() };
        Agent::with_parts(config, DefaultConnector::default(), resolver)
    }
}

/// The authorities that this system trusts, which an organisation's own is among; Mozilla's where it has none.
fn roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).into()
}

/// A URL that may be asked at all: HTTP or HTTPS, with a host, without a name and password.
pub(crate) fn check(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST {
        return Err(format!("a URL of more than {LONGEST} characters is not read"));
    }
    let url = Url::parse(text).map_err(|error| format!("{text} is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text} is not read: only http and https URLs are"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a name or password is not read: it would be shown to everybody".to_owned());
    }
    Ok(url)
}

/// Resolves names to addresses that may be asked. What it gives is what is connected to, for every redirect anew: a name that
/// means another address a moment later gains nothing.
struct Checked {
    allowed: Allowed,
    inner: DefaultResolver,
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checked")
    }
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // A redirect may lead anywhere.
        let url = check(&uri.to_string()).map_err(refused)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.allowed.names(host, port) {
            return Ok(found);
        }
        match found.iter().map(SocketAddr::ip).find(|address| !is_public(*address)) {
            Some(address) => Err(refused(not_allowed(host, port, address))),
            None => Ok(found),
        }
    }
}

fn not_allowed(host: &str, port: u16, address: IpAddr) -> String {
    let is = if host.trim_matches(['[', ']']) == address.to_string() { String::new() } else { format!("{address}, ") };
    format!(
        "{host} is {is}no address of the public Internet; if URLs may lead there, name `{host}:{port}` in the setting \
         portal.catalog.allow"
    )
}

fn refused(why: String) -> ureq::Error {
    ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why))
}

fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::PermissionDenied => format!("NotAllowedError: {io}"),
        _ => format!("Error: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server that answers so much at once, and then a byte now and then, for good.
    fn dripping(at_once: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let _ = stream.read(&mut [0; 1024]);
                    let mut sent = stream.write_all(at_once.as_bytes());
                    while sent.is_ok() {
                        std::thread::sleep(Duration::from_millis(20));
                        sent = stream.write_all(b"x");
                    }
                });
            }
        });
        port
    }

    #[test]
    fn slow_answers_have_an_end() {
        let whole = Duration::from_millis(300);
        let fetcher = Fetcher::hasty(&["127.0.0.1".to_owned()], whole);
        for at_once in
            ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"]
        {
            let port = dripping(at_once);
            let (done, waiting) = std::sync::mpsc::channel();
            std::thread::scope(|scope| {
                scope.spawn(|| done.send(fetcher.get(&format!("http://127.0.0.1:{port}/"))));
                let found = waiting.recv_timeout(20 * whole).unwrap_or_else(|_| panic!("{at_once:?} is read for good"));
                assert!(found.is_err(), "{at_once:?} gave {found:?}");
            });
        }
    }

    #[test]
    fn some_urls_are_not_asked() {
        for url in [
            "ftp://a.example/",
            "file:///etc/passwd",
            "https://me@a.example/",
            "https://:x@a.example/",
            "x",
            "https://",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
        assert!(check(&format!("https://a.example/{}", "x".repeat(3_000))).is_err());
        assert!(check("https://a.example:8443/x?ref=main").is_ok());
    }
}
