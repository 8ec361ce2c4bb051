import Synchronization
import Testing

@testable import Metrics

@Suite("Metrics")
struct MetricsTests {
    @Test("a histogram counts a value into the first bucket that holds it, bounds included")
    func histogram() {
        var histogram = Histogram(bounds: [1, 2, 4])
        for value in [0, 1, 1.5, 2, 3, 4, 4.5, 100] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 2, 2])
        #expect(histogram.count == 8)
        #expect(histogram.sum == 116)
    }

    @Test("a shared histogram loses nothing, whoever counts")
    func shared() async {
        let histogram = SharedHistogram(bounds: [1])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { histogram.observe(1) } }
            }
        }
        #expect(histogram.value.counts == [8000, 0])
        #expect(histogram.value.sum == 8000)
    }

    @Test("Counters of several labels are counted one by one")
    func cells() {
        let cells = Cells()
        cells.add(2, to: 0)
        cells.add(3, to: Cells.count - 1)
        cells.add(-1, to: 0)
        #expect(cells[0] == 1)
        #expect(cells[1] == 0)
        #expect(cells[Cells.count - 1] == 3)
    }

    @Test("metrics are written as Prometheus reads them: cumulative buckets, escaped labels, plain numbers")
    func exposition() {
        var page = Exposition()
        page.begin("a_total", .counter, "Help.")
        page.sample("a_total", ["name": "q\"b\\n\n"], 3)
        page.metric("b_bytes", .gauge, "More help.", 0.25)
        page.metric("c_seconds", .gauge, "Whole.", 2.0)
        page.begin("d_seconds", .histogram, "Times.")
        page.sample("d_seconds", ["x": "y"], Histogram(bounds: [0.0001, 1], counts: [1, 2, 3], sum: 9.5))
        #expect(
            page.text == #"""
                # HELP a_total Help.
                # TYPE a_total counter
                a_total{name="q\"b\\n\n"} 3
                # HELP b_bytes More help.
                # TYPE b_bytes gauge
                b_bytes 0.25
                # HELP c_seconds Whole.
                # TYPE c_seconds gauge
                c_seconds 2
                # HELP d_seconds Times.
                # TYPE d_seconds histogram
                d_seconds_bucket{x="y",le="0.0001"} 1
                d_seconds_bucket{x="y",le="1"} 3
                d_seconds_bucket{x="y",le="+Inf"} 6
                d_seconds_sum{x="y"} 9.5
                d_seconds_count{x="y"} 6

                """#)
    }
}
