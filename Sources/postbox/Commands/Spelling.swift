/// Finds the nearest existing name for a misspelt one.
enum Spelling {
    /// The name that is most like an unknown one: one that begins with it or that it begins with, or else the one that differs in the
    /// fewest bytes. Empty where there are no names.
    static func nearest(to unknown: String, among names: some Sequence<String>) -> String {
        let ranks = names.map { name in
            let distance = distance(name, unknown)
            let isPart = name.hasPrefix(unknown) || unknown.hasPrefix(name)
            return (rank: isPart ? 0 : distance, distance: distance, name: name)
        }
        return ranks.min { $0 < $1 }?.name ?? ""
    }

    /// The Levenshtein distance of two names, in bytes.
    private static func distance(_ one: String, _ other: String) -> Int {
        var row = Array(0...other.utf8.count)
        for (index, byte) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, otherByte) in other.utf8.enumerated() {
                let replaced = diagonal + (byte == otherByte ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.utf8.count]
    }
}
