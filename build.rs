//! Tells the bindings which CPython they are compiled for (`Py_3_14`, `Py_GIL_DISABLED`), and makes
//! the command `eventkit` executable.

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
    #[cfg(all(feature = "python", unix))]
    make_executable("wheel/scripts/eventkit");
}

/// Sets the executable bits of a script, which a source distribution of maturin does not keep. A wheel
/// takes them from the file, and pip from the wheel.
#[cfg(all(feature = "python", unix))]
fn make_executable(script: &str) {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    println!("cargo:rerun-if-changed={script}");
    if let Err(error) = set_permissions(script, Permissions::from_mode(0o755)) {
        println!("cargo:warning={script} may not be executable: {error}");
    }
}
