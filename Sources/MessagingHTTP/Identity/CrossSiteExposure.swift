/// What a page of another site can do in a user's name by the user's browser, as far as the identity alone goes.
package enum CrossSiteExposure: Sendable {
    /// Nothing: only the app's own script can add what says who is asking, such as a bearer token.
    case nothing
    /// Write: a form needs no permission, and a cookie or an address that says who is asking goes with it.
    case writes
    /// Read and write: everybody is believed, so that any page can do so whose host name leads to this server (DNS rebinding).
    case everything
}
