import Messaging
import Testing

@Suite("Answers that are held back")
struct AnswerDelayTests {
    @Test("An answer is due D after its commit, and not a nanosecond before")
    func edge() {
        var delay = AnswerDelay<Int>(delay: 30)
        delay.hold(1, committedBy: 100)
        #expect(delay.nextDue == 130)
        #expect(delay.takeDue(at: 129) == [])
        #expect(delay.takeDue(at: 130) == [1])
        #expect(delay.takeDue(at: 200) == [] && delay.nextDue == nil)
    }

    @Test("Answers come in the order of their commits, each once, however they are taken")
    func order() {
        var delay = AnswerDelay<Int>(delay: 30)
        var taken: [Int] = []
        for number in 0..<1000 {
            delay.hold(number, committedBy: Int64(number))
            if number.isMultiple(of: 3) { taken += delay.takeDue(at: Int64(number)) }
        }
        #expect(taken == Array(0...(999 - 30)))
        #expect(delay.count == 1000 - taken.count)
        #expect(taken + delay.takeAll() == Array(0..<1000))
        #expect(delay.count == 0)
    }

    @Test("A moment before that of an earlier answer does not let an answer overtake it")
    func backwards() {
        var delay = AnswerDelay<Int>(delay: 30)
        delay.hold(1, committedBy: 100)
        delay.hold(2, committedBy: 90)
        #expect(delay.takeDue(at: 129) == [])
        #expect(delay.takeDue(at: 130) == [1, 2])
    }
}
