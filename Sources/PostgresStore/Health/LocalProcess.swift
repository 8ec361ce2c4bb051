import Foundation
import Glibc
import Synchronization

/// Tells the stores of all processes of all machines apart by 56 bits, and whether a process of this machine has ended.
enum LocalProcess {
    /// The bits that tell apart the stores of one process.
    private static let storeBits: Int64 = 8
    /// A process id (pid_max(5) is at most 2^22); the bits above are this machine since it was started.
    private static let idBits: Int64 = 22
    private static let stores = Atomic<Int64>(0)

    /// A store of this process.
    static func newStore() -> Int64 {
        number(of: getpid()) | stores.add(1, ordering: .relaxed).newValue & (1 << storeBits - 1)
    }

    /// A process of this machine.
    static func number(of process: pid_t) -> Int64 { (machine << idBits | Int64(process)) << storeBits }

    /// Whether this is of a process of this machine that has ended; false where that is not certain.
    static func hasEnded(_ number: Int64) -> Bool {
        let (id, place) = ((number >> storeBits) & (1 << idBits - 1), number >> (storeBits + idBits))
        guard place == machine, let process = pid_t(exactly: id), process > 0 else { return false }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    /// 26 bits of the boot of this machine and of the namespace of its process ids, as a container has one of its own. Where they cannot
    /// be read they are random, so that no other process is taken for one of this machine.
    private static let machine: Int64 = {
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        guard let boot, let namespace else { return .random(in: 0..<1 << 26) }
        // FNV-1a: the same on every start, as Hasher is not.
        let hash = (boot + namespace).utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return Int64(hash >> 38)
    }()
}
