/// Lists in options and variables.
enum CommaSeparated {
    /// What stands between commas, without blanks around it; what is empty is left out.
    static func items(of list: String) -> [Substring] {
        list.split(separator: ",").compactMap { item in
            guard let first = item.firstIndex(where: { $0 != " " }), let last = item.lastIndex(where: { $0 != " " })
            else { return nil }
            return item[first...last]
        }
    }
}
