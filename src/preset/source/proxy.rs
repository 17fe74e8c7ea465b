//! Which proxy the way to a server leads through.

use hyper_util::client::proxy::matcher::Matcher;

use crate::env::Env;

/// The proxy of a URL, in git's order: `http.proxy`, then the surroundings' variable for its scheme, then
/// `ALL_PROXY`; none where `NO_PROXY` names its host.
pub(super) fn for_url(url: &http::Uri, configured: Option<String>, env: &Env) -> Option<String> {
    let of_scheme = match url.scheme_str() {
        Some("https") => env.https_proxy.clone(),
        _ => env.http_proxy.clone(),
    };
    let proxy = configured.or(of_scheme).or_else(|| env.all_proxy.clone())?;
    let except = env.no_proxy.clone().unwrap_or_default();
    let proxied = Matcher::builder().all(proxy.clone()).no(except).build().intercept(url).is_some();
    proxied.then_some(proxy)
}
