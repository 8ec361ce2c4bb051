import ArgumentParser

/// Who may open conversations.
enum OpeningRight: String, ExpressibleByArgument, CaseIterable {
    case anyone
    case `operator`
}
