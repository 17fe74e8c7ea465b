//! A pack of a few bytes that asks for a lot of memory: a server that no git ever was.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use git2::{ObjectType, Oid};

use super::organisation::{cached, project};

/// What a delta is made of, and how often its outcome repeats it.
const BASE: usize = 1 << 20;
const TIMES: usize = 192;

/// What a pack says that is not so.
#[derive(Clone, Copy, Default)]
struct Claims {
    /// How many objects it has.
    objects: Option<u8>,
    /// How large the object is that the delta refers to.
    base: Option<usize>,
    /// How large the delta itself is.
    delta: Option<usize>,
}

fn refused(claims: Claims) {
    let (commit, pack) = pack(claims);
    assert!(pack.len() < 2 * BASE);
    let devbox = project();
    let run = devbox.args(["preset", "add", "acme", &serve(commit, pack), "--yes"]).run();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("an object of it unpacks to more than 128 MiB"), "{run}");
    assert_eq!(cached(&devbox, "pack"), Vec::<std::path::PathBuf>::new(), "nothing of it is kept");
}

#[test]
fn an_object_that_grows_from_a_few_bytes_is_refused_before_it_is_made() {
    refused(Claims::default());
}

#[test]
fn an_object_that_claims_gigabytes_is_refused_before_a_delta_is_applied_to_it() {
    for objects in [None, Some(4), Some(99)] {
        refused(Claims { objects, base: Some(3 << 30), ..Claims::default() });
    }
    refused(Claims { delta: Some(3 << 30), ..Claims::default() });
    refused(Claims { base: Some(usize::MAX), ..Claims::default() });
}

/// A commit with one file, which is a delta of a megabyte of zeros.
fn pack(claims: Claims) -> (Oid, Vec<u8>) {
    let base = vec![0; BASE];
    let base_id = Oid::hash_object(ObjectType::Blob, &base).unwrap();
    let grown = Oid::hash_object(ObjectType::Blob, &vec![0; BASE * TIMES]).unwrap();
    let presets = [b"100644 x.yaml\0".as_slice(), grown.as_bytes()].concat();
    let presets_id = Oid::hash_object(ObjectType::Tree, &presets).unwrap();
    let top = [
        b"100644 base\0".as_slice(),
        base_id.as_bytes(),
        b"40000 presets\0".as_slice(),
        presets_id.as_bytes(),
    ]
    .concat();
    let top_id = Oid::hash_object(ObjectType::Tree, &top).unwrap();
    let who = "Ada <ada@example.com> 1700000000 +0000";
    let commit = format!("tree {top_id}\nauthor {who}\ncommitter {who}\n\ngrow\n").into_bytes();
    let commit_id = Oid::hash_object(ObjectType::Commit, &commit).unwrap();
    let mut delta = [varint(BASE), varint(BASE * TIMES)].concat();
    // Copy 0x100000 bytes from the start of the base.
    (0..TIMES).for_each(|_| delta.extend([0xc0, 0x10]));

    let mut pack = b"PACK\0\0\0\x02\0\0\0".to_vec();
    pack.push(claims.objects.unwrap_or(5));
    for (kind, prefix, content, claimed) in [
        (1, &[][..], &commit, None),
        (2, &[][..], &top, None),
        (2, &[][..], &presets, None),
        (3, &[][..], &base, claims.base),
        (7, base_id.as_bytes(), &delta, claims.delta),
    ] {
        pack.extend(header(kind, claimed.unwrap_or(content.len())));
        pack.extend(prefix);
        pack.extend(stored(content));
    }
    let trailer = sha1(&pack);
    pack.extend(trailer);
    (commit_id, pack)
}

/// The kind and size of an object in a pack (gitformat-pack).
fn header(kind: u8, size: usize) -> Vec<u8> {
    let rest = size >> 4;
    let first = (kind << 4) | (size & 15) as u8;
    if rest == 0 { vec![first] } else { [vec![first | 0x80], varint(rest)].concat() }
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// zlib's form without compression (RFC 1950, RFC 1951 section 3.2.4).
fn stored(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    let count = content.chunks(0xffff).count();
    for (index, chunk) in content.chunks(0xffff).enumerate() {
        bytes.push(u8::from(index + 1 == count));
        bytes.extend((chunk.len() as u16).to_le_bytes());
        bytes.extend((!(chunk.len() as u16)).to_le_bytes());
        bytes.extend(chunk);
    }
    let (a, b) = content.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    bytes.extend(((b << 16) | a).to_be_bytes());
    bytes
}

/// SHA-1 (RFC 3174).
fn sha1(content: &[u8]) -> [u8; 20] {
    let mut padded = content.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - content.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(content.len() as u64 * 8).to_be_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded.chunks(64) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for t in 16..80 {
            words.push((words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (t, word) in words.iter().enumerate() {
            let (f, k) = match t / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// Serves one branch and one pack over git's smart protocol, without any capability.
fn serve(commit: Oid, pack: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/presets.git", listener.local_addr().unwrap());
    let line = |text: String| format!("{:04x}{text}", text.len() + 4);
    let refs = [
        line("# service=git-upload-pack\n".into()),
        "0000".into(),
        line(format!("{commit} HEAD\0agent=none\n")),
        line(format!("{commit} refs/heads/main\n")),
        "0000".into(),
    ]
    .concat();
    let answer = [b"0008NAK\n".as_slice(), &pack].concat();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = reply(stream, refs.as_bytes(), &answer);
        }
    });
    url
}

fn reply(stream: TcpStream, refs: &[u8], answer: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
    let (kind, body) = if first.starts_with("POST") { ("result", answer) } else { ("advertisement", refs) };
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-{kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}
