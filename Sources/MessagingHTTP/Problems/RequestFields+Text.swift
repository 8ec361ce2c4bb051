import HTTP

extension RequestFields {
    /// The value of a field that may come at most once, as text; nil where it does not come.
    ///
    /// - Throws: `malformed-request` where it comes twice or is not UTF-8.
    func onlyText(_ field: RequestField) throws(Problem) -> String? {
        guard let value = self[field] else { return nil }
        guard count(of: field) == 1 else { throw Problem(.malformedRequest, "\(field.name) is given twice.") }
        guard let text = String(ofUTF8: value) else {
            throw Problem(.malformedRequest, "\(field.name) is not UTF-8.")
        }
        return text
    }
}
