//! Replaces a file whole or not at all, as `eventkit/files.py` does.
//!
//! Invariant: the target is not changed before the rename. If anything fails before it, the temporary file is deleted.

use core::hash::BuildHasher;
use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// The number of links that the kernel follows.
const LINKS: usize = 40;

/// Follows symbolic links and returns the path of the file itself, so that the file is replaced and not the link.
pub(super) fn follow(path: &Path) -> PathBuf {
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(link) = fs::read_link(&target) else {
            break;
        };
        target = target.parent().unwrap_or(Path::new("")).join(link);
    }
    target
}

/// A new file in the target's directory. If it is dropped before [`AtomicFile::replace`], it is deleted.
pub(super) struct AtomicFile<'a> {
    temporary: PathBuf,
    target: &'a Path,
}

impl<'a> AtomicFile<'a> {
    /// Creates the new file, with the permissions of the one it will replace.
    pub(super) fn create(target: &'a Path) -> io::Result<(Self, File)> {
        let replaced = fs::metadata(target).ok();
        if replaced
            .as_ref()
            .is_some_and(|metadata| !metadata.is_file())
        {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        loop {
            // Short and random: a name made from the target's would be too long when the target's just fits.
            let random = RandomState::new().hash_one(process::id());
            let temporary = target.with_file_name(format!(".{random:016x}.tmp"));
            match File::create_new(&temporary) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => {
                    let file = created?;
                    let new = Self { temporary, target };
                    if let Some(replaced) = replaced {
                        file.set_permissions(replaced.permissions())?;
                    }
                    return Ok((new, file));
                }
            }
        }
    }

    /// Syncs the new file and puts it in the target's place.
    pub(super) fn replace(self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.temporary, self.target)?;
        let directory = match self.target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // Makes the rename itself last through a power cut, where the file system can.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

impl Drop for AtomicFile<'_> {
    fn drop(&mut self) {
        // After the rename there is nothing of this name.
        let _ = fs::remove_file(&self.temporary);
    }
}
