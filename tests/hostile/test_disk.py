"""Disks that are full, refuse a sync, cannot be written to, or end in a torn record."""

import datetime
import errno
import os
import pathlib
import subprocess
import time
import unittest

from hostile import FAR_AHEAD, HostileTest, Refused, Server, ServerFailed, default_binary

SECOND = datetime.timedelta(seconds=1)


class DiskTest(HostileTest):
    def start_until_refused(self, starts_max=5_000, **more):
        """(accepted ARNs, what the first refusal said)."""
        accepted = []
        for _ in range(starts_max):
            try:
                accepted.append(self.start(FAR_AHEAD, **more))
            except Refused as refused:
                return accepted, refused
        self.fail(f"{starts_max} starts were accepted")

    def assert_all_there(self, executions, status="RUNNING"):
        for execution in executions:
            self.assertEqual(self.status(execution), status, execution)

    def health(self):
        return self.api.get("/health")[0]


class FullDisk(DiskTest):
    SIZE = 112 << 20

    def setUp(self):
        super().setUp()
        if not os.environ.get("ESC_HOSTILE_MOUNTS"):
            self.skipTest("needs the right to mount")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}", "tmpfs", self.data_dir], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.data_dir])

    def fill(self):
        ballast = pathlib.Path(self.data_dir) / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
        return ballast

    def test_callers_are_refused_and_work_goes_on_when_there_is_room(self):
        self.start_server()
        before = [self.start(FAR_AHEAD) for _ in range(20)]
        waiting = [self.start(datetime.timedelta(seconds=4)) for _ in range(20)]
        ballast = self.fill()
        accepted, refused = self.start_until_refused(pad=100_000)
        self.assertEqual((refused.status, refused.code), (503, "ServiceUnavailable"), str(refused))
        self.assert_all_there(before + accepted)
        time.sleep(4.5)
        for execution in waiting:
            self.assertIn(self.status(execution), ("RUNNING", "SUCCEEDED"))
        ballast.unlink()
        self.await_end(waiting)
        after = []
        self.await_true(lambda: self.started(after), "a start is accepted again")
        self.assert_all_there(before + accepted + after)
        self.restart()
        self.assert_all_there(before + accepted + after)
        self.assert_all_there(waiting, "SUCCEEDED")

    def started(self, into):
        try:
            into.append(self.start(FAR_AHEAD))
            return True
        except Refused:
            return False


