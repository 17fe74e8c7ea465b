use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let listener = TcpListener::bind("0.0.0.0:8081").expect("the port is free");
    println!("listening on port 8081");
    for connection in listener.incoming() {
        let mut connection = connection.expect("somebody connects");
        let mut request = [0; 1024];
        let read = connection.read(&mut request).unwrap_or_default();
        let body = format!("rust read {} bytes", itoa::Buffer::new().format(read));
        let length = body.len();
        let _ = write!(
            connection,
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
    }
}
