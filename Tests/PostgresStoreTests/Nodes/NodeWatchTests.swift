import Testing

@testable import PostgresStore

@Suite("Judging which nodes are gone")
struct NodeWatchTests {
    private func other(_ id: Int64, _ renewals: Int64) -> Node.Other {
        Node.Other(id: id, renewals: renewals, isAlone: false)
    }

    @Test("A node is gone once its row was unchanged for longer than two leases, by the watcher's clock")
    func gone() {
        var watch = NodeWatch()
        #expect(watch.gone(among: [other(1, 5), other(2, 5)], at: 0).isEmpty)
        #expect(watch.gone(among: [other(1, 5), other(2, 6)], at: Node.patience).isEmpty)
        #expect(watch.gone(among: [other(1, 5), other(2, 6)], at: Node.patience + 1) == [other(1, 5)])
        #expect(watch.gone(among: [other(2, 6)], at: 2 * Node.patience + 1) == [other(2, 6)])
    }

    @Test("One that was away begins anew")
    func anew() {
        var watch = NodeWatch()
        _ = watch.gone(among: [other(1, 5)], at: 0)
        _ = watch.gone(among: [], at: 1)
        #expect(watch.gone(among: [other(1, 5)], at: Node.patience + 2).isEmpty)
    }
}
