import HTTP

/// The memory of the header fields of the request that a loop answered last, for those of the next one: an idle poll has little else that
/// would be allocated, and cleared as it is freed. Only the loop's thread uses it.
final class SpareFields {
    @exclusivity(unchecked) private var spare = RequestFields()

    /// No fields yet, in that memory where there is some.
    func take() -> RequestFields {
        var taken = RequestFields()
        swap(&taken, &spare)
        return taken
    }

    /// Keeps the memory of fields that nobody reads any more.
    func keep(_ fields: RequestFields) {
        spare = fields.emptied()
    }
}
