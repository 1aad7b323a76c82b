//! Calendar events of Microsoft Graph: reads pages of events, and decides what a cache of them holds and who loads it.

pub mod cache;
pub mod event;
pub mod event_page;
pub mod last_answer;
