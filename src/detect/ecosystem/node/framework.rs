//! Frameworks of Node: the most specific wins, bundlers come last.

use super::manifest::Manifest;
use super::program;
use crate::detect::draft::{At, Draft};
use crate::detect::facts::ComponentKind::{self, Static, Unknown, Web};
use crate::detect::read::pattern::Pattern;
use crate::detect::read::version;
use crate::detect::rule::Framework;
use crate::detect::rule::framework::{best, row};
use crate::detect::scope::Scope;

/// Below this rank a row is a bundler: a server among the dependencies goes first.
const BUNDLER: u8 = 25;

/// All rows.
pub(in crate::detect) const FRAMEWORKS: &[Framework] = &[
    row("blitz", &["blitz"], 85, Some(3000), Web),
    row("redwood", &["@redwoodjs/core", "@redwoodjs/web", "@redwoodjs/api"], 85, Some(8910), Web),
    row("next", &["next"], 80, Some(3000), Web),
    row("nuxt", &["nuxt", "nuxt3", "nuxt-edge", "nuxt-nightly"], 80, Some(3000), Web),
    row(
        "tanstack-start",
        &["@tanstack/react-start", "@tanstack/solid-start", "@tanstack/start"],
        79,
        Some(3000),
        Web,
    ),
    row("react-router", &["@react-router/dev"], 78, Some(5173), Web),
    row("sveltekit", &["@sveltejs/kit"], 78, Some(5173), Web),
    row("solidstart", &["@solidjs/start", "solid-start"], 78, Some(3000), Web),
    row("astro", &["astro"], 77, Some(4321), Static),
    row("gatsby", &["gatsby"], 77, Some(8000), Static),
    row(
        "remix",
        &["@remix-run/dev", "@remix-run/node", "@remix-run/serve", "@remix-run/react"],
        75,
        Some(3000),
        Web,
    ),
    row(
        "qwik",
        &["@builder.io/qwik", "@builder.io/qwik-city", "@qwik.dev/core", "@qwik.dev/router"],
        74,
        Some(5173),
        Web,
    ),
    row("docusaurus", &["@docusaurus/core", "docusaurus"], 74, Some(3000), Static),
    row("vitepress", &["vitepress"], 72, Some(5173), Static),
    row("vuepress", &["vuepress"], 72, Some(8080), Static),
    row("analog", &["@analogjs/platform"], 73, Some(5173), Web),
    row("hydrogen", &["@shopify/hydrogen"], 79, Some(3000), Web),
    row("sapper", &["sapper"], 72, Some(3000), Web),
    row("strapi", &["@strapi/strapi"], 84, Some(1337), Web),
    row("keystone", &["@keystone-6/core"], 84, Some(3000), Web),
    row("medusa", &["@medusajs/medusa"], 84, Some(9000), Web),
    row("sanity", &["sanity", "@sanity/core"], 69, Some(3333), Static),
    row("mastra", &["mastra"], 63, Some(4111), Web),
    row("directus", &["directus"], 84, Some(8055), Web),
    row("ghost", &["ghost"], 84, Some(2368), Web),
    row("meteor", &["meteor-node-stubs"], 70, Some(3000), Web),
    row("angular", &["@angular/core"], 70, Some(4200), Static),
    row("ember", &["ember-source", "ember-cli"], 70, Some(4200), Static),
    row("expo", &["expo"], 70, Some(19006), Unknown),
    row("react-native", &["react-native"], 66, Some(8081), Unknown),
    row("create-react-app", &["react-scripts", "react-app-rewired", "@craco/craco"], 68, Some(3000), Static),
    row("preact-cli", &["preact-cli"], 68, Some(8080), Static),
    row("polymer", &["polymer-cli"], 67, Some(8081), Static),
    row("vue-cli", &["@vue/cli-service"], 68, Some(8080), Static),
    row("gridsome", &["gridsome"], 68, Some(8080), Static),
    row("hexo", &["hexo"], 68, Some(4000), Static),
    row("umi", &["umi", "@umijs/max"], 68, Some(8000), Static),
    row("waku", &["waku"], 68, Some(3000), Web),
    row("vike", &["vike"], 45, Some(3000), Web),
    row("stencil", &["@stencil/core"], 40, Some(3333), Static),
    row("eleventy", &["@11ty/eleventy"], 66, Some(8080), Static),
    row("nestjs", &["@nestjs/core"], 64, None, Web),
    row("adonisjs", &["@adonisjs/core"], 64, Some(3333), Web),
    row("sails", &["sails"], 62, Some(1337), Web),
    row("feathers", &["@feathersjs/express", "@feathersjs/koa", "@feathersjs/feathers"], 60, None, Web),
    row("loopback", &["@loopback/rest", "@loopback/core"], 60, None, Web),
    row("foal", &["@foal/core"], 60, Some(3001), Web),
    row("midway", &["@midwayjs/core"], 58, Some(7001), Web),
    row("egg", &["egg"], 58, Some(7001), Web),
    row("functions-framework", &["@google-cloud/functions-framework"], 57, Some(8080), Web),
    row("firebase-functions", &["firebase-functions"], 57, Some(5001), Web),
    row("azure-functions", &["@azure/functions"], 56, Some(7071), Web),
    row("probot", &["probot"], 56, Some(3000), Web),
    row("moleculer", &["moleculer-web"], 54, Some(3000), Web),
    row("elysia", &["elysia"], 52, None, Web),
    row("hono", &["hono"], 50, None, Web),
    row("fastify", &["fastify"], 48, None, Web),
    row("hapi", &["@hapi/hapi"], 48, None, Web),
    row("koa", &["koa"], 46, None, Web),
    row("hyper-express", &["hyper-express"], 46, None, Web),
    row("ultimate-express", &["ultimate-express"], 46, None, Web),
    row("restify", &["restify"], 46, None, Web),
    row("polka", &["polka"], 46, None, Web),
    row("nitro", &["nitropack", "nitro"], 47, Some(3000), Web),
    row("express", &["express"], 44, None, Web),
    row("h3", &["h3"], 42, None, Web),
    row("apollo-server", &["@apollo/server", "apollo-server"], 36, Some(4000), Web),
    row("graphql-yoga", &["graphql-yoga"], 34, None, Web),
    row("micro", &["micro"], 32, Some(3000), Web),
    row("json-server", &["json-server"], 31, Some(3000), Web),
    row("socket.io", &["socket.io"], 30, None, Web),
    row("vite", &["vite", "rolldown-vite"], 20, Some(5173), Static),
    row("rsbuild", &["@rsbuild/core"], 19, Some(3000), Static),
    row("parcel", &["parcel", "parcel-bundler"], 18, Some(1234), Static),
    row("rspack", &["@rspack/cli"], 17, Some(8080), Static),
    row("webpack", &["webpack-dev-server"], 16, Some(8080), Static),
    row("brunch", &["brunch"], 15, Some(3333), Static),
    row("snowpack", &["snowpack"], 15, Some(8080), Static),
    row("http-server", &["http-server"], 10, Some(8080), Static),
    row("serve", &["serve"], 9, Some(3000), Static),
];

