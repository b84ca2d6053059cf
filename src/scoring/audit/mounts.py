"""
On which kind of file system a path lies, and why nothing may be appended on some.

A log keeps other writers out with `flock` and promises what `fdatasync` promised; its vault is SQLite with a write-ahead log, whose readers and writers share
memory. Where several machines see one directory, a lock of one may be unknown to the others, they share no memory, and a sync may end at a cache. So such
file systems are refused, whatever their options: no option of ours could make that safe. Linux tells in ``/proc/self/mountinfo``; elsewhere nothing is
checked. Must not know what lies there.
"""

# ruff: noqa: PTH116 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os

__all__ = ["refusal"]

MOUNTINFO = "/proc/self/mountinfo"
_MOST = 8 * 1024 * 1024  # bytes of it that are read; a mount takes some hundred

# By type, as the kernel calls it; what runs in user space has `fuse.` before its name.
_KERNEL = (
    "9p,afs,beegfs,beegfs_nodev,ceph,cifs,coda,davfs,gfs,gfs2,glusterfs,gpfs,lustre,ncpfs,nfs,nfs4,ocfs2,orangefs,panfs,prl_fs,pvfs2,smb2,smb3,smbfs,vboxsf,"
    "virtiofs,vmhgfs,wekafs"
)
_FUSE = (
    "afs,beegfs,blobfuse,blobfuse2,ceph,ceph-fuse,cephfs,cvmfs2,davfs,davfs2,gcsfuse,glusterfs,goofys,grpcfuse,juicefs,mfs,moosefs,mount-s3,mountpoint-s3,"
    "osxfs,rclone,s3fs,s3ql,seaweedfs,smbnetfs,sshfs,virtiofs,vmhgfs-fuse,weed"
)
_SHARED = frozenset([*_KERNEL.split(","), *(f"fuse.{name}" for name in _FUSE.split(","))])


def refusal(path: str, mountinfo: bytes | None = None) -> str:
    """
    Say why nothing may be appended under *path*, or the empty string.

    Args:
        path: A file or directory, or where one is to be.
        mountinfo: What the kernel's table says, as in proc(5); by default that of this process. Where there is none, nothing is refused.
    """
    if mountinfo is None:
        try:
            with open(MOUNTINFO, "rb") as file:  # noqa: PTH123
                mountinfo = file.read(_MOST)
        except OSError:
            return ""
    place = os.path.realpath(path)
    while not os.path.exists(place) and place != os.path.dirname(place):  # noqa: PTH110, PTH120
        place = os.path.dirname(place)  # noqa: PTH120
    try:
        device = os.stat(place).st_dev
    except OSError:
        return ""
    kind = _kind_of(os.fsencode(place), device, mountinfo)
    if kind not in _SHARED:
        return ""
    return (
        f"{place} lies on a file system that other machines may write to ({kind}): a lock does not keep them out for sure, nor does a sync reach a disk for "
        "sure, so nothing is appended there. Put the log and its vault on a disk of this machine; reading and verifying work here"
    )


def _kind_of(place: bytes, device: int, mountinfo: bytes) -> str:
    """The type of the file system with this device; where none bears its number (a volume within a volume), of the innermost mount above the place."""
    number = b"%d:%d" % (os.major(device), os.minor(device))
    kind, nearest = "", b""
    for line in mountinfo.split(b"\n"):
        before, _, after = line.partition(b" - ")
        fields, types = before.split(b" "), after.split(b" ")
        if len(fields) < 6 or not types[0]:
            continue
        if fields[2] == number:
            return types[0].decode("ascii", "replace")
        point = _unescaped(fields[4])
        if len(point) >= len(nearest) and (place == point or place.startswith(point.rstrip(b"/") + b"/")):
            kind, nearest = types[0].decode("ascii", "replace"), point
    return kind


def _unescaped(point: bytes) -> bytes:
    """A mount point as it is called: the kernel writes white space and backslashes as octal numbers."""
    for escape, plain in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        point = point.replace(escape, plain)
    return point
