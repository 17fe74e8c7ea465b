//! Variables that a type or a schema declares: struct tags of Go, attributes of clap, settings of pydantic,
//! schemas of zod, Joi and their relatives. What is declared with a default, or as optional, is not required.

mod go;
mod python;
mod rust;
mod script;

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
        "rs" => rust::declared(code),
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
