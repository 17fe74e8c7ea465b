//! Variables that a type or a schema declares: struct tags of Go, attributes of clap, structs that envy, figment
//! and config fill, settings of pydantic, schemas of zod, Joi and their relatives. What is declared with a
//! default, or as optional, is not required.

mod clap;
mod fields;
mod go;
mod python;
mod script;
mod structs;

use super::reading::GIVEN;
use super::variables;
use crate::detect::draft::{At, Draft};
use crate::detect::read::Code;

/// A variable that a declaration names.
struct Declared<'c> {
    name: String,
    /// Where in the text.
    offset: usize,
    need: Need<'c>,
}

/// What a declaration says of a variable that is not set.
enum Need<'c> {
    Required,
    Optional,
    /// The expression that holds instead.
    Default(&'c str),
    /// The text that holds instead.
    Text(&'c str),
}

/// Adds what a source declares.
pub(super) fn attach(code: &Code, file: &str, extension: &str, draft: &mut Draft) {
    let found = match extension {
        "go" => go::declared(code),
        "rs" => {
            let mut found = clap::declared(code);
            found.extend(structs::declared(code));
            found
        }
        "py" => python::declared(code),
        "js" | "ts" | "mjs" | "cjs" | "mts" | "cts" => script::declared(code),
        _ => return,
    };
    for Declared { name, offset, need } in found {
        if name.len() > 100 || GIVEN.contains(&name.as_str()) {
            continue;
        }
        let at = At::line(file, code.line(offset));
        let literal = match need {
            // What raises when it is not set is no default.
            Need::Default(expression) => variables::default(expression),
            Need::Text(text) => Some(Some(text.to_owned())),
            Need::Optional => Some(None),
            Need::Required => None,
        };
        draft.env(&name, variables::given(&name, literal.as_ref(), false), &at, 0.85);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::read::extension;

    fn read(text: &str, name: &str) -> Vec<(String, bool, Option<String>)> {
        let mut draft = Draft::new("node", ".");
        attach(&Code::new(text, name), name, extension(name), &mut draft);
        let (component, _) = draft.finish();
        component.env.into_iter().map(|env| (env.name, env.required, env.default)).collect()
    }

    fn variable(name: &str, required: bool, default: Option<&str>) -> (String, bool, Option<String>) {
        (name.to_owned(), required, default.map(str::to_owned))
    }

    #[test]
    fn struct_tags_of_go() {
        let text = "type Config struct {\n\
                    \tPort int `env:\"PORT\" envDefault:\"8080\"`\n\
                    \tHost string `json:\"host\" env:\"API_HOST,required\"`\n\
                    \tLevel string `env:\"LEVEL\"`\n\
                    \tDB Database `envPrefix:\"DB_\"`\n}\n\
                    type Database struct {\n\tName string `env:\"NAME, default=shop\"`\n}\n";
        assert_eq!(
            read(text, "a.go"),
            [
                variable("API_HOST", true, None),
                variable("DB_NAME", false, Some("shop")),
                variable("LEVEL", false, None),
                variable("PORT", false, Some("8080")),
            ]
        );
        let plain = "type C struct {\n\tHost string `envconfig:\"HOST_NAME\"`\n}\n";
        assert_eq!(read(plain, "a.go"), [variable("HOST_NAME", true, None)]);
    }

    #[test]
    fn attributes_of_clap() {
        let text = "#[derive(Parser)]\nstruct Args {\n\
                    \x20   #[arg(long, env = \"PORT\", default_value_t = 3000)]\n    port: u16,\n\
                    \x20   #[clap(long, env)]\n    pub upstream_host: String,\n\
                    \x20   #[arg(env = \"LEVEL\")]\n    level: Option<String>,\n\
                    \x20   #[arg(long)]\n    other: String,\n}\n";
        assert_eq!(
            read(text, "a.rs"),
            [
                variable("LEVEL", false, None),
                variable("PORT", false, Some("3000")),
                variable("UPSTREAM_HOST", true, None),
            ]
        );
    }

    #[test]
    fn attributes_of_envconfig() {
        let text = "#[derive(Envconfig)]\nstruct Config {\n    #[envconfig(from = \"API_HOST\")]\n    host: String,\n\
                    \x20   #[envconfig(from = \"PORT\", default = \"8080\")]\n    pub port: u16,\n\
                    \x20   #[envconfig(nested)]\n    db: Db,\n}\n";
        assert_eq!(
            read(text, "a.rs"),
            [variable("API_HOST", true, None), variable("PORT", false, Some("8080"))]
        );
    }

    #[test]
    fn structs_that_envy_fills() {
        let text = "#[derive(Debug, Deserialize)]\npub struct Config {\n    pub api_host: String,\n\
                    \x20   /// Where it listens.\n    #[serde(default = \"default_port\")]\n    port: u16,\n\
                    \x20   level: Option<String>,\n    #[serde(rename = \"mode\", default)]\n    kind: Mode,\n\
                    \x20   #[serde(skip)]\n    cache: Cache,\n}\n\
                    fn default_port() -> u16 {\n    8080\n}\n\
                    fn load() -> envy::Result<Config> {\n    envy::prefixed(\"SHOP_\").from_env()\n}\n";
        let shop = [
            variable("SHOP_API_HOST", true, None),
            variable("SHOP_LEVEL", false, None),
            variable("SHOP_MODE", false, None),
            variable("SHOP_PORT", false, Some("8080")),
        ];
        assert_eq!(read(text, "a.rs"), shop);
        let bound = text.replace("envy::prefixed(\"SHOP_\").from_env()", "envy::from_env::<Config>()");
        let names: Vec<String> = read(&bound, "a.rs").into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["API_HOST", "LEVEL", "MODE", "PORT"]);
        // Nothing is known of a struct of another file, nor where all fields have other names.
        assert!(read("fn load() -> Result<Config> { envy::from_env() }", "a.rs").is_empty());
        let renamed = text.replace("pub struct", "#[serde(rename_all = \"camelCase\")]\npub struct");
        assert!(read(&renamed, "a.rs").is_empty());
        assert!(read(&text.replace("Deserialize", "Clone"), "a.rs").is_empty());
    }

    #[test]
    fn structs_that_figment_and_config_fill() {
        let structs = "#[derive(Deserialize)]\nstruct Settings {\n    database: Database,\n    base_url: String,\n\
                       \x20   other: Unknown,\n}\n#[derive(Deserialize)]\nstruct Database {\n    host: String,\n\
                       \x20   pool: Option<u32>,\n}\n";
        let figment = |chain: &str| {
            let text = format!(
                "{structs}fn load() {{\n    let s: Settings = Figment::new(){chain}.extract()?;\n}}\n"
            );
            read(&text, "a.rs")
        };
        assert_eq!(figment(".merge(Env::prefixed(\"APP_\"))"), [variable("APP_BASE_URL", true, None)]);
        assert_eq!(
            figment(".merge(Env::prefixed(\"APP_\").split(\"__\"))"),
            [
                variable("APP_BASE_URL", true, None),
                variable("APP_DATABASE__HOST", true, None),
                variable("APP_DATABASE__POOL", false, None),
            ]
        );
        // `APP_BASE_URL` would be the field `url` of `base`.
        assert_eq!(
            figment(".merge(Serialized::defaults(d)).merge(Env::prefixed(\"APP_\").split(\"_\"))"),
            [variable("APP_DATABASE_HOST", false, None), variable("APP_DATABASE_POOL", false, None)]
        );
        assert!(figment(".merge(Env::prefixed(\"APP_\").map(|key| other(key)))").is_empty());
        assert!(figment(".merge(Env::prefixed(PREFIX))").is_empty());
        assert!(figment(".merge(Toml::file(\"a.toml\")).merge(Env::prefixed(\"APP_\"))").is_empty());
        let config = |sources: &str| {
            let text = format!(
                "{structs}impl Settings {{\n    pub fn new() -> Result<Self, ConfigError> {{\n\
                 \x20       let s = Config::builder(){sources}.build()?;\n        s.try_deserialize()\n    }}\n}}\n"
            );
            read(&text, "a.rs")
        };
        assert_eq!(
            config(".add_source(Environment::with_prefix(\"app\"))"),
            [variable("APP_BASE_URL", true, None)]
        );
        assert_eq!(
            config(
                ".set_default(\"base_url\", \"/\")?.add_source(Environment::with_prefix(\"APP\").separator(\"__\"))"
            ),
            [
                variable("APP__BASE_URL", false, None),
                variable("APP__DATABASE__HOST", false, None),
                variable("APP__DATABASE__POOL", false, None),
            ]
        );
        assert_eq!(
            config(".add_source(Environment::default().prefix_separator(\"_\").separator(\"__\"))").len(),
            3
        );
    }

    #[test]
    fn settings_of_pydantic() {
        let text = "class Settings(BaseSettings):\n    \"\"\"Of the shop.\n\n    Note: text\n    \"\"\"\n\
                    \x20   model_config = SettingsConfigDict(env_prefix=\"SHOP_\")\n\
                    \x20   host: str\n    level: str = \"info\"\n    extra: str | None = None\n\
                    \x20   url: str = Field(validation_alias=\"API_HOST\")\n\
                    \x20   size: int = Field(\n        default=5,\n        gt=0,\n    )\n\nx = 1\n";
        assert_eq!(
            read(text, "a.py"),
            [
                variable("API_HOST", true, None),
                variable("SHOP_EXTRA", false, None),
                variable("SHOP_HOST", true, None),
                variable("SHOP_LEVEL", false, Some("info")),
                variable("SHOP_SIZE", false, Some("5")),
            ]
        );
        let scheme = "env = environ.Env(\n    DEBUG=(bool, False),\n    LEVEL=str,\n)\n";
        assert_eq!(
            read(scheme, "a.py"),
            [variable("DEBUG", false, Some("False")), variable("LEVEL", true, None)]
        );
    }

    #[test]
    fn schemas_of_scripts() {
        let zod = "z.object({\n  PORT: z\n    .coerce.number()\n    .default(3000),\n  API_HOST: z.string(),\n\
                   \x20 LEVEL: z.enum(['a', 'b']).optional(),\n})";
        assert_eq!(
            read(zod, "a.ts"),
            [
                variable("API_HOST", true, None),
                variable("LEVEL", false, None),
                variable("PORT", false, Some("3000")),
            ]
        );
        let joi = "Joi.object({ API_HOST: Joi.string().required(), LEVEL: Joi.string() })";
        assert_eq!(read(joi, "a.ts"), [variable("API_HOST", true, None), variable("LEVEL", false, None)]);
        let envalid = "cleanEnv(process.env, { PORT: port({ default: 4000 }), API_HOST: str() })";
        assert_eq!(
            read(envalid, "a.ts"),
            [variable("API_HOST", true, None), variable("PORT", false, Some("4000"))]
        );
        let fastify = "import env from '@fastify/env'\nconst schema = { type: 'object', required: ['API_HOST'],\n\
                       properties: { API_HOST: { type: 'string' }, PORT: { type: 'number', default: 3000 } } }";
        assert_eq!(
            read(fastify, "a.js"),
            [variable("API_HOST", true, None), variable("PORT", false, Some("3000"))]
        );
        assert!(read("const SIZES = { SMALL: str(1) }", "a.js").is_empty());
    }
}
