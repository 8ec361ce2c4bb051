import StoreWork
import Testing

@Suite("The size and pace of steps")
struct StepSizeTests {
    private let longest = Duration.milliseconds(24)

    @Test("A step that takes longer than it is to is followed by one of half the size, down to 64 messages")
    func smaller() {
        var size = StepSize(most: 500, longest: longest)
        #expect(size.messages == 500)
        size.took(longest)
        #expect(size.messages == 500, "as long as it may")
        var sizes: [Int] = []
        for _ in 0..<4 {
            size.took(longest + .nanoseconds(1))
            sizes.append(size.messages)
        }
        #expect(sizes == [250, 125, 64, 64])
    }

    @Test("A step that takes less than a quarter of that is followed by one of twice the size, up to the most")
    func larger() {
        var size = StepSize(most: 400, longest: longest)
        for _ in 0..<9 { size.took(.seconds(1)) }
        #expect(size.messages == 64)
        size.took(longest / 4)
        #expect(size.messages == 64, "not quick enough")
        var sizes: [Int] = []
        for _ in 0..<4 {
            size.took(longest / 4 - .nanoseconds(1))
            sizes.append(size.messages)
        }
        #expect(sizes == [128, 256, 400, 400])
    }

    @Test("Where the most is less than 64, the size stays as it is")
    func few() {
        var size = StepSize(most: 2, longest: longest)
        size.took(.seconds(1))
        #expect(size.messages == 2)
    }

    @Test("A command rests as long as others waited for its step", arguments: [0, 1, 12, 5000])
    func rest(milliseconds: Int) {
        #expect(StepPace.rest(after: .milliseconds(milliseconds)) == .milliseconds(milliseconds))
    }
}
