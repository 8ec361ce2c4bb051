# shellcheck shell=bash
# A real systemd in namespaces of its own: its processes, its mounts and its network are nobody else's.

# boot FOLDER: starts the system in that folder. Leaves MANAGER, its first process, and BOOTED, which ends it when it is killed.
boot() {
    local cgroups
    cgroups=$(findmnt --noheadings --output TARGET --types cgroup2 | head -n 1)
    [[ -n $cgroups ]] || fail 'no cgroup2 is mounted'
    CGROUP=$cgroups/postbox-test-$$
    mkdir "$CGROUP"
    # shellcheck disable=SC2016
    bash -c 'echo $$ >"$0/cgroup.procs" && exec unshare --pid --fork --kill-child --mount --uts --ipc --net --cgroup "$@"' "$CGROUP" \
        bash "$BATS_TEST_DIRNAME/systemd.bash" "$1" >"$BATS_FILE_TMPDIR/boot" 2>&1 </dev/null 3>&- &
    BOOTED=$!
    await managed
    await inside systemctl is-active --quiet basic.target
    nsenter --target "$MANAGER" --net ip link set lo up
}

managed() {
    MANAGER=$(pgrep --parent "$BOOTED") && [[ $(cat "/proc/$MANAGER/comm") == systemd ]]
}

# inside COMMAND…: in the system that was booted.
inside() {
    nsenter --target "$MANAGER" --all -- "$@"
}

# halt: ends the system at once, and all that ran in it.
halt() {
    kill -KILL "$BOOTED" 2>/dev/null || true
    wait "$BOOTED" 2>/dev/null || true
    empty() { find "$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null; }
    await empty
}

# What becomes systemd: as the first process in its namespaces, with nothing of the machine but its folder.
become_systemd() {
    local folder=$1 node
    cd "$folder"
    mount --make-rprivate /
    mount --bind . .
    cd "$folder"
    mount -t proc proc proc
    # Its settings are the whole machine's.
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs tmpfs sys/fs/cgroup
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm dev/mqueue dev/hugepages
    for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0' 'ptmx 5 2'; do
        # shellcheck disable=SC2086
        mknod -m 666 dev/${node%% *} c ${node#* }
    done
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mkdir -p old
    pivot_root . old
    umount -l /old
    exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    become_systemd "$@"
fi
