import Messaging
import TestSupport
import Testing

@testable import PostgresStore

struct EpochTests {
    let database: PostgresDatabase

    init() throws { database = try PostgresDatabase() }

    @Test("A new epoch in the database becomes the store's, and memory forgets what it showed")
    func epoch() async throws {
        let recorder = Recorder()
        let store = try PostgresStore(address: database.connection, observer: recorder)
        let id = try await store.send(draft(alice, to: .direct(with: bob), "one")).conversation.id
        let (before, resets) = (store.epoch, recorder.resets)
        try database.run("UPDATE postbox.store SET epoch = 'fresh'")
        // The write finds it out, and is refused; or the keeper does, before it.
        _ = try? await store.send(draft(alice, to: .id(id), "two", key: "k"))
        #expect(await eventually { store.epoch.text == "fresh" })
        #expect(before.text != "fresh" && recorder.resets > resets)
        #expect(await eventually { (try? await store.send(draft(alice, to: .id(id), "two", key: "k"))) != nil })
        #expect(try await store.conversation(.id(id), of: caller(alice))?.lastN == 2)
    }

    @Test("Without a write, the store finds a new epoch within seconds")
    func idleEpoch() async throws {
        let store = try PostgresStore(address: database.connection)
        try database.run("UPDATE postbox.store SET epoch = 'fresh'")
        #expect(await eventually { store.epoch.text == "fresh" })
    }
}
