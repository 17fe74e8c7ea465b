//! XML as a tree with lines, for `pom.xml` and .NET project files.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::lines;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::detect) struct Element {
    pub(in crate::detect) name: String,
    pub(in crate::detect) attributes: Vec<(String, String)>,
    pub(in crate::detect) children: Vec<Element>,
    pub(in crate::detect) text: String,
    pub(in crate::detect) line: u32,
}

impl Element {
    /// The first child of a name.
    pub(in crate::detect) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of a name.
    pub(in crate::detect) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at a path of names.
    pub(in crate::detect) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text at a path of names.
    pub(in crate::detect) fn value(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }

    pub(in crate::detect) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All elements below, depth first.
    pub(in crate::detect) fn below(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            found.push(child);
            found.extend(child.below());
        }
        found
    }
}

/// How deep elements may nest.
const DEEPEST: usize = 64;

/// Parses a document; the error names what is wrong.
pub(in crate::detect) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or_default();
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return Err(format!("nested deeper than {DEEPEST} levels"));
                }
                open.push(element(&start, lines::at(text, offset)));
            }
            Event::Empty(start) => {
                let child = element(&start, lines::at(text, offset));
                open.last_mut().ok_or("no root")?.children.push(child);
            }
            Event::End(_) => {
                let child = open.pop().ok_or("an end without a start")?;
                open.last_mut().ok_or("an end without a start")?.children.push(child);
            }
            Event::Text(part) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(part.as_ref());
                }
            }
            Event::CData(part) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(part.as_ref());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let mut root = open.into_iter().next().unwrap_or_default();
    if root.children.is_empty() { Err("no element".into()) } else { Ok(root.children.swap_remove(0)) }
}

fn element(start: &BytesStart<'_>, line: u32) -> Element {
    let attributes = start.attributes().flatten();
    let attributes =
        attributes.map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.into_owned()));
    Element {
        name: start.local_name().as_ref().to_owned(),
        attributes: attributes.collect(),
        line,
        ..Element::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_comments_and_lines_are_read() {
        let root = parse("<project xmlns=\"x\">\n <!-- <a>no</a> -->\n <a>1</a>\n <b c=\"d\"/>\n</project>")
            .unwrap();
        assert_eq!(root.value(&["a"]), Some("1"));
        assert_eq!(root.child("a").unwrap().line, 3);
        assert_eq!(root.child("b").unwrap().attribute("c"), Some("d"));
        assert!(parse("<a><b></a>").is_err());
        assert!(parse(&"<a>".repeat(100_000)).is_err());
    }
}
