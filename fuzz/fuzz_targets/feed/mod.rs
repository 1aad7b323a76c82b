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
            if let (Some(start), Some(end)) = (session.start, session.end)
                && start.scale() == end.scale()
                && start.offset().is_some() == end.offset().is_some()
            {
                assert!(feeds::iso(start).len() >= 19 && feeds::hour(end.wall_ms()).len() == 5);
            }
        }
    });
    if let Err(fault) = read {
        assert!(!fault.reason().is_empty());
        let (line, column) = fault.place().unwrap_or((1, 1));
        assert!(line > 0 && column > 0);
    }
}
