import Glibc

/// What the system knows of this process (proc(5)); read anew each time, for a thread that may wait.
struct ProcessStatistics {
    /// Processor time used so far, in seconds.
    private(set) var processorSeconds = 0.0
    /// Memory that is really there, in bytes.
    private(set) var residentBytes = 0
    /// Address space, in bytes.
    private(set) var virtualBytes = 0
    /// Files and sockets that are open.
    private(set) var openDescriptors = 0
    /// How many could be.
    private(set) var mostDescriptors = 0
    /// When the process started, in seconds since 1970.
    private(set) var startTime = 0.0

    /// Reads the figures.
    init() {
        let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        // The name of the program, which comes first, may hold anything; the fields after it are numbers, from the third on.
        let status = Self.text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        func field(_ number: Int) -> Int { status.count > number - 3 ? Int(status[number - 3]) ?? 0 : 0 }
        processorSeconds = Double(field(14) + field(15)) / ticksPerSecond
        virtualBytes = field(23)
        residentBytes = field(24) * sysconf(Int32(_SC_PAGESIZE))
        startTime = Self.bootTime + Double(field(22)) / ticksPerSecond
        openDescriptors = Self.count("/proc/self/fd")
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            mostDescriptors = Int(clamping: limit.rlim_cur)
        }
    }

    private static var bootTime: Double {
        let line = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) } ?? 0
    }

    private static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &part, part.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += part.prefix(count)
        }
    }

    /// How many entries a folder has, without the descriptor that it is read by.
    private static func count(_ path: String) -> Int {
        guard let folder = opendir(path) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            // Of "." and ".." no file of this folder has the initial.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(0, count - 1)
    }
}
