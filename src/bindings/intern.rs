//! Interned names that a fork cannot find half made.
//!
//! `pyo3::intern!` lets go of the interpreter inside a `Once`. A process that forks while another thread is in there
//! leaves its child a `Once` that nobody ends, and the child's first use of that name waits for ever: seen in 6 of 25
//! runs of `python -m faults.graph_cache forks 2`. Here the string is made first, and the `Once` only takes it.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// A name of Python's, made at its first use.
pub(super) struct Name {
    text: &'static str,
    made: OnceLock<Py<PyString>>,
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            made: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn get<'py>(&'py self, py: Python<'py>) -> &'py Bound<'py, PyString> {
        match self.made.get() {
            Some(made) => made.bind(py),
            None => self.make(py).bind(py),
        }
    }

    #[cold]
    fn make(&self, py: Python<'_>) -> &Py<PyString> {
        let made = PyString::intern(py, self.text).unbind();
        self.made.get_or_init(|| made)
    }
}

/// As `pyo3::intern!`.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static NAME: $crate::bindings::intern::Name = $crate::bindings::intern::Name::new($text);
        NAME.get($py)
    }};
}

pub(super) use intern;
