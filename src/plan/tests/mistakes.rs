//! What is wrong is named where it is written.

use super::*;

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let flags = vec![("shop.prot", Value::from("3000"))];
    assert_eq!(
        Given { flags, ..Given::default() }.failure(),
        "there is nothing called `shop.prot` to set (flag)\nhint: did you mean `shop.port`?"
    );
}

#[test]
fn mistakes_are_named_where_they_were_made() {
    let file = |repository| Given { repository: Some(repository), ..Given::default() }.failure();
    assert_eq!(
        file("components:\n  shop:\n    values:\n      prot: 1\n"),
        "devbox.yaml:4:7: preset `node` has no value `prot`\n4 |       prot: 1\n  |       ^\nhint: did you mean `port`?"
    );
    assert_eq!(
        file("components:\n  shop:\n    values:\n      port: 99999\n"),
        "devbox.yaml:4:7: `port` cannot be `99999`: not a port from 1 to 65535\n4 |       port: 99999\n  |       ^"
    );
    assert_eq!(
        file("components:\n  shop:\n    extends: nod\n"),
        "devbox.yaml:3:5: no preset is called `nod`\n3 |     extends: nod\n  |     ^\nhint: did you mean `node`?"
    );
    assert_eq!(
        file("components:\n  Shop:\n"),
        "devbox.yaml:2:3: `Shop` cannot name objects: lower case letters, digits and `-`, a letter first\n2 |   Shop:\n  |   ^\nhint: such as `shop`"
    );
    assert_eq!(
        file("components:\n  shop:\n    uses: [postgres]\nservices: {}\n"),
        "devbox.yaml:3:5: `shop` uses `postgres`, which is no service here\n3 |     uses: [postgres]\n  |     ^"
    );
    assert_eq!(
        file("components:\n  shop:\n    env:\n      STRIPE_KEY: sk_live\n"),
        "devbox.yaml:4:7: `STRIPE_KEY` looks like a secret: it does not belong into a committed file\n4 |       STRIPE_KEY: sk_live\n  |       ^\nhint: remove it here, give it with `--set shop.env.STRIPE_KEY=...`"
    );
    let flags = |flags| Given { flags, ..Given::default() }.failure();
    assert_eq!(
        flags(vec![("namespace", Value::from("Dev Ada"))]),
        "`namespace` cannot be `Dev Ada` (flag): a label has lower case letters, digits and `-` only"
    );
    assert_eq!(
        flags(vec![("services", Value::from("postgrs"))]),
        "`services` cannot be `postgrs` (flag): there is no such service; did you mean `postgres`?"
    );
    assert_eq!(
        flags(vec![("shop.env.A-B", Value::from("1"))]),
        "`shop.env.A-B` cannot be `A-B` (flag): a variable's name has letters, digits and `_`, and no digit first"
    );
    assert_eq!(
        Given { facts: Some(facts(vec![])), ..Given::default() }.failure(),
        "found nothing to deploy in `shop`\nhint: see what was found with `devbox detect`\nhint: name a component in `devbox.yaml` with `extends: web` and an `image`"
    );
}

#[test]
fn a_value_that_does_not_fit_is_shown_where_it_stands() {
    let user = "values:\n  web: {port: 99999}\n";
    assert_eq!(
        Given { user, ..Given::default() }.failure(),
        "config.yaml:2:9: `port` cannot be `99999`: not a port from 1 to 65535\n2 |   web: {port: 99999}\n  |         ^"
    );
    let file = "components:\n  shop:\n    params:\n      memory:\n        default: \"{{ 1 + 1 }} Gi\"\n";
    assert_eq!(
        Given { repository: Some(file), ..Given::default() }.failure(),
        "devbox.yaml:5:9: `memory` cannot be `2 Gi`: not an amount such as `500m` or `1Gi`\n5 |         default: \"{{ 1 + 1 }} Gi\"\n  |         ^"
    );
}

#[test]
fn a_preference_that_means_nothing_is_named() {
    let user = "values:\n  web: {memroy: 1Gi}\n";
    assert_eq!(
        Given { user, ..Given::default() }.failure(),
        "config.yaml:2:9: preset `web` has no value `memroy`\n2 |   web: {memroy: 1Gi}\n  |         ^\nhint: did you mean `memory`?"
    );
    // What only a child has may stand with its parent, and a preset of another repository is none of ours.
    let user = "values:\n  service: {vector: true}\n  acme/payments: {size: 1}\n  postgers: {storage: 2Gi}\n";
    let plan = Given { user, ..Given::default() }.plan();
    assert_eq!(
        plan.warnings,
        ["config.yaml:4: values for `postgers`, which is no preset here; did you mean `postgres`?"]
    );
}

#[test]
fn a_default_that_cannot_be_evaluated_is_shown_in_its_preset() {
    let file = "components:\n  shop:\n    params:\n      memory:\n        default: \"{{ facts.ports_ }}\"\n";
    assert_eq!(
        Given { repository: Some(file), ..Given::default() }.failure(),
        "devbox.yaml:5:9: its template fails: field `ports_` is not defined\n5 |         default: \"{{ facts.ports_ }}\"\n  |         ^\nhint: did you mean `ports`?"
    );
}
