//! A relay below TLS that makes every round trip longer: half of the delay each way, and a whole one
//! before a new connection carries anything.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

pub(crate) struct Relay {
    port: u16,
}

impl Relay {
    /// Relays to `address` and connects `from` another, until the process ends.
    pub(crate) fn start(address: &str, from: Ipv4Addr, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let address: SocketAddr = address.parse().unwrap();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                thread::spawn(move || {
                    thread::sleep(delay);
                    let Ok(far) = connect(from, address) else { return };
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                    thread::spawn(move || carry(&near_too, &far_too, delay / 2));
                    carry(&far, &near, delay / 2);
                });
            }
        });
        Self { port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

fn connect(from: Ipv4Addr, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&address.into())?;
    Ok(socket.into())
}

/// Carries bytes one way; each arrives `delay` after it left.
fn carry(mut from: &TcpStream, to: &TcpStream, delay: Duration) {
    let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
    let mut target = to.try_clone().unwrap();
    let writer = thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if target.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = target.shutdown(Shutdown::Write);
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(size) = from.read(&mut buffer) {
        if size == 0 || sender.send((Instant::now() + delay, buffer[..size].to_vec())).is_err() {
            break;
        }
    }
    drop(sender);
    let _ = writer.join();
}
