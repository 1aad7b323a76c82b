//! Tells the bindings which CPython they are compiled for (`Py_3_14`, `Py_GIL_DISABLED`).

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
