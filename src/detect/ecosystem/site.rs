//! Static sites, and folders that only describe a deployment.

use super::Ecosystem;
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind;
use crate::detect::read::pattern::Pattern;
use crate::detect::read::{base, extension};
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem = Ecosystem {
    markers: &[
        "hugo.toml",
        "hugo.yaml",
        "hugo.yml",
        "hugo.json",
        "config.toml",
        "config.yaml",
        "config.yml",
        "config.json",
        "zola.toml",
        "_config.yml",
        "mkdocs.yml",
        "mkdocs.yaml",
        "book.toml",
        "haunt.scm",
        "Staticfile",
    ],
    describe,
};

/// Pages alone.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["index.html", "index.htm"], describe: pages };

/// Charts, overlays and configurations, where nothing else is.
pub(super) const INFRASTRUCTURE: Ecosystem = Ecosystem {
    markers: &["Chart.yaml", "kustomization.yaml", "kustomization.yml", "*.tf", "*.bicep", "Pulumi.yaml"],
    describe: infrastructure,
};

struct Generator {
    name: &'static str,
    /// Files that say it, and the folder that must be beside them.
    files: &'static [&'static str],
    beside: &'static [&'static str],
    port: u16,
    build: &'static str,
    dev: &'static str,
}

/// Site generators that are programs of their own.
const GENERATORS: &[Generator] = &[
    Generator {
        name: "hugo",
        files: &[
            "hugo.toml",
            "hugo.yaml",
            "hugo.yml",
            "hugo.json",
            "config.toml",
            "config.yaml",
            "config.yml",
            "config.json",
        ],
        beside: &["content", "archetypes", "layouts", "themes"],
        port: 1313,
        build: "hugo",
        dev: "hugo server",
    },
    Generator {
        name: "zola",
        files: &["zola.toml", "config.toml"],
        beside: &["content", "templates", "sass"],
        port: 1111,
        build: "zola build",
        dev: "zola serve",
    },
    Generator {
        name: "jekyll",
        files: &["_config.yml"],
        beside: &["_posts", "_layouts", "_includes", "_data", "_sass"],
        port: 4000,
        build: "jekyll build",
        dev: "jekyll serve",
    },
    Generator {
        name: "mkdocs",
        files: &["mkdocs.yml", "mkdocs.yaml"],
        beside: &["docs", "."],
        port: 8000,
        build: "mkdocs build",
        dev: "mkdocs serve",
    },
    Generator {
        name: "mdbook",
        files: &["book.toml"],
        beside: &["src"],
        port: 3000,
        build: "mdbook build",
        dev: "mdbook serve",
    },
    Generator {
        name: "haunt",
        files: &["haunt.scm"],
        beside: &["."],
        port: 8080,
        build: "haunt build",
        dev: "haunt serve",
    },
];

static ZOLA: Pattern = Pattern::new(
    r"(?m)^\s*(?:compile_sass|build_search_index|generate_feeds?|highlight_code)\s*=|^\[markdown\]|^\[extra\]",
);

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    for generator in GENERATORS {
        let Some(file) = scope.first(generator.files) else { continue };
        let beside = |name: &&str| {
            **name == *"."
                || crate::detect::read::join(&scope.dir, name).is_some_and(|dir| scope.tree.has_folder(&dir))
        };
        let named = || {
            generator.name == "jekyll" && scope.tree.text(&file).is_some_and(|text| text.contains("jekyll"))
        };
        if !generator.beside.iter().any(beside) && !named() {
            continue;
        }
        let shared = matches!(base(&file), "config.toml" | "config.yaml" | "config.yml" | "config.json");
        let zola = scope.tree.text(&file).is_some_and(|text| ZOLA.is_match(&text));
        let generic = shared
            && !scope.tree.text(&file).is_some_and(|text| {
                ["baseURL", "base_url", "baseurl", "languageCode"].iter().any(|word| text.contains(word))
            });
        if generic || (shared && (generator.name == "zola") != zola && extension(&file) == "toml") {
            continue;
        }
        let at = At::file(&file);
        let mut draft = Draft::new("site", &scope.dir);
        // A handbook beside an application is a page of it.
        draft.strength = 2;
        draft.language(if generator.name == "haunt" { "Scheme" } else { "HTML" }, &at, 0.6);
        draft.framework(generator.name, None, &at, 0.9);
        draft.kind(ComponentKind::Static, &at, 0.9);
        draft.port(generator.port, PortSource::Default, &at);
        draft.command(Slot::Build, generator.build, &at, 0.85);
        draft.command(Slot::Dev, generator.dev, &at, 0.85);
        return vec![draft];
    }
    scope.find("Staticfile").map(|_| pages(scope)).unwrap_or_default()
}

fn pages(scope: &Scope<'_>) -> Vec<Draft> {
    let file = scope.first(&[
        "index.html",
        "index.htm",
        "public/index.html",
        "site/index.html",
        "src/index.html",
        "www/index.html",
        "html/index.html",
        "htdocs/index.html",
        "web/index.html",
        "app/index.html",
        "static/index.html",
    ]);
    let Some(file) = file else { return Vec::new() };
    let mut draft = Draft::new("site", &scope.dir);
    let at = At::file(file);
    draft.strength = 1;
    draft.language("HTML", &at, 0.85);
    draft.kind(ComponentKind::Static, &at, 0.85);
    vec![draft]
}

fn infrastructure(scope: &Scope<'_>) -> Vec<Draft> {
    let kind = |file: &&&str| {
        matches!(base(file), "Chart.yaml" | "kustomization.yaml" | "kustomization.yml" | "Pulumi.yaml")
            || matches!(extension(file), "tf" | "bicep")
    };
    let Some(file) = scope.files.iter().find(kind) else { return Vec::new() };
    let mut draft = Draft::new("infrastructure", &scope.dir);
    draft.kind(ComponentKind::Infrastructure, &At::file(*file), 0.85);
    if let Some(chart) = scope.find("Chart.yaml")
        && let Some(doc) = scope.tree.doc(&chart)
        && let Some(name) = doc.get("name").and_then(|name| name.as_str())
    {
        draft.name(name, &At::file(chart));
    }
    vec![draft]
}
