/// Keeps a loop from spinning while a client is slow with its TLS handshake.
///
/// A connection whose handshake waits for the client stays in the library's list of those that can be read (0.9.75 takes it
/// off only where reading a request found nothing), and the library asks to be run again at once for as long as that lasts.
/// Turns that moved no byte are therefore spaced out; what really comes in wakes the loop as ever.
struct HandshakePace {
    /// How many turns may pass without traffic while buffered input is processed.
    private static let patience = 8
    private static let longest = 64

    private var traffic = 0
    private var quietTurns = 0

    /// How many milliseconds to wait at most.
    ///
    /// - Parameters:
    ///   - due: how many the library wants to wait at most.
    ///   - traffic: how many bytes have gone through the sockets so far.
    mutating func wait(_ due: Int, traffic: Int) -> Int {
        guard due == 0, traffic == self.traffic else {
            self.traffic = traffic
            quietTurns = 0
            return due
        }
        quietTurns += 1
        let late = quietTurns - Self.patience
        return late <= 0 ? 0 : min(1 << min(late - 1, 16), Self.longest)
    }
}
