//! Bodies as bad lines bring them.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

pub(super) type BoxBody =
    http_body_util::combinators::UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A body that begins and never goes on.
pub(super) fn torn() -> BoxBody {
    let start = futures::stream::iter([Ok(Frame::data(Bytes::from_static(b"{\"kind\": ")))]);
    StreamBody::new(start.chain(futures::stream::pending())).boxed_unsync()
}

/// A body of sixteen pieces with the time between them that a bad line takes, and an error at its end
/// where there is one.
pub(super) fn in_pieces(whole: Bytes, end: Option<&'static str>) -> BoxBody {
    let size = whole.len().div_ceil(16).max(1);
    let mut pieces: Vec<Result<Frame<Bytes>, Box<dyn std::error::Error + Send + Sync>>> = (0..whole.len())
        .step_by(size)
        .map(|at| Ok(Frame::data(whole.slice(at..(at + size).min(whole.len())))))
        .collect();
    pieces.extend(end.map(|text| Err(text.into())));
    let pieces = futures::stream::iter(pieces).then(|piece| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        piece
    });
    StreamBody::new(pieces).boxed_unsync()
}

pub(super) fn boxed<B>(body: B) -> BoxBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    body.map_err(Into::into).boxed_unsync()
}
