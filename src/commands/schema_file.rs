//! The schema that a file of ours names for editors, written beside it. Beside `devbox.yaml` it stands in a
//! folder that keeps itself out of git: the committed line is the same everywhere, and what it leads to is
//! always of the devbox that is installed there.

use std::path::Path;

use crate::config::{SchemaOf, schema};
use crate::fs::{self, Access, FsError};
use crate::ui::Ui;

/// Everything in the folder, and the folder with it.
const IGNORE: (&str, &str) = (".gitignore", "*\n");

/// Writes the schema where a file with this text names it, unless it stands there already. An editor can do
/// without it, so that it cannot be written is a warning.
pub(super) fn refresh(ui: &Ui, file: &Path, of: SchemaOf, text: &str) {
    let is_named =
        text.lines().take_while(|line| line.starts_with('#')).any(|line| line == of.line().trim_end());
    if !is_named {
        return;
    }
    if let Err(error) = write(file, of) {
        ui.warn(&format!(
            "{error}: editors will not know the keys of `{}` ({})",
            file.display(),
            error.source
        ));
    }
}

fn write(file: &Path, of: SchemaOf) -> Result<(), FsError> {
    let target = file.with_file_name(of.path());
    let Some(folder) = target.parent() else { return Ok(()) };
    // A repository could hold a link in the place of either, and lead us elsewhere.
    if !is_free(folder, true) || !is_free(&target, false) {
        return Ok(());
    }
    let failed = |source| FsError { verb: "create", path: folder.to_path_buf(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let ignore = folder.join(IGNORE.0);
    if of == SchemaOf::Project && !ignore.exists() && is_free(&ignore, false) {
        fs::write_atomic(&ignore, IGNORE.1.as_bytes(), Access::Shared)?;
    }
    let text = format!("{:#}\n", schema(of));
    match fs::read_optional(&target)? {
        Some(before) if before == text => Ok(()),
        _ => fs::write_atomic(&target, text.as_bytes(), Access::Shared),
    }
}

/// Nothing is there, or exactly what is to be there.
fn is_free(path: &Path, folder: bool) -> bool {
    match path.symlink_metadata() {
        Ok(found) => {
            if folder {
                found.is_dir()
            } else {
                found.is_file()
            }
        }
        Err(_) => true,
    }
}
