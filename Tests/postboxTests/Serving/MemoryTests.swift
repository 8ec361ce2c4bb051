import ArgumentParser
import CMalloc
import Glibc
import Messaging
import Synchronization
import Testing

@testable import MessagingHTTP
@testable import postbox

@Suite("Memory")
struct MemoryTests {
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test("Memory is given back within a minute of the end of a load, once, and not while it lasts")
    func trimmed() throws {
        let memory = AnswerMemory(limit: 1 << 30)
        let trims = Count()
        var trimmer = MemoryTrimmer(held: { memory.held }, takePeak: memory.takePeak) {
            trims.value.add(1, ordering: .relaxed)
        }
        func minute() { for _ in 0..<60 { trimmer.look() } }
        let caller = Caller(user: UserID(trusted: "alice"))
        /// A minute with so many bytes held.
        func load(_ bytes: Int) throws {
            let share = try memory.take(bytes, for: caller)
            withExtendedLifetime(share) { minute() }
        }
        try load((16 << 20) - 1)
        minute()
        #expect(trims.value.load(ordering: .relaxed) == 0)
        try load(16 << 20)
        #expect(trims.value.load(ordering: .relaxed) == 0)
        minute()
        #expect(trims.value.load(ordering: .relaxed) == 1)
        minute()
        #expect(trims.value.load(ordering: .relaxed) == 1)
    }

    @Test("is given back after a load that came and went between two looks, or that only looks tell of")
    func peaks() {
        let (held, peak, trims) = (Count(), Count(), Count())
        var trimmer = MemoryTrimmer(
            held: { held.value.load(ordering: .relaxed) }, takePeak: { peak.value.exchange(0, ordering: .relaxed) }
        ) { trims.value.add(1, ordering: .relaxed) }
        func minute() { for _ in 0..<60 { trimmer.look() } }
        peak.value.store(16 << 20, ordering: .relaxed)
        minute()
        #expect(trims.value.load(ordering: .relaxed) == 1)
        held.value.store(16 << 20, ordering: .relaxed)
        trimmer.look()
        held.value.store(0, ordering: .relaxed)
        minute()
        #expect(trims.value.load(ordering: .relaxed) == 2)
    }

    /// Whether a sanitizer has taken the place of the allocator.
    private static let isSanitized = ["__asan_init", "__tsan_init"].contains { (name: String) in
        dlsym(nil, name) != nil
    }

    @Test(
        "is cleared when it is freed, and so is what a block leaves as it grows or shrinks",
        .disabled(if: isSanitized))
    func cleared() throws {
        func block(_ size: Int) throws -> UnsafeMutableRawPointer { try #require(malloc(size)) }
        /// The bytes of the block that this thread freed last, from where the allocator keeps nothing.
        func reused(_ size: Int) throws -> [UInt8] {
            let again = try block(size)
            defer { free(again) }
            return Array(UnsafeRawBufferPointer(start: again + 16, count: size - 16))
        }
        for size in [24, 100, 1000] {
            let first = try block(size)
            memset(first, 0xAA, size)
            free(first)
            #expect(try reused(size).allSatisfy { $0 == 0 })
            let second = try block(size)
            memset(second, 0xBB, size)
            let moved = try #require(realloc(second, 4 * size))
            #expect(UnsafeRawBufferPointer(start: moved, count: size).allSatisfy { $0 == 0xBB })
            #expect(try reused(size).allSatisfy { $0 == 0 })
            memset(moved, 0xCC, 4 * size)
            let cut = try #require(realloc(moved, 3 * size))
            #expect(UnsafeRawBufferPointer(start: cut, count: 3 * size).allSatisfy { $0 == 0xCC })
            let rest = UnsafeRawBufferPointer(start: cut, count: malloc_usable_size(cut)).dropFirst(3 * size)
            #expect(rest.allSatisfy { $0 == 0 })
            free(cut)
        }
    }

    @Test("The bound of all memory is the sum of its parts, which follow the options")
    func bounds() throws {
        func total(_ arguments: String...) throws -> Int {
            let serve = try #require(
                try Serve.parseAsRoot(["--identity", "demo", "--port", "0"] + arguments) as? Serve)
            #expect(serve.memoryBounds.parts.allSatisfy { $0.value > 0 })
            return serve.memoryBounds.total
        }
        let usual = try total()
        let allowedByUnit = 2000 << 20
        #expect(usual < allowedByUnit)
        #expect(try total("--tls-cert", "c", "--tls-key", "k") < allowedByUnit)
        #expect(try total("--max-answer-memory", "\(257 << 20)") == usual + (1 << 20))
        #expect(try total("--max-answer-bytes", "\(2 << 20)") > usual)
        #expect(try total("--index-capacity", "200001") > usual)
        #expect(try total("--max-header-bytes", "20480") > usual)
        #expect(try total("--max-content-bytes", "1048576") > usual)
    }
}
