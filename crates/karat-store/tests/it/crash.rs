//! The process is killed while it writes: all of a change is there, or nothing, and what was told to be there is.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use karat_store::{Change, Database, Entities as _, Tasks as _};
use rusqlite::Connection;

use crate::record;

const FOLDER: &str = "KARAT_STORE_CRASH";
/// So many entities change together.
const TOGETHER: usize = 50;

/// What the killed process does: it writes for good, and says each round that is kept. Alone it does nothing.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Database::open(&std::path::Path::new(&folder).join("karat.db")).unwrap();
    for round in 0_u64.. {
        let text = format!("{round}");
        let changes = (0..TOGETHER).map(|one| Change::Put(Box::new(record(&format!("e{one}"), &text))));
        store.change_entities(changes.collect()).unwrap();
        store.note_task_line("noted", text.clone());
        store.add_task_line("told", text).unwrap();
        println!("kept {round}");
    }
}

#[test]
fn killed_at_any_point_it_opens_again_with_whole_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for kill in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut kept = None;
        while let Some(Ok(line)) = lines.next() {
            // The first is on the line that the harness begins.
            if let Some(round) = line.split("kept ").nth(1) {
                kept = round.parse::<u64>().ok();
            }
            if kept >= Some(kill * 3) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it went.
        let said = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).last();
        last = said.or(kept).unwrap_or(last);
        let store = Database::open(&folder.path().join("karat.db")).unwrap();
        let hashes = store.hashes().unwrap();
        assert_eq!(hashes.len(), TOGETHER);
        assert!(hashes.iter().all(|(_, hash)| *hash == hashes[0].1), "half a change is there");
        let round: u64 = hashes[0].1.strip_prefix("hash ").unwrap().parse().unwrap();
        assert!(round >= last, "round {last} was told to be kept, and {round} is there");
        // Every line that was told to be there, and no gap: what nobody waits for is never later than what somebody waits for.
        for task in ["noted", "told"] {
            let lines = store.task_lines().unwrap().into_iter().filter(|(of, _)| of == task);
            let rounds: Vec<u64> = lines.map(|(_, line)| line.parse().unwrap()).collect();
            // Each process begins at 0 again.
            let begins = rounds.iter().rposition(|round| *round == 0).unwrap();
            let mine = &rounds[begins..];
            assert!(
                mine.iter().copied().eq(0..mine.len() as u64) && mine.len() as u64 > last,
                "{task}: {mine:?}, {last}"
            );
        }
        let sound: String = Connection::open(folder.path().join("karat.db"))
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
    }
}
