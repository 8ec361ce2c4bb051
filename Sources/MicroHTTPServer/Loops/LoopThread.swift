import Glibc

/// The thread of one loop.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Runs the loop on a thread of its own until it stops.
    init(running loop: sending Loop) throws(ServerError) {
        // Retained here once, and released by the thread when the daemon has stopped.
        let context = Unmanaged.passRetained(loop)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runLoop, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .system("starting a thread", errno: code)
        }
        self.thread = thread
    }

    /// Waits for the thread to end; to be called once.
    func join() {
        pthread_join(thread, nil)
    }
}

private func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Loop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
