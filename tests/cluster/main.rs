//! The cluster room against a real kube-apiserver: one sandbox per run, one namespace per test, all
//! tests in parallel, nothing left behind. No test is skipped for want of a cluster.
//!
//! What is promised, and where it is tested. Faults come from the proxy in `tests/faults`, which delays, cuts,
//! throttles, truncates, stalls and counts.
//!
//! | given, when | then | test |
//! |---|---|---|
//! | empty namespace, up | created by the manager `devbox` | `apply::objects_are_created_by_the_manager_devbox` |
//! | applied, up | all unchanged, no resourceVersion moves | `apply::a_second_up_changes_nothing`, `network::a_second_up_sends_one_patch_per_object_...` |
//! | applied, others write meanwhile, up | unchanged | `apply::what_others_write_to_an_object_meanwhile_is_no_change_of_it_by_us` |
//! | dry run or diff | nothing is written | `diff::what_is_absent_is_shown_and_not_created_...`, `down::a_dry_run_removes_nothing`, `tests/cli`: `a_dry_run_shows_the_plan_and_writes_nothing` |
//! | definition and custom resource, up | one pass | `apply::a_custom_resource_and_its_definition_go_up_in_one_pass_whatever_their_order` |
//! | namespace listed after its pod, up | one pass | `apply::a_namespace_listed_after_its_pod_goes_up_in_one_pass` |
//! | the middle one of three is invalid, up | two applied, one named | `refused::of_three_objects_with_an_invalid_one_two_are_applied_and_one_is_named` |
//! | an object of another namespace, up | refused before any write | `refused::an_object_of_another_namespace_is_refused_before_any_write` |
//! | another manager owns a field, up | named and left; taken by force | `apply::a_field_of_another_manager_is_named_left_and_taken_only_by_force`, `adopt` |
//! | an autoscaler changed replicas, up | kept | `apply::replicas_that_an_autoscaler_changed_are_kept_where_the_template_leaves_them_out` |
//! | an immutable field, up | named; made anew on request, never for what the server would not take | `refused::an_immutable_field_is_named_and_the_object_stays`, `recreate` |
//! | a webhook that is not ready, up | waited for | `webhook::a_webhook_that_is_not_there_yet_is_waited_for_and_one_that_denies_is_quoted` |
//! | 429, 503, cut after sending, up | one object, success | `network`, `weather` |
//! | a credential plugin's token is refused | run once more for all requests and watches | `network::a_credential_plugin_runs_once_...`, `network::a_credential_that_runs_out_in_the_middle_...` |
//! | Ctrl-C in an up, a down | exit 130, says what stays | `interrupt::ctrl_c_in_the_middle_of_an_up_and_of_a_down_...` |
//! | a server that says nothing, any verb | ends, says for how long it waited | `silence` |
//! | namespace Terminating, up | waited for | `apply::a_namespace_that_is_being_deleted_is_waited_for_and_made_anew` |
//! | an object of another set, up | refused | `refused::an_object_of_another_apply_set_is_refused_and_nothing_is_written` |
//! | interrupted or killed at any write, again | converges, nothing leaked | `interrupt`, `killed` |
//! | not confirmed, or production, up | refused, zero writes | `guard`, `tests/cli`: `what_looks_like_production_is_refused_before_a_byte_is_sent_whatever_the_flags` |
//! | role and binding, no admin, up | succeeds or names what is missing | `refused::a_developer_without_admin_rights_applies_role_and_binding_or_is_told_what_is_missing` |
//! | a member dropped, up | only it deleted | `prune::a_dropped_member_is_deleted_and_a_foreign_object_with_the_same_labels_stays` |
//! | apply failed | nothing pruned | `prune::nothing_is_pruned_after_a_failed_apply` |
//! | made anew between list and delete | survives | `prune::an_object_created_anew_since_it_was_listed_survives`, `down::a_member_with_another_uid_than_seen_survives` |
//! | another tool's record, up | refused | `prune::the_record_of_another_tool_is_refused` |
//! | marked to be kept, prune | kept, still a member | `prune::claims_and_what_is_marked_to_be_kept_are_not_pruned` |
//! | a finalizer blocks, down | named with its owner, bounded, record kept | `down::a_finalizer_that_blocks_is_named_within_the_time_and_the_record_is_kept` |
//! | down twice; namespace was there before | exit 0; it stays | `down::a_namespace_that_we_created_goes_...`, `down::a_namespace_that_was_there_stays_...` |
//! | down | four round trips behind TLS, identity once, no polling | `round_trips` |
//! | no image, crash loop, wait | fails in seconds with container, reason, log | `wait::an_image_that_cannot_be_pulled_...`, `wait::a_crash_loop_...`, `wait::a_crashing_init_container_is_named` |
//! | available, new bad image, wait | never a stale success | `wait::an_available_deployment_with_a_new_bad_image_is_never_a_stale_success` |
//! | a job fails, wait | named with its reason | `wait::a_job_that_fails_is_named_with_its_reason` |
//! | a deadline of 1 s, wait | ends within 2 s more, lists what is not ready | `wait::a_deadline_is_kept_within_two_seconds_and_lists_what_is_not_ready` |
//! | absent, diff | shown; nothing after up | `diff::what_is_absent_is_shown_and_not_created_and_after_up_there_are_no_differences` |
//! | a secret changed, diff | no value printed | `diff::no_value_of_a_secret_is_shown_wherever_it_stands` |
//! | a new namespace, diff | shown with its content | `diff::a_new_namespace_and_what_is_in_it_are_shown_as_they_are_rendered` |
//! | the cluster changed since the plan was shown, up | says so, asks again | `verbs::up_asks_again_where_the_cluster_changed_after_the_changes_were_shown` |
//!
//! Scenarios of a person's own kubeconfig need no cluster: `tests/cli/kubeconfig.rs`.
//!
//! What is marked to be kept is not disowned when no manifest makes it any more, as Helm's `keep` and
//! cli-utils' deletion prevention would: KEP-3659 asks for neither, and makes the label on a member the only
//! truth about membership. Only what carries it may ever be deleted, so without it `down --volumes` could not
//! remove the data it is asked for, and an `up` that brings the object back would take it for somebody else's.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the helpers of tests fail as tests do"
)]

mod access;
mod adopt;
mod apply;
mod catalogue;
mod diff;
mod down;
#[path = "../faults/mod.rs"]
mod faults;
mod guard;
mod interrupt;
mod inventory;
mod killed;
mod network;
mod preset_test;
mod proxies;
mod prune;
mod quota;
mod recreate;
mod refused;
mod round_trips;
mod sandbox;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod trial;
mod verbs;
mod wait;
mod weather;
mod webassembly;
mod webhook;
