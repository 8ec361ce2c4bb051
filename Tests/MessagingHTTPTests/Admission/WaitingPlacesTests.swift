import Messaging
import Testing

@testable import MessagingHTTP

@Suite("Places for polls that wait")
struct WaitingPlacesTests {
    @Test("A caller has so many places and no more, and gets one back with each wait that ends")
    func each() {
        let places = WaitingPlaces(limitOfEach: 2, limit: 10)
        var taken = [1, 2].map { _ in places.take(for: Caller(user: alice)) }
        #expect(taken.allSatisfy { $0 != nil })
        #expect(places.take(for: Caller(user: alice)) == nil)
        #expect(places.refused == 1)
        withExtendedLifetime(places.take(for: Caller(user: bob))) { #expect(places.taken == 3) }
        #expect(places.taken == 2)
        taken.removeLast()
        let again = places.take(for: Caller(user: alice))
        #expect(again != nil)
        #expect(places.take(for: Caller(user: alice)) == nil)
        taken = []
        withExtendedLifetime(again) { #expect(places.taken == 1) }
    }

    @Test("All callers together have so many places, and none where there are to be none")
    func all() {
        let places = WaitingPlaces(limitOfEach: 2, limit: 3)
        let taken = [alice, alice, bob, bob].map { places.take(for: Caller(user: $0)) }
        #expect(taken.map { $0 != nil } == [true, true, true, false])
        #expect(WaitingPlaces(limitOfEach: 0, limit: 3).take(for: Caller(user: alice)) == nil)
        #expect(WaitingPlaces(limitOfEach: 3, limit: 0).take(for: Caller(user: alice)) == nil)
    }

    @Test("The same user of two tenants is two callers")
    func tenants() throws {
        let places = WaitingPlaces(limitOfEach: 1, limit: 3)
        let other = try #require(TenantID("acme"))
        let taken = [TenantID.none, other].map { places.take(for: Caller(tenant: $0, user: alice)) }
        #expect(taken.allSatisfy { $0 != nil })
    }
}
