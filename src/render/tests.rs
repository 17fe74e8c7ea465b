//! Plans rendered, as snapshots.

use super::*;
use crate::plan::tests::Given;

fn yaml(manifests: &[Manifest]) -> String {
    let one = |m: &Manifest| {
        let text = crate::config::to_yaml(&m.object);
        format!("# {}:{} ({})\n{text}", m.template, m.line, m.unit)
    };
    manifests.iter().map(one).collect::<Vec<_>>().join("---\n")
}

#[test]
fn a_node_repository_with_postgres_and_redis() {
    let manifests = render(&Given::default().plan(), &Catalogue::built_in().unwrap()).unwrap();
    insta::assert_snapshot!(yaml(&manifests));
}
