import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Shows what is new or newly read in a conversation, until it is cancelled or offline.
func poll(_ conversation: URL, as user: String, show: (Data) -> Void) async throws {
    var since: String?
    while true {
        let query = since.map { [URLQueryItem(name: "since", value: $0)] } ?? []
        var request = URLRequest(url: conversation.appending(queryItems: query))
        request.setValue(user, forHTTPHeaderField: "X-User-ID")
        let (body, response) = try await URLSession.shared.data(for: request)
        guard let http = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        if http.statusCode == 200 {
            show(body)
            since = http.value(forHTTPHeaderField: "X-Cursor")
        } else if http.statusCode == 410 {
            since = nil
        }
        let wait = http.value(forHTTPHeaderField: "Retry-After") ?? http.value(forHTTPHeaderField: "X-Poll-Interval")
        try await Task.sleep(for: .seconds(wait.flatMap(Int.init) ?? 10))
    }
}
