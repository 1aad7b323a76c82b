//! What holds for the programme of every feed, whatever is in it.

use std::collections::HashSet;

use eventkit::engine::feeds;

/// Reads a feed and checks its sessions: each has a title and an id of its own, and none ends before it starts.
pub fn check(data: &[u8]) {
    let read = feeds::read(data, None, None, |programme| {
        let mut ids = HashSet::new();
        for session in &programme.sessions {
            assert!(!session.title.trim().is_empty(), "no title");
            assert!(ids.insert(session.id.to_string()), "an id occurs twice");
            let hours = session.hours().into_iter().flatten();
            assert!(hours.into_iter().all(|hour| hour.len() == 5));
            let moments = session.moments().into_iter().flatten();
            assert!(moments.into_iter().all(|moment| moment.len() >= 19));
        }
        let text = feeds::json(&programme.sessions).expect("JSON of the sessions");
        let owned: Vec<_> = programme
            .sessions
            .into_iter()
            .map(feeds::Session::into_owned)
            .collect();
        assert_eq!(
            text,
            feeds::json(&owned).expect("JSON of the same sessions")
        );
        let again: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(again.len(), owned.len());
    });
    if let Err(fault) = read {
        assert!(!fault.reason().is_empty());
        let (line, column) = fault.place().unwrap_or((1, 1));
        assert!(line > 0 && column > 0);
    }
}
