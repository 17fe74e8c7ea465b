//! PHP's own server, for pages that no framework's tool serves: the folder of the first page, and the port.

use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::read::pattern::Pattern;
use crate::detect::scope::Scope;

/// Where the first page of a site may be.
const INDEX: &[&str] = &[
    "index.php",
    "public/index.php",
    "web/index.php",
    "htdocs/index.php",
    "html/index.php",
    "www/index.php",
    "webroot/index.php",
    "public_html/index.php",
    "src/index.php",
    "src/public/index.php",
    "app/index.php",
];

/// The first page.
pub(super) fn index(scope: &Scope<'_>) -> Option<String> {
    scope.first(INDEX)
}

/// The port that PHP's manual calls its server with.
const PORT: u16 = 8000;

/// `php -S localhost:8080 -t web` as a person would type it.
static TYPED: Pattern = Pattern::new(r"\bphp\s+-S\s+[\w.]+:(\d{2,5})\b");

/// Adds the server over the folder of the first page `index`, where nothing else starts the pages.
pub(super) fn attach(scope: &Scope<'_>, index: &str, draft: &mut Draft) {
    if draft.c.commands.start.is_some() || draft.c.framework.as_deref() == Some("wordpress") {
        return;
    }
    let root = scope.relative(index).rsplit_once('/').map(|(root, _)| format!(" -t {root}"));
    let run = format!("php -S 0.0.0.0:{PORT}{}", root.unwrap_or_default());
    let at = At::file(index);
    draft.command(Slot::Start, &run, &at, 0.6);
    draft.command(Slot::Dev, &run, &at, 0.6);
    if let Some((port, at)) = typed(scope) {
        draft.port(port, PortSource::DotEnv, &at);
    }
    draft.port(PORT, PortSource::Default, &at);
}

/// The port that the description of the project says.
fn typed(scope: &Scope<'_>) -> Option<(u16, At)> {
    let file = scope.first(&["README.md", "readme.md", "README", "README.txt", "README.rst"])?;
    let text = scope.tree.text(&file)?;
    let (line, number) = text.lines().zip(1u32..).find(|(line, _)| TYPED.is_match(line))?;
    let port = TYPED.captures(line)?[1].parse().ok()?;
    Some((port, At::line(file, number)))
}
