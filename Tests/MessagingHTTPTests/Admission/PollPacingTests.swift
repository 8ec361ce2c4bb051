import Messaging
import Testing

@testable import MessagingHTTP

@Suite("The pace of polls under load")
struct PollPacingTests {
    /// A pacing after so many seconds with each of these loads.
    private func pacing(_ ordinary: Int = 10, _ load: (share: Double, seconds: Int)...) -> PollPacing {
        var pacing = PollPacing(ordinary: ordinary)
        for (share, seconds) in load { for _ in 0..<seconds { pacing.observe(share) } }
        return pacing
    }

    @Test("The ordinary interval holds up to three quarters of a loop's time, however long", arguments: [0, 0.5, 0.75])
    func ordinary(share: Double) {
        #expect(pacing(10, (share, 1000)).interval == 10)
        #expect(pacing(10, (share, 1000)).refused == 0)
    }

    @Test("The interval rises by steps to six times the ordinary one, each after the clients could follow the last")
    func rises() {
        var pacing = pacing()
        var steps: [Int: Int] = [:]
        for second in 1...200 {
            pacing.observe(0.85)
            if steps[pacing.interval] == nil { steps[pacing.interval] = second }
        }
        #expect(steps.keys.sorted() == [10, 20, 40, 60])
        #expect(steps[20] == 7, "some seconds of load go into it")
        #expect(steps[40] == 27)
        #expect(steps[60] == 57)
        #expect(pacing.refused == 0)
    }

    @Test("A second of load raises nothing")
    func spike() {
        #expect(pacing(10, (0.2, 10), (1, 2), (0.2, 10)).interval == 10)
    }

    @Test("The interval comes back by steps below half of a loop's time, and stays between half and three quarters")
    func falls() {
        #expect(pacing(10, (0.85, 200), (0.6, 1000)).interval == 60)
        #expect(pacing(10, (0.85, 200), (0.1, 10)).interval == 40)
        #expect(pacing(10, (0.85, 200), (0.1, 1000)).interval == 10)
    }

    @Test("Above the longest interval polls are refused, an eighth more each second and never all; then fewer again")
    func refuses() {
        var pacing = pacing(10, (1, 56))
        #expect(pacing.interval == 60)
        var refused: [Int] = []
        for _ in 0..<60 {
            pacing.observe(1)
            refused.append(pacing.refused)
        }
        #expect(refused == Array(repeating: 0, count: 27) + Array(1...7) + Array(repeating: 7, count: 26))
        for _ in 0..<10 { pacing.observe(0.85) }
        #expect(pacing.refused == 7)
        for _ in 0..<12 { pacing.observe(0.6) }
        #expect(pacing.refused == 0)
        #expect(pacing.interval == 60)
    }

    @Test("Nonsense for a share is taken for the nearest that makes sense")
    func nonsense() {
        #expect(pacing(10, (7, 1000)).busy <= 1)
        #expect(pacing(10, (-7, 1000)).busy == 0)
    }

    @Test("A long ordinary interval rises as soon as a short one")
    func long() {
        #expect(pacing(3600, (0.85, 67)).interval == 21_600)
    }

    @Test("So many eighths of the polls are refused, with a time to come again that is spread over the interval")
    func admits() throws {
        let pace = PollPace(ordinary: 10)
        for _ in 0..<86 { pace.observe(1) }
        let refusals = (0..<80).compactMap { n in thrownProblem { try pace.admitPoll(Jitter { UInt64(n) }) } }
        #expect(pace.interval == 60)
        #expect(refusals.count == 30)
        #expect(pace.refused == 30)
        for problem in refusals {
            #expect(problem.kind == .overloaded)
            let seconds = try #require(problem.fields.first { $0.name == "Retry-After" }.flatMap { Int($0.value) })
            #expect((1...60).contains(seconds))
        }
        #expect(!pace.isOrdinary(60), "while polls are refused, no kept answer is given")
    }

    @Test("A spread is from one second to the whole time")
    func spread() {
        #expect(Set((0..<100).map { n in Jitter { UInt64(n) }.seconds(upTo: 10) }) == Set(1...10))
        #expect(Jitter { .max }.seconds(upTo: 1) == 1)
        #expect(Jitter { .max }.seconds(upTo: 0) == 1)
    }
}
