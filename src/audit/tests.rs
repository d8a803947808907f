use std::sync::Barrier;

use chrono::{DateTime, TimeDelta};

use super::append::append_within;
use super::read::parse;
use super::{LogEntry, append, escape, old, read};
use crate::platform::ancestors::Ancestor;

fn entry(n: u32) -> LogEntry<'static> {
    let time = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap()
        + TimeDelta::seconds(i64::from(n));
    LogEntry {
        time,
        command: "process".into(),
        profile: Some("prod".into()),
        role: Some("admin".into()),
        role_arn: Some("arn:aws:iam::222222222222:role/admin".into()),
        account_id: None,
        access_key_id: "ASIAEXAMPLE".into(),
        origin: "new".into(),
        expiration: Some(time + TimeDelta::hours(1)),
        asked_by: vec![
            Ancestor { pid: n, name: Some("a) (b\n\u{1b}[2J\u{9b}2J\u{7f}\"".to_owned()) },
            Ancestor { pid: 2, name: None },
        ],
    }
}

#[test]
fn entry_renders_to_one_plain_line_and_reads_back() {
    let line = escape(serde_json::to_string(&entry(7)).unwrap());
    assert!(!line.contains(char::is_control), "{line:?}");
    for part in [
        r#"{"time":"2023-11-14T22:13:27.123Z","command":"process","profile":"prod","#,
        r#""role":"admin","role_arn":"arn:aws:iam::222222222222:role/admin","account_id":null,"#,
        r#""access_key_id":"ASIAEXAMPLE","origin":"new","expiration":"2023-11-14T23:13:27Z","#,
    ] {
        assert!(line.contains(part), "{line}");
    }
    let ((read, text), torn) = parse(&line).unwrap();
    assert_eq!(read.asked_by, entry(7).asked_by);
    assert_eq!((read.time, text, torn), (entry(7).time, line, false));
}

#[test]
fn line_behind_torn_line_is_found() {
    let line = escape(serde_json::to_string(&entry(7)).unwrap());
    for end in 1..line.len() {
        let both = format!("{}{line}", &line[..end]);
        let ((_, text), torn) = parse(&both).unwrap_or_else(|| panic!("cut at {end}"));
        assert_eq!((text, torn), (line.clone(), true));
        assert!(parse(&line[..end]).is_none(), "cut at {end}");
    }
}

#[test]
fn full_file_is_rotated_and_oldest_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/log.jsonl");
    append(&path, &entry(0)).unwrap();
    let mut expected = Vec::new();
    for n in 1..=6 {
        // Past the limit, with lines that are none.
        let mut content = std::fs::read(&path).unwrap();
        content.resize(1024 * 1024 + 1, b'\n');
        std::fs::write(&path, content).unwrap();
        append(&path, &entry(n)).unwrap();
        expected.push(n);
    }
    let found = read(&path).unwrap();
    let times: Vec<_> = found.entries.iter().map(|(entry, _)| entry.asked_by[0].pid).collect();
    assert_eq!((times, found.skipped), (vec![3, 4, 5, 6], 0));
    // One that died between two renames left a gap: nothing is given up for it.
    std::fs::remove_file(old(&path, 2)).unwrap();
    std::fs::write(&path, vec![b'\n'; 1024 * 1024 + 1]).unwrap();
    append(&path, &entry(7)).unwrap();
    let found = read(&path).unwrap();
    assert_eq!(
        found.entries.iter().map(|(entry, _)| entry.asked_by[0].pid).collect::<Vec<_>>(),
        [3, 5, 7]
    );
}

#[test]
fn concurrent_writers_rotate_file_once_and_lose_no_line() {
    const WRITERS: u32 = 8;
    const MAX_BYTES: u64 = 8_000;
    let folder = tempfile::tempdir().unwrap();
    for round in 0..300 {
        let path = folder.path().join(format!("{round}.jsonl"));
        let line = escape(serde_json::to_string(&entry(0)).unwrap()) + "\n";
        assert!(line.len() as u64 * u64::from(WRITERS) < MAX_BYTES);
        let before = usize::try_from(MAX_BYTES).unwrap() / line.len() + 1;
        std::fs::write(&path, line.repeat(before)).unwrap();
        let together = Barrier::new(WRITERS as usize);
        std::thread::scope(|scope| {
            for n in 1..=WRITERS {
                let (path, together) = (&path, &together);
                scope.spawn(move || {
                    together.wait();
                    append_within(path, &entry(n), MAX_BYTES).unwrap();
                });
            }
        });
        let found = read(&path).unwrap();
        assert_eq!(
            (found.entries.len(), found.skipped),
            (before + WRITERS as usize, 0),
            "round {round}"
        );
        assert!(old(&path, 1).exists() && !old(&path, 2).exists(), "round {round}");
    }
}
