//! Documents of a template: each knows the line that it starts at.

/// Precedes the template's line number in a document separator.
const LINE_MARK: &str = "_dbxl_";

/// The text of one document of a rendered template, markers and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The line in the template where the document starts, from 1.
    pub line: usize,
    /// YAML with markers; `marker::decode` follows the parser.
    pub text: String,
}

/// A file whose name begins with `_` is there to be included.
pub(super) fn is_partial(template: &str) -> bool {
    template.rsplit('/').next().is_some_and(|file| file.starts_with('_'))
}

/// Notes in every document separator which line follows it, and beside every `apiVersion` where it
/// stands, for [`split`] to read.
pub(super) fn number_documents(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let content_after = |index: usize| {
        let is_content = |line: &&str| {
            let line = line.trim();
            let tag_alone = line.starts_with("{%") && line.ends_with("%}") && line.matches("{%").count() == 1;
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("{#") && !tag_alone
        };
        lines.iter().skip(index).position(is_content).map_or(index, |offset| index + offset) + 1
    };
    // The first separator is ours; it takes a line, so that Tera's line numbers are one too many.
    let mut out = format!("--- #{LINE_MARK}{}\n", content_after(0));
    for (index, line) in lines.iter().enumerate() {
        if line.trim_end() == "---" {
            out.push_str(&format!("--- #{LINE_MARK}{}\n", content_after(index + 1)));
        } else if line.starts_with("apiVersion: ") {
            out.push_str(&format!("{} #{LINE_MARK}{}\n", line.trim_end(), index + 1));
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

pub(super) fn split(text: &str) -> Vec<Rendered> {
    let mut documents: Vec<Rendered> = Vec::new();
    for line in text.lines() {
        let (line, mark) = match line.rsplit_once(LINE_MARK) {
            Some((line, mark)) => (line.trim_end_matches([' ', '#']), mark.parse().ok()),
            None => (line, None),
        };
        let last = documents.last_mut();
        if line.trim_end() == "---" {
            let line = mark.or(last.map(|document| document.line)).unwrap_or(1);
            documents.push(Rendered { line, text: String::new() });
        } else if let Some(document) = last {
            document.line = mark.unwrap_or(document.line);
            document.text.push_str(line);
            document.text.push('\n');
        } else if !line.trim().is_empty() {
            documents.push(Rendered { line: 1, text: format!("{line}\n") });
        }
    }
    documents.retain(|document| {
        document.text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    documents
}
