//! A push: what it wants is read and judged before git sees it, carried out one at a time for each repository, and told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::arrival::blocking;
use super::child::{Job, Part, Running};
use super::{Protection, Server, Service, pkt};
use crate::lock::PushLock;
use crate::{Error, Name};

/// The most refs that one push may change.
pub const COMMANDS_LIMIT: usize = 10_000;
/// The longest name of a ref, in bytes.
const REF_LIMIT: usize = 1_024;
/// How many parts of git's answer wait for a client that does not read, before it counts as gone.
const UNREAD_LIMIT: usize = 128;

/// What one push changed, as git accepted it. Told in order for each repository, once each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where.
    pub repository: Name,
    /// Which push it was since the server started, over all repositories; in order for each repository.
    pub number: u64,
    /// Who pushed, as [`super::Access`] named them.
    pub by: String,
    /// Each ref that is not as it was, in the order in which the client named them; never empty.
    pub changes: Vec<RefChange>,
}

/// A ref before and after a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefChange {
    /// Its full name, such as `refs/heads/main`.
    pub name: String,
    /// The hash of what it led to; `None` if it is new.
    pub before: Option<String>,
    /// The hash of what it leads to; `None` if it was deleted.
    pub after: Option<String>,
}

/// The head of a push: what it wants, and how it wants to be answered.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) commands: Vec<Command>,
    report: bool,
    /// The longest packet that the answer may be put in, if it is to be put in packets of a side band.
    band: Option<usize>,
}

/// One ref that is to be changed.
#[derive(Debug)]
pub(crate) struct Command {
    delete: bool,
    pub(crate) name: String,
}

impl Head {
    /// Reads the commands (gitprotocol-pack, "Reference Update Request and Packfile Transfer").
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut head = Self::default();
        while let Some(line) = pkt::read(from)? {
            let (line, capabilities) = match line.iter().position(|byte| *byte == 0) {
                Some(end) => (&line[..end], Some(&line[end + 1..])),
                None => (line.as_slice(), None),
            };
            let line = std::str::from_utf8(line).map_err(|_| pkt::malformed("the name of a ref is not UTF-8"))?;
            let line = line.trim_end_matches('\n');
            // What the client does not have, in a shallow clone.
            if line.starts_with("shallow ") {
                continue;
            }
            let mut parts = line.splitn(3, ' ');
            let (Some(before), Some(after), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(pkt::malformed("a push begins with lines of two hashes and the name of a ref"));
            };
            let hash = |text: &str| text.len() == 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !hash(before) || !hash(after) || name.is_empty() || name.len() > REF_LIMIT {
                return Err(pkt::malformed("a push begins with lines of two hashes and the name of a ref"));
            }
            if let Some(capabilities) = capabilities.filter(|_| head.commands.is_empty()) {
                for capability in capabilities.split(u8::is_ascii_whitespace) {
                    match capability {
                        b"report-status" | b"report-status-v2" => head.report = true,
                        b"side-band-64k" => head.band = Some(pkt::LONGEST),
                        _ => {}
                    }
                }
            }
            if head.commands.len() == COMMANDS_LIMIT {
                return Err(pkt::malformed("a push changes at most 10,000 refs"));
            }
            head.commands.push(Command { delete: after.bytes().all(|digit| digit == b'0'), name: name.to_owned() });
        }
        Ok(head)
    }

    /// Git's own answer to a push that is refused as a whole: each ref with its reason. `None` if nothing is wrong.
    pub(crate) fn refusal(&self, protections: &[Protection], by: &str) -> Option<Vec<u8>> {
        let wrong: Vec<Option<String>> = self.commands.iter().map(|command| command.refused(protections, by)).collect();
        if wrong.iter().all(Option::is_none) {
            return None;
        }
        let mut report = Vec::new();
        pkt::write(&mut report, b"unpack ok\n");
        for (command, reason) in self.commands.iter().zip(wrong) {
            let reason = reason.unwrap_or_else(|| "nothing was done: another ref of this push was refused".to_owned());
            pkt::write(&mut report, format!("ng {} {reason}\n", command.name).as_bytes());
        }
        report.extend_from_slice(pkt::FLUSH);
        if !self.report {
            report.clear();
        }
        let Some(longest) = self.band else { return Some(report) };
        let mut banded = Vec::new();
        for part in report.chunks(longest - 5) {
            pkt::write(&mut banded, &[b"\x01".as_slice(), part].concat());
        }
        banded.extend_from_slice(pkt::FLUSH);
        Some(banded)
    }

    /// Whether a protected branch is among them. Git holds such a push to fast-forwards, in all its branches: only git
    /// knows what came before what, and it has one setting for all.
    fn forward_only(&self, protections: &[Protection]) -> bool {
        self.commands.iter().any(|command| protections.iter().any(|protection| protection.covers(&command.name)))
    }
}

