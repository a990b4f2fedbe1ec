//! Organisations to look at, and a reader without a browser.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use karat_portal::model::Models;
use karat_portal::{Clock, Options, Portal, router};
use tower::ServiceExt as _;

/// A copy of myhealth that a test may change.
pub(crate) struct Organisation {
    folder: tempfile::TempDir,
}

impl Organisation {
    pub(crate) fn myhealth() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../myhealth");
        let folder = tempfile::tempdir().unwrap();
        let listed =
            Command::new("git").args(["ls-files", "-z", "-c", "-o", "--exclude-standard"]).current_dir(&root).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        for file in listed.split('\0').filter(|file| !file.is_empty() && root.join(file).is_file()) {
            let to = folder.path().join(file);
            fs_err::create_dir_all(to.parent().unwrap()).unwrap();
            fs_err::copy(root.join(file), to).unwrap();
        }
        Self { folder }
    }

    /// One that does not meet two standards: a workflow's runner, and a container's root file system.
    pub(crate) fn with_mistakes() -> Self {
        let organisation = Self::myhealth();
        organisation.change(
            "governance/.github/workflows/docs-ci.yaml",
            "runs-on: myhealth-ephemeral",
            "runs-on: ubuntu-latest",
        );
        organisation.change(
            "apps/appointments/chart/charts/service/templates/_pod.tpl",
            "readOnlyRootFilesystem: true",
            "readOnlyRootFilesystem: false",
        );
        organisation
    }

    pub(crate) fn path(&self) -> PathBuf {
        fs_err::canonicalize(self.folder.path()).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let to = self.path().join(file);
        fs_err::create_dir_all(to.parent().unwrap()).unwrap();
        fs_err::write(to, text).unwrap();
    }

    /// Replaces a text of a file, which must be there.
    pub(crate) fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs_err::read_to_string(self.path().join(file)).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        self.write(file, &text.replacen(from, to, 1));
    }

    pub(crate) fn models(&self) -> Arc<Models> {
        Models::open(&self.path(), noon()).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// The portal on this machine alone.
    pub(crate) fn reader(&self) -> Reader {
        self.reader_at("127.0.0.1:7007", None)
    }

    /// The portal as others reach it, with the state that is in the folder `data` of it.
    pub(crate) fn reader_at(&self, address: &str, public: Option<&str>) -> Reader {
        let portal = Arc::new(Portal::open(self.options(address, public)).unwrap());
        let host = portal.host.clone().unwrap_or_else(|| "localhost".to_owned());
        Reader { router: router(&portal), host }
    }

    /// What a portal of it is started with, at noon of a day.
    pub(crate) fn options(&self, address: &str, public: Option<&str>) -> Options {
        Options {
            organisation: self.path(),
            address: address.parse().unwrap(),
            data: self.data(),
            public: public.map(str::to_owned),
            clock: noon(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join(".karat/data")
    }
}

fn noon() -> Clock {
    let noon = "2026-11-25T12:00:00Z".parse().unwrap();
    Arc::new(move || noon)
}

/// Who reads pages.
pub(crate) struct Reader {
    pub(crate) router: Router,
    host: String,
}

/// What a reader gets.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reader {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().entry("host").or_insert(self.host.parse().unwrap());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Fills in a form as a browser does: the page is read, its token and cookies are sent back.
    pub(crate) async fn post(&self, page: &str, to: &str, fields: &str, cookies: &str) -> Answer {
        let request = Request::get(page).header("cookie", cookies).body(Body::empty()).unwrap();
        let read = self.send(request).await;
        let set = read.headers.get("set-cookie").map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
        let token = read.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let cookies = [cookies.to_owned(), set.unwrap_or_default()].join("; ");
        let request = Request::post(to)
            .header("cookie", cookies)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("{fields}&csrf={token}").into())
            .unwrap();
        self.send(request).await
    }

    /// Follows every link of our own from `/` on, but not links whose path `skip` says; gives each page that was read.
    pub(crate) async fn walk(&self, most: usize, skip: impl Fn(&str) -> bool) -> BTreeMap<String, Answer> {
        let mut read = BTreeMap::new();
        let mut seen = BTreeSet::from(["/".to_owned()]);
        let mut next = VecDeque::from(["/".to_owned()]);
        while let Some(path) = next.pop_front() {
            if read.len() >= most {
                break;
            }
            let answer = self.get(&path).await;
            for link in links(&answer.text) {
                let link = resolved(&path, link.split('#').next().unwrap_or_default());
                // The same page in another order is the same page.
                if link.starts_with('/') && !link.contains("sort=") && !skip(&link) && seen.insert(link.clone()) {
                    next.push_back(link);
                }
            }
            read.insert(path, answer);
        }
        read
    }
}

/// Where the links of a page lead.
pub(crate) fn links(html: &str) -> Vec<String> {
    let parts = html.split(" href=\"").skip(1);
    parts.filter_map(|rest| rest.split('"').next()).map(|link| link.replace("&amp;", "&")).collect()
}

/// A link of the page at `base`, as a browser follows it.
fn resolved(base: &str, link: &str) -> String {
    if link.is_empty() || link.starts_with('/') || link.contains(':') {
        return link.to_owned();
    }
    let mut parts: Vec<&str> = base.split('?').next().unwrap_or_default().split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
