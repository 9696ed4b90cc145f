use service::policy::BASE;
use tower_conn_lint::Policy;

#[test]
fn the_policy_has_no_mistake() {
    let policy = Policy::stack()
        .text("base-policy.toml", BASE)
        .file("conn-lint.toml");
    if let Err(errors) = policy.try_load() {
        panic!("{errors}");
    }
}
