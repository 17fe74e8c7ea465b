import Glibc

let port: UInt16 = 8080
let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
var address = sockaddr_in()
address.sin_family = sa_family_t(AF_INET)
address.sin_port = port.bigEndian
let bound = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
}
guard bound == 0, listen(listener, 16) == 0 else {
    perror("port \(port)")
    exit(1)
}
print("listening on port \(port)")
fflush(nil)

#if swift(>=6)
let version = "6"
#else
let version = "5"
#endif
let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nswift \(version)"
var request = [UInt8](repeating: 0, count: 4096)
while true {
    let connection = accept(listener, nil, nil)
    _ = read(connection, &request, request.count)
    _ = write(connection, answer, answer.utf8.count)
    close(connection)
}