/// Frameworks of sites that mostly document something else.
const DOCUMENTATION: &[&str] = &["vitepress", "vuepress", "docusaurus"];

/// Executors of Nx and the framework that they build.
const EXECUTORS: &[(&str, &str)] = &[
    ("@nx/next:", "next"),
    ("@nrwl/next:", "next"),
    ("@nx/angular:", "angular"),
    ("@angular-devkit/build-angular:", "angular"),
    ("@angular/build:", "angular"),
    ("@nx/vite:", "vite"),
    ("@nrwl/vite:", "vite"),
    ("@nx/remix:", "remix"),
    ("@nx/nuxt:", "nuxt"),
    ("@nx/expo:", "expo"),
    ("@nrwl/web:", "webpack"),
    ("@nx/web:", "webpack"),
];

/// Settles the framework and gives its row.
pub(super) fn attach(
    scope: &Scope<'_>,
    manifest: &Manifest,
    draft: &mut Draft,
) -> Option<&'static Framework> {
    if let Some(framework) = nx(scope, manifest, draft) {
        return Some(framework);
    }
    let runs = best(FRAMEWORKS, manifest.dependencies().map(|(name, _)| name));
    let builds = best(FRAMEWORKS, manifest.tools().map(|(name, _)| name));
    let usable = |found: Option<(&'static Framework, &str)>| {
        found.map(|(row, name)| (row, name.to_owned())).filter(|(row, _)| plausible(scope, manifest, row))
    };
    // A server that only tests need is no framework; one that is bundled with is.
    let builds = builds.filter(|(row, _)| {
        row.rank >= 66
            || row.rank < BUNDLER
            || !manifest.dependencies().any(|_| true)
            || row.rank >= 40 && manifest.is_app()
    });
    // Pages that a bundler serves may have a server beside them that only imitates another.
    let bundled = |row: &Framework| {
        (BUNDLER..66).contains(&row.rank)
            && row.port.is_none()
            && manifest.script("dev").and_then(program::served).is_some_and(|(_, kind)| kind == Static)
            && scope.first(super::PAGES).is_some()
    };
    let builds = match builds {
        Some((row, _)) if bundled(row) => {
            let of = FRAMEWORKS.iter().filter(|row| row.rank < BUNDLER);
            of.max_by_key(|row| row.names.iter().any(|name| manifest.has(name)).then_some(row.rank))
                .and_then(|row| Some((row, row.names.iter().copied().find(|name| manifest.has(name))?)))
        }
        other => other,
    };
    let (row, name) = match (usable(runs), usable(builds)) {
        // A server's documentation is built with a tool of its own.
        (Some(runs), Some(builds)) if runs.0.kind == Web && DOCUMENTATION.contains(&builds.0.name) => runs,
        (Some(runs), Some(builds)) => {
            if builds.0.rank > runs.0.rank && (builds.0.rank >= 66 || runs.0.rank < BUNDLER) {
                builds
            } else {
                runs
            }
        }
        (runs, builds) => runs.or(builds)?,
    };
    // The package of the framework itself says the version, not one that comes with it.
    let own = std::iter::once(row.name).chain(row.names.iter().copied()).find(|name| manifest.has(name));
    let own = own.unwrap_or(&name);
    let declared =
        manifest.all().find(|(known, _)| *known == own).map(|(_, version)| version).unwrap_or_default();
    let version = version::bare(declared)
        .or_else(|| super::command::locked_version(scope, own, declared))
        // Meteor's own version is in none of its packages.
        .filter(|_| row.name != "meteor");
    draft.framework(row.name, version, &manifest.at(&name), 0.95);
    Some(row)
}

