import Glibc

/// The space of the file system that a file is in (statvfs(3)).
struct DiskSpace {
    /// The size of the file system, in bytes.
    private(set) var total = 0
    /// What this user may still write, in bytes.
    private(set) var available = 0

    /// Both are 0 where the file system does not say.
    init(of path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return }
        let block = Int(clamping: status.f_frsize)
        total = Int(clamping: status.f_blocks).multipliedReportingOverflow(by: block).partialValue
        available = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: block).partialValue
    }
}