impl Command {
    fn refused(&self, protections: &[Protection], by: &str) -> Option<String> {
        let protections = || protections.iter().filter(|protection| protection.covers(&self.name));
        if self.delete && protections().next().is_some() {
            return Some("this branch is protected: it cannot be deleted".to_owned());
        }
        let closed = protections().any(|one| one.pushers.as_ref().is_some_and(|pushers| !pushers.contains(by)));
        closed.then(|| format!("this branch is protected: {by} may not push to it"))
    }
}

/// A push that has arrived whole and may be tried.
pub(crate) struct Order {
    pub(crate) repository: Name,
    pub(crate) by: String,
    pub(crate) head: Head,
    /// The request, from its start.
    pub(crate) file: File,
    pub(crate) protocol: Option<String>,
    pub(crate) protections: Vec<Protection>,
    /// Its place among those that arrive and wait.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Carries a push out, whether or not the client still listens: refs change or they do not, and what they did is told.
pub(crate) fn carry_out(server: Arc<Server>, order: Order) -> mpsc::Receiver<Part> {
    let (sender, receiver) = mpsc::channel(UNREAD_LIMIT);
    tokio::spawn(async move {
        // Without an end the client is told that its answer was cut off.
        let _ = attempt(&server, order, sender).await;
    });
    receiver
}

async fn attempt(server: &Server, mut order: Order, client: mpsc::Sender<Part>) -> Result<(), Error> {
    let place = server.repositories.place(&order.repository);
    let lock = blocking(move || PushLock::take(&place)).await?;
    let _working = server.pushing.acquire().await.map_err(io::Error::other)?;
    let names: Arc<[String]> = order.head.commands.iter().map(|command| command.name.clone()).collect();
    let before = server.look(&order.repository, &names).await?;
    order.file.rewind()?;
    let mut settings = vec![("receive.maxInputSize", server.limits.push.to_string())];
    if order.head.forward_only(&order.protections) {
        settings.push(("receive.denyNonFastForwards", "true".to_owned()));
    }
    let mut running = Running::start(Job {
        service: Service::Receive,
        place: &server.repositories.place(&order.repository),
        advertise: false,
        protocol: order.protocol.as_deref(),
        settings: &settings,
        input: Some(order.file),
        errors: Some(lock.start()?),
    })?;
    let mut client = Some(client);
    let ended = timeout(server.limits.push_time, hand_on(&mut running, &mut client)).await;
    let ended = match ended {
        Ok(Ok(ended)) => ended,
        _ => Ended::Killed,
    };
    if ended == Ended::Killed {
        // With what it started, which may outlive it.
        running.kill().await;
    }
    let after = server.look(&order.repository, &names).await?;
    let changes = changes(&names, &before, &after);
    if !changes.is_empty() {
        // Within the lock, so that the order is that of the changes. Nobody listens, perhaps; that is no error.
        let (repository, by) = (order.repository, order.by);
        let _ = server.pushes.send(Push { repository, number: server.next_number(), by, changes }).await;
    }
    if ended != Ended::Killed {
        lock.finish()?;
    }
    if let Some(client) = client.filter(|_| ended == Ended::Told) {
        let _ = client.try_send(Part::End);
    }
    drop(order.permit);
    Ok(())
}

/// How the child ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By itself, and it has said how it went.
    Told,
    /// By itself, without a word.
    Silent,
    /// Not by itself.
    Killed,
}