/// A bundler is a framework where something is served with it; a library may only build with it.
fn plausible(scope: &Scope<'_>, manifest: &Manifest, row: &Framework) -> bool {
    if row.rank >= BUNDLER {
        return true;
    }
    let tool = row.names[0].trim_start_matches('@').split('/').next().unwrap_or_default();
    let tool = match row.name {
        "webpack" => "webpack",
        "rsbuild" => "rsbuild",
        "rspack" => "rspack",
        _ => tool,
    };
    let scripted = manifest.scripts().any(|(name, script)| {
        !name.starts_with("test")
            && script.split_whitespace().any(|word| word == tool || word.ends_with(&format!("/{tool}")))
    });
    let page = scope.first(&["index.html", "src/index.html", "public/index.html"]).is_some();
    match row.name {
        "vite" => {
            page || (scripted
                && (manifest.script("dev").is_some() || manifest.script("start").is_some())
                && manifest.get("exports").is_none())
        }
        "webpack" => manifest
            .scripts()
            .any(|(_, script)| script.contains("webpack serve") || script.contains("webpack-dev-server")),
        "http-server" | "serve" => manifest
            .script("start")
            .or(manifest.script("dev"))
            .is_some_and(|script| script.split_whitespace().any(|word| word == tool)),
        _ => scripted || page,
    }
}

fn nx(scope: &Scope<'_>, manifest: &Manifest, draft: &mut Draft) -> Option<&'static Framework> {
    let targets = manifest.nx.as_ref()?.get("targets")?.as_object()?;
    let executors = targets.values().filter_map(|target| target.get("executor")?.as_str());
    let name = executors.into_iter().find_map(|executor| {
        EXECUTORS.iter().find(|(prefix, _)| executor.starts_with(prefix)).map(|(_, name)| *name)
    })?;
    if manifest.text("projectType") == Some("library") {
        return None;
    }
    let row = FRAMEWORKS.iter().find(|row| row.name == name)?;
    let root = Manifest::of(scope.tree, ".");
    let version = root.as_ref().and_then(|root| {
        root.all().find(|(known, _)| row.names.contains(known)).and_then(|(_, v)| version::bare(v))
    });
    draft.framework(row.name, version, &manifest.at("executor"), 0.8);
    Some(row)
}

static EXPORT: Pattern = Pattern::new(r#"\boutput\s*:\s*['"]export['"]"#);
static NO_SSR: Pattern = Pattern::new(r"\bssr\s*:\s*false\b");
static STATIC_PRESET: Pattern = Pattern::new(r#"\bpreset\s*:\s*['"](?:static|github[-_]pages)['"]"#);
static STATIC_ADAPTER: Pattern = Pattern::new(r#"from\s+['"]@sveltejs/adapter-static['"]"#);
static SERVER_OUTPUT: Pattern = Pattern::new(r#"\boutput\s*:\s*['"](?:server|hybrid)['"]"#);
static ADAPTER: Pattern = Pattern::new(r"\badapter\s*:");

/// What the configuration makes of an application, and where it says so: pages that are rendered when built,
/// or a server.
pub(super) fn rendered(
    scope: &Scope<'_>,
    manifest: &Manifest,
    framework: &Framework,
) -> Option<(ComponentKind, At)> {
    if framework.name == "nuxt"
        && manifest.script("build").is_some_and(|script| ["nuxt generate", "nuxi generate"].contains(&script))
    {
        return Some((Static, manifest.at("build")));
    }
    let (files, pattern, kind): (&[&str], &[&Pattern], ComponentKind) = match framework.name {
        "next" => {
            (&["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"], &[&EXPORT], Static)
        }
        "nuxt" => {
            (&["nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs"], &[&NO_SSR, &STATIC_PRESET], Static)
        }
        "react-router" => (&["react-router.config.ts", "react-router.config.js"], &[&NO_SSR], Static),
        "remix" => (&["vite.config.ts", "vite.config.js"], &[&NO_SSR], Static),
        "solidstart" => (&["app.config.ts", "app.config.js"], &[&STATIC_PRESET], Static),
        "sveltekit" => (&["svelte.config.js", "svelte.config.ts"], &[&STATIC_ADAPTER], Static),
        "astro" => {
            (&["astro.config.mjs", "astro.config.ts", "astro.config.js"], &[&SERVER_OUTPUT, &ADAPTER], Web)
        }
        _ => return None,
    };
    let file = scope.first(files)?;
    let code = scope.tree.code(&file)?;
    let found = pattern.iter().find_map(|pattern| pattern.find(&code.text))?;
    Some((kind, At::line(&file, code.line(found.start()))))
}
