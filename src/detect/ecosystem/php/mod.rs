//! PHP: `composer.json`, or pages without one.

mod server;
mod service;

use serde_json::Value;

use super::shared::{self, Dependency};
use super::{Ecosystem, tools, version};
use crate::detect::draft::{At, Draft, PortSource, Slot};
use crate::detect::facts::ComponentKind::{self, Web};
use crate::detect::read::lines;
use crate::detect::read::version::bare;
use crate::detect::rule::Framework;
use crate::detect::rule::framework::row;
use crate::detect::scope::Scope;

pub(super) const ECOSYSTEM: Ecosystem =
    Ecosystem { markers: &["composer.json", "wp-config.php", "wp-config-sample.php"], describe };

/// Pages without a manifest.
pub(super) const LOOSE: Ecosystem = Ecosystem { markers: &["index.php"], describe };

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("laravel", &["laravel/framework"], 80, Some(8000), Web),
    row("lumen", &["laravel/lumen-framework"], 80, Some(8000), Web),
    row("drupal", &["drupal/core", "drupal/core-recommended"], 78, None, Web),
    row("wordpress", &["johnpbloch/wordpress", "roots/wordpress", "roots/bedrock"], 78, None, Web),
    row("symfony", &["symfony/framework-bundle", "symfony/symfony", "symfony/flex"], 70, Some(8000), Web),
    row("cakephp", &["cakephp/cakephp"], 70, Some(8765), Web),
    row("codeigniter", &["codeigniter4/framework"], 70, Some(8080), Web),
    row("yii", &["yiisoft/yii2", "yiisoft/yii-web"], 70, Some(8080), Web),
    row("laminas", &["laminas/laminas-mvc"], 66, Some(8080), Web),
    row("mezzio", &["mezzio/mezzio"], 66, Some(8080), Web),
    row("hyperf", &["hyperf/framework", "hyperf/http-server"], 66, Some(9501), Web),
    row("functions-framework", &["google/cloud-functions-framework"], 64, Some(8080), Web),
    row("webman", &["workerman/webman-framework"], 66, Some(8787), Web),
    row("spiral", &["spiral/framework"], 66, Some(8080), Web),
    row("workerman", &["workerman/workerman"], 50, None, Web),
    row("reactphp", &["react/http"], 46, None, Web),
    row("slim", &["slim/slim"], 60, None, Web),
    row("flight", &["mikecao/flight", "flightphp/core"], 58, None, Web),
];

