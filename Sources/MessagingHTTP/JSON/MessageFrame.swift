/// What is the same in all messages of one sender that a viewer sees in a conversation; good while ``MessageFrames`` shows it.
struct MessageFrame {
    /// Whether the viewer is the sender.
    let sent: Bool
    /// From the beginning to the number in `id`.
    let beforeNumber: UnsafeRawBufferPointer
    /// From there to the content.
    let beforeContent: UnsafeRawBufferPointer
}