class ReadOnlyDisk(DiskTest):
    server_should_live = False

    def setUp(self):
        super().setUp()
        if not os.environ.get("ESC_HOSTILE_MOUNTS"):
            self.skipTest("needs the right to mount")

    def test_a_server_does_not_start_and_says_why(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", self.data_dir], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.data_dir])
        with self.assertRaises(ServerFailed) as failed:
            self.start_server()
        self.assertIn("Read-only file system", str(failed.exception))
        self.assertIn(self.data_dir, str(failed.exception))


class ForbiddenDisk(DiskTest):
    server_should_live = False

    def test_a_server_without_the_right_to_write_does_not_start_and_says_why(self):
        database = pathlib.Path(self.data_dir) / "db"
        database.mkdir()
        binary = default_binary()
        if os.geteuid() == 0:  # to whom nothing is forbidden
            binary = pathlib.Path(self.folder) / "as-nobody"
            binary.write_text(f'#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups {default_binary()} "$@"\n')
            binary.chmod(0o755)
            os.chmod(self.folder, 0o755)
            for folder in (self.data_dir, database):
                os.chown(folder, 65534, 65534)
        database.chmod(0o555)
        self.addCleanup(database.chmod, 0o755)
        with self.assertRaises(ServerFailed) as failed:
            Server(binary=binary, data_dir=self.data_dir).start()
        self.assertIn("Permission denied", str(failed.exception))
        self.assertIn(str(database), str(failed.exception))
        self.assertEqual(os.listdir(database), [])


class FailingDisk(DiskTest):
    """The writer stops for good: what it does not know to be on disk it must not build upon."""

    def check_stopped_and_healed(self, refused):
        self.assertEqual((refused.status, refused.code), (503, "ServiceUnavailable"), str(refused))
        self.assertNotIn(self.data_dir, str(refused))
        self.assertEqual(self.health(), 503)
        self.assert_refused(refused.code, self.start, FAR_AHEAD)

    def test_a_refused_sync_stops_the_writer_until_a_restart(self):
        self.start_server(faulty=True)
        accepted = [self.start(FAR_AHEAD) for _ in range(20)]
        due = [self.start(2 * SECOND) for _ in range(20)]
        self.assertEqual(self.health(), 200)
        self.faults.sync_errno = errno.EIO
        more, refused = self.start_until_refused()
        self.assertEqual(more, [])
        self.faults.sync_errno = 0
        self.check_stopped_and_healed(refused)
        time.sleep(2.5)
        self.assert_all_there(accepted + due)
        self.assertEqual(self.faults.refused_syncs, 1)
        self.assertEqual(self.faults.syncs_after_refusal, 0, "a file whose sync failed is never synced again")
        self.restart()
        self.assertEqual(self.health(), 200)
        self.await_end(due)
        self.assert_all_there(accepted)
        self.assertEqual(self.status(self.start(FAR_AHEAD)), "RUNNING")

    def test_a_disk_that_becomes_read_only_stops_the_writer_until_a_restart(self):
        self.check_failing_writes(errno.EROFS)

    def test_a_disk_on_which_another_took_the_reserve_too_stops_the_writer_until_a_restart(self):
        self.check_failing_writes(errno.ENOSPC)

    def check_failing_writes(self, error):
        self.start_server(faulty=True)
        accepted = [self.start(FAR_AHEAD) for _ in range(20)]
        self.faults.write_errno = error
        more, refused = self.start_until_refused()
        self.assertEqual(more, [])
        self.check_stopped_and_healed(refused)
        self.assert_all_there(accepted)
        self.faults.write_errno = 0
        self.restart()
        self.assert_all_there(accepted)
        self.assertEqual(self.status(self.start(FAR_AHEAD)), "RUNNING")


class TornLog(DiskTest):
    def newest_log(self):
        return max(pathlib.Path(self.data_dir).rglob("[0-9]*.log"), key=lambda path: path.name)

    def written_bytes(self, log):
        """Without the zeros that the file is extended by in advance."""
        return len(log.read_bytes().rstrip(b"\0"))

    def crash_with_log(self, change):
        """Starts 50, crashes, changes the log, starts the server again. The ARNs of the 50."""
        self.start_server()
        accepted = [self.start(FAR_AHEAD) for _ in range(50)]
        self.api.close()
        self.server.kill()
        change(self.newest_log())
        self.server.start()
        return accepted

    def test_a_record_that_was_being_written_is_ignored(self):
        def append(log):
            content = log.read_bytes()[:self.written_bytes(log)]
            log.write_bytes(content + content[:10])  # its head, and the rest is missing
        self.assert_all_there(self.crash_with_log(append))

    def test_a_record_cut_off_costs_no_more_than_itself(self):
        def cut(log):
            with open(log, "r+b") as file:
                file.truncate(self.written_bytes(log) - 5)
        self.check_last_is_lost(cut)

    def test_a_record_with_a_wrong_byte_costs_no_more_than_itself(self):
        def flip(log):
            at = self.written_bytes(log) - 5
            with open(log, "r+b") as file:
                file.seek(at)
                wrong = bytes([file.read(1)[0] ^ 0xff])
                file.seek(at)
                file.write(wrong)
        self.check_last_is_lost(flip)

    def check_last_is_lost(self, change):
        """The last record is damaged as no crash can, after its sync; all before it must be there."""
        accepted = self.crash_with_log(change)
        self.assert_all_there(accepted[:-1])
        self.assert_refused("ExecutionDoesNotExist", self.status, accepted[-1])
        self.assertEqual(self.status(self.start(FAR_AHEAD)), "RUNNING")


if __name__ == "__main__":
    unittest.main()