fn describe(scope: &Scope<'_>) -> Vec<Draft> {
    let composer = scope.find("composer.json");
    let pages = scope.sources(&["php"]);
    if composer.is_none() && pages.is_empty() {
        return Vec::new();
    }
    let marker = composer
        .clone()
        .or_else(|| scope.find("index.php"))
        .or_else(|| pages.first().map(|f| (*f).to_owned()))
        .unwrap_or_default();
    let whole = At::file(&marker);
    let mut draft = Draft::new("php", &scope.dir);
    draft.strength = 1;
    draft.language("PHP", &whole, 0.95);
    draft.runtime("php", &whole, 0.9);
    let doc = composer.as_deref().and_then(|file| scope.tree.doc(file));
    let text = composer.as_deref().and_then(|file| scope.tree.text(file)).unwrap_or_else(|| "".into());
    let at = |word: &str| At::line(&marker, lines::word(&text, word));
    let get = |pointer: &str| doc.as_deref().and_then(|doc| doc.pointer(pointer));
    if let Some(name) = get("/name").and_then(Value::as_str) {
        draft.name(name, &at("name"));
    }
    let mut dependencies = Vec::new();
    for (name, value) in get("/require").and_then(Value::as_object).into_iter().flatten() {
        draft.needs.insert(name.clone());
        dependencies.push(Dependency {
            name: name.clone(),
            version: value.as_str().and_then(bare),
            at: at(&format!("\"{name}\"")),
        });
    }
    if composer.is_some() {
        draft.manager("composer", &whole, 0.98);
        draft.command(Slot::Install, "composer install", &whole, 0.9);
    }
    let mut pins = version::Pins::default();
    pins.push(tools::pinned(scope.tree, &scope.dir, &["php"]));
    pins.push(tools::file(scope.tree, &scope.dir, &[".php-version"]));
    let pin = |pointer: &str| Some(tools::Pin { text: get(pointer)?.as_str()?.to_owned(), at: at("php") });
    pins.push(pin("/config/platform/php"));
    pins.manifest = pin("/require/php");
    version::settle(scope.tree, &mut draft, pins, 2, |text| {
        // composer's `^7.4|^8.0` is the same as with two bars
        text.contains('|')
            .then(|| crate::detect::read::version::resolve(&text.replace("||", "|").replace('|', "||"), 2))
            .flatten()
    });
    let framework = shared::framework(FRAMEWORKS, &dependencies, &mut draft);
    shared::services("php", &dependencies, &mut draft);
    let name = framework.map(|row| row.name).unwrap_or_default();
    if name == "symfony"
        && let Some(required) = get("/extra/symfony/require").and_then(Value::as_str)
        && let Some(version) = bare(required)
    {
        draft.c.framework_version = Some(version);
    }
    if matches!(name, "laravel" | "symfony" | "lumen") {
        draft.strength = 4;
    }
    service::settings(scope, &mut draft);
    if framework.is_none() {
        service::connections(scope, &pages, &mut draft);
    }
    let index = server::index(scope);
    let wordpress = scope.first(&["wp-config.php", "wp-config-sample.php", "wp-load.php"]);
    if framework.is_none() {
        if let Some(file) = wordpress {
            draft.framework("wordpress", None, &At::file(&file), 0.9);
            draft.service("mysql", None, &At::file(&file), 0.7);
            draft.kind(Web, &At::file(file), 0.9);
            draft.strength = 3;
        } else if let Some(file) = &index {
            draft.kind(Web, &At::file(file), 0.8);
            draft.strength = 3;
        } else if get("/type").and_then(Value::as_str) != Some("project")
            && (get("/type").is_some() || get("/autoload").is_some())
        {
            draft.kind(ComponentKind::Library, &whole, 0.7);
        } else if !pages.is_empty() && get("/bin").is_none() {
            draft.kind(Web, &whole, 0.5);
        }
    }
    let script = |name: &str| get(&format!("/scripts/{name}")).is_some();
    let tool = |file: &str, run: &str| scope.find(file).map(|_| run.to_owned());
    let own = match name {
        "cakephp" => tool("bin/cake", "bin/cake server"),
        "codeigniter" => tool("spark", "php spark serve"),
        "yii" => tool("yii", "php yii serve"),
        _ => None,
    };
    if let Some(run) = own {
        draft.command(Slot::Start, &run, &whole, 0.75);
        draft.command(Slot::Dev, &run, &whole, 0.8);
    }
    match name {
        "laravel" => {
            draft.command(Slot::Start, "php artisan serve", &whole, 0.8);
            draft.command(
                Slot::Dev,
                if script("dev") { "composer run dev" } else { "php artisan serve" },
                &whole,
                0.75,
            );
        }
        "functions-framework" => {
            let run = "php -S localhost:8080 vendor/bin/router.php";
            draft.command(Slot::Start, run, &whole, 0.7);
            draft.command(Slot::Dev, run, &whole, 0.7);
        }
        "symfony" => {
            draft.command(Slot::Start, "symfony serve", &whole, 0.7);
            draft.command(Slot::Dev, "symfony serve", &whole, 0.7);
        }
        _ => {}
    }
    for (slot, names) in [
        (Slot::Start, ["start", "serve"]),
        (Slot::Dev, ["dev", "serve"]),
        (Slot::Test, ["test", "tests"]),
        (Slot::Build, ["build", "build:prod"]),
    ] {
        if let Some(found) = names.into_iter().find(|name| script(name)) {
            draft.command(slot, &format!("composer {found}"), &at(found), 0.85);
        }
    }
    if let Some(file) = index.filter(|_| !matches!(name, "drupal" | "hyperf")) {
        server::attach(scope, &file, &mut draft);
    }
    if get("/require-dev/pestphp~1pest").is_some() && name != "laravel" {
        draft.command(Slot::Test, "vendor/bin/pest", &whole, 0.8);
    }
    if name == "laravel" {
        draft.command(Slot::Test, "php artisan test", &whole, 0.75);
    } else if get("/require-dev/phpunit~1phpunit").is_some()
        || scope.first(&["phpunit.xml", "phpunit.xml.dist"]).is_some()
    {
        draft.command(Slot::Test, "vendor/bin/phpunit", &whole, 0.75);
    }
    for (_, script) in get("/scripts")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name == "start" || *name == "serve")
    {
        if let Some(port) = script.as_str().and_then(|text| {
            text.rsplit_once("-S ")?.1.split([' ', '/']).next()?.rsplit(':').next()?.parse().ok()
        }) {
            draft.port(port, PortSource::Script, &at("start"));
        }
    }
    vec![draft]
}
