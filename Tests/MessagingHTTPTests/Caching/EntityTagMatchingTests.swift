import Testing

@testable import MessagingHTTP

@Suite("If-None-Match")
struct EntityTagMatchingTests {
    private let tag = EntityTag(text: "\"k3f9.42.40.38-abc\"")

    @Test(
        "a list that names the tag matches, by weak comparison",
        arguments: [
            "\"k3f9.42.40.38-abc\"", "W/\"k3f9.42.40.38-abc\"", "*", " * ", "\"x\", \"k3f9.42.40.38-abc\"",
            "\"k3f9.42.40.38-abc\", \"x\"", "\"x\",W/\"k3f9.42.40.38-abc\"", "\"a,b\",\t\"k3f9.42.40.38-abc\"",
            "\"\", \"k3f9.42.40.38-abc\"", ", ,\"k3f9.42.40.38-abc\",", "\"W/\", \"k3f9.42.40.38-abc\"",
            "\"back\\\", \"k3f9.42.40.38-abc\"",
        ])
    func matches(value: String) {
        #expect(tag.matches(ifNoneMatch: Array(value.utf8)[...]))
    }

    @Test(
        "A list without the tag does not match",
        arguments: [
            "", " ", ",", "\"x\"", "k3f9.42.40.38-abc", "\"k3f9.42.40.38-abc", "k3f9.42.40.38-abc\"",
            "\"K3F9.42.40.38-ABC\"", "\"k3f9.42.40.38-abc \"", "w/\"k3f9.42.40.38-abc\"", "W/ \"k3f9.42.40.38-abc\"",
            "W \"k3f9.42.40.38-abc\"", "W/k3f9.42.40.38-abc", "W/*", "'k3f9.42.40.38-abc'", "\"x, k3f9.42.40.38-abc\"",
            "\"a\",k3f9.42.40.38-abc", "\"x\" rubbish \"k3f9.42.40.38-abc\"", "\"\"k3f9.42.40.38-abc\"\"", "\"*\"",
            "W/\"x\", W/\"y\"", "\"k3f9.42.40.38-ab\", \"k3f9.42.40.38-abcd\"",
        ])
    func differs(value: String) {
        #expect(!tag.matches(ifNoneMatch: Array(value.utf8)[...]))
    }

    @Test("An If-None-Match that is no text matches nothing")
    func rawBytes() {
        #expect(!tag.matches(ifNoneMatch: [0xFF, 0x22, 0x00]))
    }

    @Test("Several lines of If-None-Match are one list, and none is no condition")
    func lines() {
        let mine = "\"k3f9.42.40.38-abc\""
        #expect(!tag.isKnown(to: request()))
        #expect(tag.isKnown(to: request(.get, "/", [(.ifNoneMatch, mine)])))
        #expect(tag.isKnown(to: request(.get, "/", [(.ifNoneMatch, "\"x\""), (.ifNoneMatch, mine)])))
        #expect(!tag.isKnown(to: request(.get, "/", [(.ifNoneMatch, "\"x\""), (.origin, mine)])))
    }
}
