//! Open Liberty's `server.xml`: the ports of its endpoint, through the variables that it, the pom and the files
//! beside it define.

use std::collections::HashMap;

use crate::detect::draft::{At, Draft, PortSource};
use crate::detect::read::folder;
use crate::detect::scope::Scope;

/// Where the build tools' plugins look.
const FILES: &[&str] =
    &["src/main/liberty/config/server.xml", "src/main/wlp/server.xml", "server.xml", "config/server.xml"];

/// How often a variable may stand for another.
const DEPTH: u8 = 4;

type Variables = HashMap<String, String>;

/// Adds the HTTP port, and the HTTPS port where the endpoint says one.
pub(super) fn attach(scope: &Scope<'_>, draft: &mut Draft) {
    let Some(file) = scope.first(FILES) else { return };
    let Some(server) = scope.tree.xml(&file) else { return };
    let mut variables = Variables::new();
    let elements = server.below();
    for element in elements.iter().filter(|element| element.name == "variable") {
        let value = element.attribute("value").or(element.attribute("defaultValue"));
        if let (Some(name), Some(value)) = (element.attribute("name"), value) {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    beside(scope, &file, &mut variables);
    of_pom(scope, &mut variables);
    let Some(endpoint) = elements.into_iter().find(|element| element.name == "httpEndpoint") else { return };
    for name in ["httpPort", "httpsPort"] {
        let value = endpoint.attribute(name).and_then(|value| resolve(value, &variables, DEPTH));
        if let Some(port) = value.and_then(|value| value.parse().ok()) {
            draft.port(port, PortSource::Code, &At::line(&file, endpoint.line));
        }
    }
}

/// `bootstrap.properties` and `server.env` in the folder of the server's file.
fn beside(scope: &Scope<'_>, file: &str, variables: &mut Variables) {
    for name in ["bootstrap.properties", "server.env"] {
        let text = scope.tree.find(folder(file), name).and_then(|file| scope.tree.text(&file));
        for line in
            text.as_deref().unwrap_or_default().lines().filter(|line| !line.trim_start().starts_with('#'))
        {
            if let Some((name, value)) = line.split_once('=') {
                variables.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// Properties of the pom: `liberty.var.NAME` sets a variable, `liberty.var.default.NAME` its default.
fn of_pom(scope: &Scope<'_>, variables: &mut Variables) {
    let pom = scope.find("pom.xml").and_then(|file| scope.tree.xml(&file));
    let Some(properties) = pom.as_ref().and_then(|pom| pom.child("properties")) else { return };
    for property in &properties.children {
        let value = property.text.trim().to_owned();
        match property.name.strip_prefix("liberty.var.") {
            Some(name) => match name.strip_prefix("default.") {
                Some(name) => {
                    variables.entry(name.to_owned()).or_insert(value);
                }
                None => {
                    variables.insert(name.to_owned(), value);
                }
            },
            None => {
                variables.entry(property.name.clone()).or_insert(value);
            }
        }
    }
}

/// A value with the variable that it names replaced; `None` where that is unknown.
fn resolve(value: &str, variables: &Variables, depth: u8) -> Option<String> {
    let value = value.trim();
    let Some(name) = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
        return Some(value.to_owned());
    };
    // The server asks the environment with other characters than letters and digits as `_`.
    let plain = || {
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        variables.get(&name).or_else(|| variables.get(&name.to_uppercase()))
    };
    let found = variables.get(name).or_else(plain)?;
    resolve(found, variables, depth.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_each_other() {
        let all = [("http.port", "${env}"), ("env", "9081"), ("loop", "${loop}"), ("MY_PORT", "9444")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = Variables::from(all);
        assert_eq!(resolve("${http.port}", &all, DEPTH).as_deref(), Some("9081"));
        assert_eq!(resolve("9080", &all, DEPTH).as_deref(), Some("9080"));
        assert_eq!(resolve("${my.port}", &all, DEPTH).as_deref(), Some("9444"));
        assert_eq!(resolve("${loop}", &all, DEPTH), None);
        assert_eq!(resolve("${none}", &all, DEPTH), None);
    }
}