/// Hands git's answer to the client, and waits for nobody: the lock is held.
async fn hand_on(running: &mut Running, client: &mut Option<mpsc::Sender<Part>>) -> io::Result<Ended> {
    let mut any = false;
    while let Some(part) = running.next().await? {
        any = true;
        if client.as_ref().is_some_and(|client| client.try_send(Part::Data(part)).is_err()) {
            *client = None;
        }
    }
    let status = running.wait().await?;
    Ok(match status.code() {
        None => Ended::Killed,
        Some(code) if any || code == 0 => Ended::Told,
        Some(_) => Ended::Silent,
    })
}

/// The refs that are not as they were, each once.
fn changes(
    names: &[String],
    before: &BTreeMap<String, Option<String>>,
    after: &BTreeMap<String, Option<String>>,
) -> Vec<RefChange> {
    let mut changes: Vec<RefChange> = Vec::new();
    let mut told = std::collections::BTreeSet::new();
    for name in names {
        let (before, after) = (before.get(name).cloned().flatten(), after.get(name).cloned().flatten());
        if before != after && told.insert(name) {
            changes.push(RefChange { name: name.clone(), before, after });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> io::Result<Head> {
        let mut text = Vec::new();
        for line in lines {
            pkt::write(&mut text, line.as_bytes());
        }
        text.extend_from_slice(pkt::FLUSH);
        Head::read(&mut text.as_slice())
    }

    #[test]
    fn what_a_push_wants_is_read() {
        let (none, one) = ("0".repeat(40), "a".repeat(40));
        let head = head(&[
            &format!("shallow {one}"),
            &format!("{none} {one} refs/heads/new\0 report-status side-band-64k agent=git/2"),
            &format!("{one} {none} refs/heads/main\n"),
        ])
        .unwrap();
        let read: Vec<_> = head.commands.iter().map(|command| (command.name.as_str(), command.delete)).collect();
        assert_eq!(read, [("refs/heads/new", false), ("refs/heads/main", true)]);
        let answer = String::from_utf8(head.refusal(&[Protection::of("main")], "anna").unwrap()).unwrap();
        assert!(answer.starts_with("00"), "{answer}");
        assert!(answer.contains("\u{1}000eunpack ok\n"), "{answer}");
        assert!(answer.contains("ng refs/heads/main this branch is protected: it cannot be deleted\n"), "{answer}");
        assert!(answer.contains("ng refs/heads/new nothing was done"), "{answer}");
        assert!(answer.ends_with("00000000"), "the flush of the report, and that of the band: {answer}");
        assert!(head.refusal(&[], "anna").is_none());
    }

    #[test]
    fn what_is_no_push_is_refused() {
        let one = "a".repeat(40);
        for bad in [
            "push-cert\0 report-status".to_owned(),
            format!("{one} {one}"),
            format!("{one} {} refs/heads/main", &one[1..]),
            format!("{one} {one} "),
            format!("{one} {one} {}", "r".repeat(2_000)),
        ] {
            assert_eq!(head(&[&bad]).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bad}");
        }
        let line = format!("{one} {one} refs/heads/a");
        assert!(head(&vec![line.as_str(); COMMANDS_LIMIT]).is_ok());
        assert!(head(&vec![line.as_str(); COMMANDS_LIMIT + 1]).is_err());
    }

    #[test]
    fn who_may_push_is_named() {
        let one = "a".repeat(40);
        let head = head(&[&format!("{one} {one} refs/heads/main\0report-status")]).unwrap();
        let only = Protection { pushers: Some(["ci".to_owned()].into()), ..Protection::of("main") };
        let answer = String::from_utf8(head.refusal(std::slice::from_ref(&only), "anna").unwrap()).unwrap();
        assert!(answer.contains("ng refs/heads/main this branch is protected: anna may not push to it\n"), "{answer}");
        assert!(head.refusal(&[only], "ci").is_none());
    }
}
